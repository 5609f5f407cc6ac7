"""What convolutions that differ in their arithmetic have in common: checks, padding, groups, bias and signals.

An implementation gives three maps of one group, without padding and without a bias. An image is cut to the pixels
that its windows read, so that H = (OH - 1) * stride + dilation * (KH - 1) + 1, and W alike:

- ``correlate(image, weight, step, spread)``: (N, C, H, W) and (F, C, KH, KW) give (N, F, OH, OW)
- ``scatter(slope, weight, step, spread)``: (N, F, OH, OW) and (F, C, KH, KW) give (N, C, H, W)
- ``weigh(image, slope, step, spread)``: (N, C, H, W) and (N, F, OH, OW) give (F, C, KH, KW)

Bad input is refused by ``refcnn``, which is asked for an empty batch: it refuses that for the same reasons, computes
nothing, and says which shape the output has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

import refcnn

Array: TypeAlias = npt.NDArray[Any]
Pair: TypeAlias = tuple[int, int]
Sides: TypeAlias = tuple[Pair, Pair]
Core: TypeAlias = Callable[[Array, Array, Pair, Pair], Array]
Total: TypeAlias = Callable[[Array], Array]
Function: TypeAlias = Callable[..., Any]


class Convolutions(NamedTuple):
    """The functions of the contract, in the order of its table."""

    conv1d: Function
    conv1d_backward: Function
    conv2d: Function
    conv2d_backward: Function
    conv_transpose2d: Function
    conv_transpose2d_backward: Function


def pair(value: Any) -> Pair:
    return (value[0], value[1]) if isinstance(value, tuple | list) else (value, value)


def sides(value: Any) -> Sides:
    vertical, horizontal = value if isinstance(value, tuple | list) else (value, value)
    return pair(vertical), pair(horizontal)


def windows(image: Array, kernel: Pair, step: Pair, spread: Pair) -> Array:
    """See (N, C, H, W) as (N, C, OH, OW, KH, KW), without a copy."""
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, spread, strict=True))
    view = np.lib.stride_tricks.sliding_window_view(image, reach, axis=(2, 3))
    return np.asarray(view[:, :, :: step[0], :: step[1], :: spread[0], :: spread[1]])


def outputs(image: Array, kernel: Pair, step: Pair, spread: Pair) -> Pair:
    """How many windows an image has, vertically and horizontally."""
    rows, columns = (
        (size - d * (k - 1) - 1) // s + 1 for size, k, s, d in zip(image.shape[2:], kernel, step, spread, strict=True)
    )
    return rows, columns


def kernel_of(image: Array, slope: Array, step: Pair, spread: Pair) -> Pair:
    """The kernel under which the windows of a cut image give this many outputs."""
    rows, columns = (
        (size - (out - 1) * s - 1) // d + 1
        for size, out, s, d in zip(image.shape[2:], slope.shape[2:], step, spread, strict=True)
    )
    return rows, columns


def cell(place: Pair, out: Pair, step: Pair, spread: Pair) -> tuple[Any, ...]:
    """Index the pixels that all windows have at one place of the kernel."""
    first = place[0] * spread[0], place[1] * spread[1]
    return (
        ...,
        slice(first[0], first[0] + (out[0] - 1) * step[0] + 1, step[0]),
        slice(first[1], first[1] + (out[1] - 1) * step[1] + 1, step[1]),
    )


def spanned(out: Pair, kernel: Pair, step: Pair, spread: Pair) -> Pair:
    """The size of the image that this many windows read."""
    height, width = ((n - 1) * s + d * (k - 1) + 1 for n, k, s, d in zip(out, kernel, step, spread, strict=True))
    return height, width


def add_at(array: Array, where: Any, values: Array) -> None:
    """Add unbuffered; the stub of ``numpy.add.at`` knows no tuple that holds slices."""
    np.add.at(array, where, values)


def plain_total(slope: Array) -> Array:
    return np.asarray(slope.sum(axis=(0, 2, 3)))


def convolutions(correlate: Core, scatter: Core, weigh: Core, total: Total = plain_total) -> Convolutions:
    """Make the functions of the contract out of maps of one group."""
    made = _Convolver(correlate, scatter, weigh, total)
    return Convolutions(*(getattr(made, name) for name in Convolutions._fields))


@dataclass(frozen=True)
class _Convolver:
    """The functions of the contract as methods."""

    correlate: Core
    scatter: Core
    weigh: Core
    total: Total

    def conv2d(self, x: Array, weight: Array, bias: Array | None = None, **how: Any) -> Array:
        shape = refcnn.conv2d(x[:0], weight, bias, **how).shape
        step, pads, spread, groups = _spelt_out(**how)
        cut = _cut(x, pads, spanned(pair(shape[2:]), pair(weight.shape[2:]), step, spread))
        return _with_bias(self._read(cut, weight, step, spread, groups), bias)

    def conv2d_backward(self, grad_output: Array, x: Array, weight: Array, **how: Any) -> tuple[Array, Array, Array]:
        _same_batch(grad_output, x)
        refcnn.conv2d_backward(grad_output[:0], x[:0], weight, **how)
        step, pads, spread, groups = _spelt_out(**how)
        cut = _cut(x, pads, spanned(pair(grad_output.shape[2:]), pair(weight.shape[2:]), step, spread))
        grad_x = _uncut(self._written(grad_output, weight, step, spread, groups), pads, pair(x.shape[2:]))
        return grad_x, self._weighed(cut, grad_output, step, spread, groups), self.total(grad_output)

    def conv_transpose2d(self, x: Array, weight: Array, bias: Array | None = None, **how: Any) -> Array:
        shape = refcnn.conv_transpose2d(x[:0], weight, bias, **how).shape
        step, pads, spread, groups = _spelt_out(**how)
        return _with_bias(_uncut(self._written(x, weight, step, spread, groups), pads, pair(shape[2:])), bias)

    def conv_transpose2d_backward(
        self, grad_output: Array, x: Array, weight: Array, **how: Any
    ) -> tuple[Array, Array, Array]:
        _same_batch(grad_output, x)
        refcnn.conv_transpose2d_backward(grad_output[:0], x[:0], weight, **how)
        step, pads, spread, groups = _spelt_out(**how)
        cut = _cut(grad_output, pads, spanned(pair(x.shape[2:]), pair(weight.shape[2:]), step, spread))
        grad_x = self._read(cut, weight, step, spread, groups)
        return grad_x, self._weighed(cut, x, step, spread, groups), self.total(grad_output)

    def conv1d(self, x: Array, weight: Array, bias: Array | None = None, **how: Any) -> Array:
        refcnn.conv1d(x[:0], weight, bias, **how)
        return np.asarray(self.conv2d(x[:, :, None], weight[:, :, None], bias, **_lying(**how))[:, :, 0])

    def conv1d_backward(self, grad_output: Array, x: Array, weight: Array, **how: Any) -> tuple[Array, Array, Array]:
        _same_batch(grad_output, x)
        refcnn.conv1d_backward(grad_output[:0], x[:0], weight, **how)
        raised = (array[:, :, None] for array in (grad_output, x, weight))
        grad_x, grad_weight, grad_bias = self.conv2d_backward(*raised, **_lying(**how))
        return grad_x[:, :, 0], grad_weight[:, :, 0], grad_bias

    def _read(self, image: Array, weight: Array, step: Pair, spread: Pair, groups: int) -> Array:
        parts = zip(np.split(image, groups, axis=1), np.split(weight, groups), strict=True)
        return np.concatenate([self.correlate(part, kernels, step, spread) for part, kernels in parts], axis=1)

    def _written(self, slope: Array, weight: Array, step: Pair, spread: Pair, groups: int) -> Array:
        parts = zip(np.split(slope, groups, axis=1), np.split(weight, groups), strict=True)
        return np.concatenate([self.scatter(part, kernels, step, spread) for part, kernels in parts], axis=1)

    def _weighed(self, image: Array, slope: Array, step: Pair, spread: Pair, groups: int) -> Array:
        parts = zip(np.split(image, groups, axis=1), np.split(slope, groups, axis=1), strict=True)
        return np.concatenate([self.weigh(part, slopes, step, spread) for part, slopes in parts])


def _spelt_out(
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1, output_padding: Any = 0
) -> tuple[Pair, Sides, Pair, int]:
    """Return step, sides, spread and groups; ``output_padding`` shows in the shape of the output alone."""
    del output_padding
    return pair(stride), sides(padding), pair(dilation), groups


def _lying(stride: int = 1, padding: Any = 0, dilation: int = 1, groups: int = 1) -> dict[str, Any]:
    """Return the attributes of a signal's convolution for an image of height 1."""
    return {"stride": (1, stride), "padding": (0, padding), "dilation": (1, dilation), "groups": groups}


def _same_batch(grad_output: Array, x: Array) -> None:
    if len(grad_output) != len(x):
        raise ValueError(f"grad_output must be of {len(x)} samples as x is, got shape {grad_output.shape}")


def _with_bias(y: Array, bias: Array | None) -> Array:
    return y if bias is None else np.asarray(y + bias.reshape(-1, 1, 1))


def _cut(x: Array, pads: Sides, size: Pair) -> Array:
    """Pad an image and leave out what no window reads."""
    return np.pad(x, ((0, 0), (0, 0), *pads))[:, :, : size[0], : size[1]]


def _uncut(image: Array, pads: Sides, size: Pair) -> Array:
    """Undo ``_cut``: zeros where no window reads, and no padding."""
    (top, _), (left, _) = pads
    missing = (max(0, top + size[0] - image.shape[2]), max(0, left + size[1] - image.shape[3]))
    whole = np.pad(image, ((0, 0), (0, 0), (0, missing[0]), (0, missing[1])))
    return whole[:, :, top : top + size[0], left : left + size[1]].copy()
