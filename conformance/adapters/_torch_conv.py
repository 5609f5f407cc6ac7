"""Convolutions on PyTorch's kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy.typing as npt
from torch import Tensor
from torch.nn import functional

from conformance.adapters._arguments import Array
from conformance.adapters._torch_bridge import array, gradients, last_axis_first, tensors
from conformance.adapters._windows import Walk, convolution, transposed

_KERNELS: dict[int, Callable[..., Tensor]] = {1: functional.conv1d, 2: functional.conv2d}


def _forward(how: Walk) -> Callable[..., Tensor]:
    """Bind a convolution's attributes."""
    kernel = _KERNELS[len(how.image)]

    def forward(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if how.symmetric:
            return kernel(x, weight, bias, how.stride, how.befores, how.dilation, how.groups)
        # PyTorch's kernels pad both sides alike
        padded = functional.pad(x, last_axis_first(how.padding))
        return kernel(padded, weight, bias, how.stride, 0, how.dilation, how.groups)

    return forward


def _conv(operator: str, x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None, **how: object) -> Array:
    image, kernels, *vectors = tensors(operator, x=x, weight=weight, bias=bias)
    forward = _forward(convolution(operator, image, kernels, *vectors, **how))
    return array(forward(image, kernels, *vectors))


def _conv_backward(
    operator: str, grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike, **how: object
) -> tuple[Array, ...]:
    image, kernels = tensors(operator, x=x, weight=weight)
    forward = _forward(convolution(operator, image, kernels, **how))
    return gradients(operator, forward, (image, kernels, image.new_zeros(kernels.shape[0])), grad_output)


def conv1d(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> Array:
    """functional.conv1d."""
    return _conv("conv1d", x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def conv1d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
) -> tuple[Array, ...]:
    """functional.conv1d by autograd."""
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _conv_backward("conv1d_backward", grad_output, x, weight, **how)


def conv2d(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> Array:
    """functional.conv2d."""
    return _conv("conv2d", x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def conv2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
) -> tuple[Array, ...]:
    """functional.conv2d by autograd."""
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _conv_backward("conv2d_backward", grad_output, x, weight, **how)


def _transposed(how: Walk, extra: tuple[int, ...]) -> Callable[..., Tensor]:
    """Bind a transposed convolution's attributes."""

    def forward(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if how.symmetric:
            return functional.conv_transpose2d(
                x, weight, bias, how.stride, how.befores, extra, how.groups, how.dilation
            )
        full = functional.conv_transpose2d(x, weight, bias, how.stride, 0, extra, how.groups, how.dilation)
        (top, left), (height, width) = how.befores, how.output
        return full[:, :, top : top + height, left : left + width]

    return forward


def conv_transpose2d(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: object = 1,
    padding: object = 0,
    output_padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> Array:
    """functional.conv_transpose2d; unequal sides are cropped from its unpadded result."""
    image, kernels, *vectors = tensors("conv_transpose2d", x=x, weight=weight, bias=bias)
    how, extra = transposed(
        "conv_transpose2d",
        image,
        kernels,
        *vectors,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    return array(_transposed(how, extra)(image, kernels, *vectors))


def conv_transpose2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: object,
    padding: object,
    output_padding: object,
    dilation: object,
    groups: object,
) -> tuple[Array, ...]:
    """functional.conv_transpose2d by autograd."""
    operator = "conv_transpose2d_backward"
    image, kernels = tensors(operator, x=x, weight=weight)
    how, extra = transposed(
        operator,
        image,
        kernels,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    bias = image.new_zeros(kernels.shape[1] * how.groups)
    return gradients(operator, _transposed(how, extra), (image, kernels, bias), grad_output)
