"""Convolutions on PyTorch's kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from conformance.adapters._torch_bridge import (
    Array,
    array,
    befores,
    gradients,
    integer,
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
from conformance.adapters._torch_columns import positions

_KERNELS: dict[int, Callable[..., Tensor]] = {1: functional.conv1d, 2: functional.conv2d}


def _correlation(
    operator: str,
    axes: int,
    x: Tensor,
    weight: Tensor,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
) -> Callable[[Tensor, Tensor, Tensor | None], Tensor]:
    """Check a convolution and bind its attributes."""
    rank(operator, "x", x, axes + 2)
    rank(operator, "weight", weight, axes + 2)
    steps = per_axis(operator, "stride", stride, axes, 1)
    pads = sides(operator, padding, axes)
    spread = per_axis(operator, "dilation", dilation, axes, 1)
    parts = integer(operator, "groups", groups, 1)
    require(min(weight.shape[2:]) >= 1, operator, "kernel_size", "at least 1", tuple(weight.shape[2:]))
    C, F_ = x.shape[1], weight.shape[0]
    require(C % parts == 0 and F_ % parts == 0, operator, "groups", f"a divisor of {C} and {F_}", parts)
    shape(operator, "weight", weight, (F_, C // parts, *weight.shape[2:]))
    positions(operator, x.shape[2:], weight.shape[2:], steps, pads, spread)

    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if symmetric(pads):
            return _KERNELS[axes](x, weight, bias, steps, befores(pads), spread, parts)
        return _KERNELS[axes](functional.pad(x, last_axis_first(pads)), weight, bias, steps, 0, spread, parts)

    return forward


def _bias(operator: str, bias: npt.ArrayLike | None, like: Tensor, filters: int) -> Tensor | None:
    if bias is None:
        return None
    vector = tensor(operator, "bias", bias)
    shape(operator, "bias", vector, (filters,))
    if vector.dtype != like.dtype:
        raise TypeError(f"{operator}: bias must be of dtype {like.dtype}, got {vector.dtype}")
    return vector


def _conv(axes: int, x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None, **how: object) -> Array:
    operator = f"conv{axes}d"
    image, kernels = tensors(operator, x=x, weight=weight)
    forward = _correlation(operator, axes, image, kernels, **how)
    return array(forward(image, kernels, _bias(operator, bias, image, kernels.shape[0])))


def _conv_backward(
    axes: int, grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike, **how: object
) -> tuple[Array, ...]:
    operator = f"conv{axes}d_backward"
    image, kernels = tensors(operator, x=x, weight=weight)
    forward = _correlation(operator, axes, image, kernels, **how)
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
    return _conv(1, x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


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
    return _conv_backward(1, grad_output, x, weight, **how)


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
    return _conv(2, x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


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
    return _conv_backward(2, grad_output, x, weight, **how)


def _transposed(
    operator: str,
    x: Tensor,
    weight: Tensor,
    *,
    stride: object,
    padding: object,
    output_padding: object,
    dilation: object,
    groups: object,
) -> Callable[[Tensor, Tensor, Tensor | None], Tensor]:
    """Check a transposed convolution and bind its attributes."""
    rank(operator, "x", x, 4)
    rank(operator, "weight", weight, 4)
    steps = per_axis(operator, "stride", stride, 2, 1)
    pads = sides(operator, padding, 2)
    extra = per_axis(operator, "output_padding", output_padding, 2, 0)
    spread = per_axis(operator, "dilation", dilation, 2, 1)
    parts = integer(operator, "groups", groups, 1)
    kernel = tuple(weight.shape[2:])
    require(min(kernel) >= 1, operator, "kernel_size", "at least 1", kernel)
    require(x.shape[1] % parts == 0, operator, "groups", f"a divisor of {x.shape[1]}", parts)
    shape(operator, "weight", weight, (x.shape[1], *weight.shape[1:]))
    sizes = []
    for n, k, s, (before, after), e, d in zip(x.shape[2:], kernel, steps, pads, extra, spread, strict=True):
        require(e < max(s, d), operator, "output_padding", f"below max(stride, dilation) = {max(s, d)}", e)
        sizes.append((n - 1) * s - before - after + d * (k - 1) + e + 1)
    require(min(sizes) >= 1, operator, "padding", "small enough to leave an output", f"output {sizes}")

    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if symmetric(pads):
            return functional.conv_transpose2d(x, weight, bias, steps, befores(pads), extra, parts, spread)
        full = functional.conv_transpose2d(x, weight, bias, steps, 0, extra, parts, spread)
        (top, _), (left, _) = pads
        return full[:, :, top : top + sizes[0], left : left + sizes[1]]

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
    groups: int = 1,
) -> Array:
    """functional.conv_transpose2d; unequal sides are cropped from its unpadded result."""
    operator = "conv_transpose2d"
    image, kernels = tensors(operator, x=x, weight=weight)
    how = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    forward = _transposed(operator, image, kernels, groups=groups, **how)
    return array(forward(image, kernels, _bias(operator, bias, image, kernels.shape[1] * groups)))


def conv_transpose2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: object,
    padding: object,
    output_padding: object,
    dilation: object,
    groups: int,
) -> tuple[Array, ...]:
    """functional.conv_transpose2d by autograd."""
    operator = "conv_transpose2d_backward"
    image, kernels = tensors(operator, x=x, weight=weight)
    how = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    forward = _transposed(operator, image, kernels, groups=groups, **how)
    bias = torch.zeros(kernels.shape[1] * groups, dtype=image.dtype)
    return gradients(operator, forward, (image, kernels, bias), grad_output)
