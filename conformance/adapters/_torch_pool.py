"""Pooling on PyTorch's kernels, and what has to be put around them."""

from __future__ import annotations

from collections.abc import Callable

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from conformance.adapters._arguments import Array, rank, shape
from conformance.adapters._torch_bridge import array, gradients, last_axis_first, tensors
from conformance.adapters._windows import Walk, pooling


def _max(x: Tensor, how: Walk, ceil_mode: bool) -> Tensor:
    padded = any(before or after for before, after in how.padding)
    undilated = max(how.dilation) == 1
    if not padded or (undilated and how.symmetric):
        return functional.max_pool2d(x, how.kernel, how.stride, how.befores, how.dilation, ceil_mode)
    # PyTorch pads both sides alike, and of a dilated window that lies in the padding it reports an index that
    # may lie outside the image. So the image is extended until every window ends in it: the kernel then pads
    # no more than top and left, such an index falls on an extension, and surplus windows are cut off.
    height, width = [max(0, end) for end in how.ends]
    extended = functional.pad(x, [0, width, 0, height], value=-torch.inf)
    pooled = functional.max_pool2d(extended, how.kernel, how.stride, how.befores, how.dilation)
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
    (image,) = tensors("max_pool2d", x=x)
    how = pooling(
        "max_pool2d",
        image,
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    return array(_max(image, how, ceil_mode))


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
    how = pooling(
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
        return gradients(operator, lambda image: _max(image, how, ceil_mode), (source,), array(values))[0]

    if not image.isnan().any():
        return routed(image, cotangent)
    # PyTorch sends the gradient of a window to its last NaN, the contract to the first; that one is the first
    # maximum of the marks that stand where the NaNs are.
    marks = image.isnan().to(image.dtype)
    with_nan = _max(marks, how, ceil_mode) == 1
    zero = torch.zeros_like(cotangent)
    return routed(image, torch.where(with_nan, zero, cotangent)) + routed(marks, torch.where(with_nan, cotangent, zero))


def _mean(how: Walk, ceil_mode: bool, count_include_pad: bool) -> Callable[[Tensor], Tensor]:
    """Average by functional.avg_pool2d; unequal sides make it a sum of a padded image, over that of ones."""

    def forward(x: Tensor) -> Tensor:
        if how.symmetric:
            return functional.avg_pool2d(x, how.kernel, how.stride, how.befores, ceil_mode, count_include_pad)
        pads = last_axis_first(how.padding)
        counted = functional.pad(torch.ones_like(x[:1, :1]), pads, value=float(count_include_pad))
        return total(functional.pad(x, pads)) / total(counted)

    def total(padded: Tensor) -> Tensor:
        # what reaches beyond the image may still lie in the padding, which is there already
        height, width = [max(0, end - after) for end, (_, after) in zip(how.ends, how.padding, strict=True)]
        beyond = [0, width, 0, height]
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
    (image,) = tensors("avg_pool2d", x=x)
    how = pooling("avg_pool2d", image, kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode)
    return array(_mean(how, ceil_mode, count_include_pad)(image))


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
    (image,) = tensors(operator, x=x)
    how = pooling(operator, image, kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode)
    return gradients(operator, _mean(how, ceil_mode, count_include_pad), (image,), grad_output)[0]


def _global(x: Tensor) -> Tensor:
    return functional.adaptive_avg_pool2d(x, 1)


def global_avg_pool2d(x: npt.ArrayLike) -> Array:
    """functional.adaptive_avg_pool2d to one pixel."""
    (image,) = tensors("global_avg_pool2d", x=x)
    rank("global_avg_pool2d", "x", image, 4)
    return array(_global(image))


def global_avg_pool2d_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """functional.adaptive_avg_pool2d by autograd."""
    (image,) = tensors("global_avg_pool2d_backward", x=x)
    rank("global_avg_pool2d_backward", "x", image, 4)
    return gradients("global_avg_pool2d_backward", _global, (image,), grad_output)[0]
