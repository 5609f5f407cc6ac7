"""Which pixel a kernel cell meets: sizes and index arithmetic, from the definitions.

Everything rests on one relation along each axis. Output ``o`` and kernel cell ``k`` meet the image at pixel
``i = o * stride + k * dilation - before``, where ``before`` is the padding in front. A convolution and a pool
read there, their adjoints write there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]
Array = NDArray[Any]

# The windows of one image then take 2 GiB in float64. A hand-written case may ask for more, and an array of zeros that
# no memory can hold is granted until it is written to.
_MOST_CELLS = 2**28


class IllegalProblemError(ValueError):
    """A problem without an answer: the contract wants it refused."""


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a sliding window."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    outputs: int

    @property
    def cells(self) -> int:
        """How many pairs of an output and a kernel cell there are."""
        return self.outputs * self.kernel

    @cached_property
    def pixels(self) -> NDArray[np.int64]:
        """The pixel under each (output, kernel cell); it may lie outside the image."""
        output = np.arange(self.outputs)[:, None]
        cell = np.arange(self.kernel)[None, :]
        return output * self.stride + cell * self.dilation - self.before

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Which of ``pixels`` lie inside the image."""
        return (self.pixels >= 0) & (self.pixels < self.size)

    @cached_property
    def meetings(self) -> list[tuple[slice, slice]]:
        """For each kernel cell the outputs that meet it inside the image, and the pixels where they do."""
        found = []
        for k in range(self.kernel):
            # 0 <= output * stride + under_first < size holds for a run of outputs.
            under_first = k * self.dilation - self.before
            first = max(0, -(under_first // self.stride))
            end = max(first, min(self.outputs, (self.size - 1 - under_first) // self.stride + 1))
            pixel = first * self.stride + under_first
            found.append((slice(first, end), slice(pixel, pixel + (end - first) * self.stride, self.stride)))
        return found

    @cached_property
    def inside_padded(self) -> NDArray[np.bool_]:
        """Which of ``pixels`` lie inside the image with its padding."""
        return self.pixels < self.size + self.after


def pair(value: int | Pair) -> Pair:
    """Read an int as the same for both axes."""
    return (value, value) if isinstance(value, int) else value


def sides(padding: Any) -> tuple[Pair, Pair]:
    """Read a padding as ((top, bottom), (left, right))."""
    vertical, horizontal = pair(padding)
    return pair(vertical), pair(horizontal)


def sliding_axes(sizes: Pair, kernel: Pair, attributes: dict[str, Any], *, pooling: bool = False) -> list[Axis]:
    """Return the axes of a convolution or a pool."""
    stride = attributes["stride"]
    strides = kernel if stride is None else pair(stride)
    dilations = pair(attributes.get("dilation", 1))
    axes = []
    for size, cells, step, dilation, (before, after) in zip(
        sizes, kernel, strides, dilations, sides(attributes["padding"]), strict=True
    ):
        _require(min(cells, step, dilation) >= 1 and min(before, after) >= 0, "a count below its least value")
        _require(not pooling or max(before, after) <= cells // 2, "padding above half the kernel")
        span = size + before + after - dilation * (cells - 1) - 1
        _require(span >= 0, "a kernel that does not fit the padded image")
        outputs = span // step + 1
        if attributes.get("ceil_mode", False):
            outputs = -(-span // step) + 1
            if (outputs - 1) * step >= size + before:
                outputs -= 1
        axes.append(Axis(size, cells, step, dilation, before, after, outputs))
    return _of_a_size_to_hold(axes)


def transposed_axes(sizes: Pair, kernel: Pair, attributes: dict[str, Any]) -> list[Axis]:
    """Return the axes of the convolution whose adjoint a transposed convolution is: its output is our input."""
    axes = []
    for size, cells, step, dilation, (before, after), extra in zip(
        sizes,
        kernel,
        pair(attributes["stride"]),
        pair(attributes["dilation"]),
        sides(attributes["padding"]),
        pair(attributes["output_padding"]),
        strict=True,
    ):
        _require(min(cells, step, dilation) >= 1 and min(before, after) >= 0, "a count below its least value")
        _require(0 <= extra < max(step, dilation), "output_padding of max(stride, dilation) or more")
        outputs = (size - 1) * step - before - after + dilation * (cells - 1) + extra + 1
        _require(outputs >= 1, "a convolution without output")
        axes.append(Axis(outputs, cells, step, dilation, before, after, size))
    return _of_a_size_to_hold(axes)


def _of_a_size_to_hold(axes: list[Axis]) -> list[Axis]:
    """Return the axes, unless an image under their windows, or the windows, are too many numbers to work with."""
    pixels, cells = prod(axis.size for axis in axes), prod(axis.cells for axis in axes)
    if max(pixels, cells) > _MOST_CELLS:
        raise MemoryError(f"its windows would have {cells:,} cells on {pixels:,} pixels, above {_MOST_CELLS:,}")
    return axes


def windows(image: Array, axes: list[Axis], outside: float = 0.0) -> Array:
    """Read (..., H, W) under every kernel cell: (..., OH, KH, OW, KW), ``outside`` where there is no pixel."""
    vertical, horizontal = axes
    cells = (vertical.outputs, vertical.kernel, horizontal.outputs, horizontal.kernel)
    read = np.full((*image.shape[:-2], *cells), outside, image.dtype)
    for k, (o, rows) in enumerate(vertical.meetings):
        for q, (p, columns) in enumerate(horizontal.meetings):
            read[..., o, k, p, q] = image[..., rows, columns]
    return read


def add_windows(cells: Array, axes: list[Axis]) -> Array:
    """Add (..., OH, KH, OW, KW) onto the pixels they were read from: (..., H, W), the adjoint of ``windows``."""
    vertical, horizontal = axes
    image = np.zeros((*cells.shape[:-4], vertical.size, horizontal.size), cells.dtype)
    # Different outputs meet a kernel cell at different pixels, so that within one cell nothing is added twice.
    for k, (o, rows) in enumerate(vertical.meetings):
        for q, (p, columns) in enumerate(horizontal.meetings):
            image[..., rows, columns] += cells[..., o, k, p, q]
    return image


def window_mask(axes: list[Axis]) -> NDArray[np.bool_]:
    """Return which cells of the windows lie inside the image: (OH, KH, OW, KW)."""
    vertical, horizontal = axes
    return vertical.inside[:, :, None, None] & horizontal.inside[None, None, :, :]


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise IllegalProblemError(problem)
