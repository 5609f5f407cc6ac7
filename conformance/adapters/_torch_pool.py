"""Pooling on PyTorch's kernels, and what has to be put around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from conformance.adapters._torch_bridge import (
    Array,
    Sides,
    array,
    befores,
    gradients,
    last_axis_first,
    per_axis,
    rank,
    require,
    shape,
    sides,
    symmetric,
    tensor,
    tensors,
)


class _Pooling(NamedTuple):
    """The attributes of a pooling, checked and spelled out."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Sides
    dilation: tuple[int, ...]
    ceil_mode: bool
    image: tuple[int, ...]
    output: tuple[int, ...]

    def overhang(self, start: list[int]) -> list[int]:
        """How far the last windows reach beyond an image that begins at `start` and ends with the image."""
        return [
            max(0, (o - 1) * s + d * (k - 1) + 1 - before - n)
            for o, s, d, k, before, n in zip(
                self.output, self.stride, self.dilation, self.kernel, start, self.image, strict=True
            )
        ]


def _pooling(
    operator: str,
    x: Tensor,
    kernel_size: object,
    *,
    stride: object,
    padding: object,
    ceil_mode: bool,
    dilation: object = 1,
) -> _Pooling:
    rank(operator, "x", x, 4)
    kernel = per_axis(operator, "kernel_size", kernel_size, 2, 1)
    steps = kernel if stride is None else per_axis(operator, "stride", stride, 2, 1)
    pads = sides(operator, padding, 2)
    spread = per_axis(operator, "dilation", dilation, 2, 1)
    image = tuple(x.shape[2:])
    output = []
    for n, k, s, (before, after), d in zip(image, kernel, steps, pads, spread, strict=True):
        require(2 * max(before, after) <= k, operator, "padding", f"at most half of kernel_size {k}", padding)
        room, extent = n + before + after, d * (k - 1) + 1
        require(
            extent <= room,
            operator,
            "kernel_size",
            f"within the padded image of {room}",
            f"{extent} (dilated)",
        )
        last = (room - extent + s - 1) // s if ceil_mode else (room - extent) // s
        if ceil_mode and last * s >= n + before:
            last -= 1
        output.append(last + 1)
    return _Pooling(kernel, steps, pads, spread, ceil_mode, image, tuple(output))


def _max(x: Tensor, how: _Pooling) -> Tensor:
    padded = any(before or after for before, after in how.padding)
    undilated = max(how.dilation) == 1
    if not padded or (undilated and symmetric(how.padding)):
        return functional.max_pool2d(x, how.kernel, how.stride, befores(how.padding), how.dilation, how.ceil_mode)
    # PyTorch pads both sides alike, and of a dilated window that lies in the padding it reports an index that
    # may lie outside the image. So the image is extended until every window ends in it: the kernel then pads
    # no more than top and left, such an index falls on an extension, and surplus windows are cut off.
    height, width = how.overhang(befores(how.padding))
    extended = functional.pad(x, [0, width, 0, height], value=-torch.inf)
    pooled = functional.max_pool2d(extended, how.kernel, how.stride, befores(how.padding), how.dilation)
    return pooled[:, :, : how.output[0], : how.output[1]]


def max_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    dilation: object = 1,
    ceil_mode: bool = False,
) -> Array:
    """functional.max_pool2d."""
    image = tensor("max_pool2d", "x", x)
    how = _pooling(
        "max_pool2d",
        image,
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    return array(_max(image, how))


def max_pool2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object,
    padding: object,
    dilation: object,
    ceil_mode: bool,
) -> Array:
    """functional.max_pool2d by autograd; windows with a NaN are routed by a pooling of their own."""
    operator = "max_pool2d_backward"
    image, cotangent = tensors(operator, x=x, grad_output=grad_output)
    how = _pooling(
        operator,
        image,
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    shape(operator, "grad_output", cotangent, (*image.shape[:2], *how.output))

    def routed(source: Tensor, values: Tensor) -> Array:
        return gradients(operator, lambda image: _max(image, how), (source,), array(values))[0]

    if not image.isnan().any():
        return routed(image, cotangent)
    # PyTorch sends the gradient of a window to its last NaN, the contract to the first; that one is the first
    # maximum of the marks that stand where the NaNs are.
    marks = image.isnan().to(image.dtype)
    with_nan = _max(marks, how) == 1
    zero = torch.zeros_like(cotangent)
    return routed(image, torch.where(with_nan, zero, cotangent)) + routed(marks, torch.where(with_nan, cotangent, zero))


def _mean(how: _Pooling, count_include_pad: bool) -> Callable[[Tensor], Tensor]:
    """Average by functional.avg_pool2d; unequal sides make it a sum of a padded image, over that of ones."""

    def forward(x: Tensor) -> Tensor:
        if symmetric(how.padding):
            pads = befores(how.padding)
            return functional.avg_pool2d(x, how.kernel, how.stride, pads, how.ceil_mode, count_include_pad)
        pads = last_axis_first(how.padding)
        counted = functional.pad(torch.ones_like(x[:1, :1]), pads, value=float(count_include_pad))
        return total(functional.pad(x, pads)) / total(counted)

    def total(padded: Tensor) -> Tensor:
        height, width = how.overhang(befores(how.padding))
        (_, bottom), (_, right) = how.padding
        # what overhangs the image may still lie in the padding, which is there already
        beyond = [0, max(0, width - right), 0, max(0, height - bottom)]
        sums = functional.avg_pool2d(functional.pad(padded, beyond), how.kernel, how.stride, divisor_override=1)
        return sums[:, :, : how.output[0], : how.output[1]]

    return forward


def avg_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """functional.avg_pool2d."""
    image = tensor("avg_pool2d", "x", x)
    how = _pooling("avg_pool2d", image, kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode)
    return array(_mean(how, count_include_pad)(image))


def avg_pool2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object,
    padding: object,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Array:
    """functional.avg_pool2d by autograd."""
    operator = "avg_pool2d_backward"
    image = tensor(operator, "x", x)
    how = _pooling(operator, image, kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode)
    return gradients(operator, _mean(how, count_include_pad), (image,), grad_output)[0]


def _global(x: Tensor) -> Tensor:
    return functional.adaptive_avg_pool2d(x, 1)


def global_avg_pool2d(x: npt.ArrayLike) -> Array:
    """functional.adaptive_avg_pool2d to one pixel."""
    image = tensor("global_avg_pool2d", "x", x)
    rank("global_avg_pool2d", "x", image, 4)
    return array(_global(image))


def global_avg_pool2d_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """functional.adaptive_avg_pool2d by autograd."""
    image = tensor("global_avg_pool2d_backward", "x", x)
    rank("global_avg_pool2d_backward", "x", image, 4)
    return gradients("global_avg_pool2d_backward", _global, (image,), grad_output)[0]
