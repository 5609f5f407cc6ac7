"""Convolutions: one list of products, read in three ways."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from _contract_checks import (
    Array,
    Pair,
    Sides,
    floats,
    integer,
    pair,
    quiet,
    rank,
    require,
    same_shape,
    sides,
    windows_that_fit,
)
from _loops_windows import cells
from _signals import on_signals


def products(
    image: tuple[int, ...],
    kernels: tuple[int, ...],
    positions: Pair,
    step: Pair,
    pads: Sides,
    spread: Pair,
    groups: int,
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """Every (output, image, kernel) index that meets in a convolution with kernels (F, C/groups, KH, KW)."""
    N, _, H, W = image
    F, per_group, KH, KW = kernels
    for n, f, oh, ow in np.ndindex(N, F, *positions):
        first = f // (F // groups) * per_group
        for kh, kw, h, w in cells((oh, ow), (H, W), (KH, KW), step, pads, spread):
            for c in range(per_group):
                yield (n, f, oh, ow), (n, first + c, h, w), (f, c, kh, kw)


def conv_attributes(stride: object, padding: object, dilation: object, groups: object) -> tuple[Pair, Sides, Pair, int]:
    return (
        pair("stride", stride, 1),
        sides(padding),
        pair("dilation", dilation, 1),
        integer("groups", groups, 1),
    )


def conv_positions(
    x: Array, weight: Array, step: Pair, pads: Sides, spread: Pair, groups: int
) -> tuple[tuple[int, ...], Pair]:
    """Check the operands of a convolution; say the shape of its output, and the windows along H and W."""
    rank("x", x, 4)
    rank("weight", weight, 4)
    N, C, H, W = x.shape
    F, per_group, KH, KW = weight.shape
    require(KH >= 1 and KW >= 1, "kernel_size", "at least 1", (KH, KW))
    require(C % groups == 0 and F % groups == 0, "groups", f"a divisor of {C} and of {F}", groups)
    require(per_group == C // groups, "weight", f"of {C // groups} channels", f"shape {weight.shape}")
    positions = windows_that_fit((H, W), (KH, KW), step, pads, spread)
    return (N, F, *positions), positions


def start_with(bias: npt.ArrayLike | None, shape: tuple[int, ...], x: Array) -> Array:
    """Begin an output with its bias, or with zeros."""
    y = np.zeros(shape, x.dtype)
    if bias is not None:
        _, vector = floats(x=x, bias=bias)
        same_shape("bias", vector, shape[1:2])
        y += vector.reshape(-1, 1, 1)
    return y


def sum_over_images(grad_output: Array) -> Array:
    grad_bias = np.zeros(grad_output.shape[1], grad_output.dtype)
    for n, f, h, w in np.ndindex(*grad_output.shape):
        grad_bias[f] += grad_output[n, f, h, w]
    return grad_bias


@quiet
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
    image, kernels = floats(x=x, weight=weight)
    how = conv_attributes(stride, padding, dilation, groups)
    shape, positions = conv_positions(image, kernels, *how)
    y = start_with(bias, shape, image)
    for out, pixel, tap in products(image.shape, kernels.shape, positions, *how):
        y[out] += image[pixel] * kernels[tap]
    return y


@quiet
def conv2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
) -> tuple[Array, Array, Array]:
    image, kernels, slope = floats(x=x, weight=weight, grad_output=grad_output)
    how = conv_attributes(stride, padding, dilation, groups)
    shape, positions = conv_positions(image, kernels, *how)
    same_shape("grad_output", slope, shape)
    grad_x, grad_weight = np.zeros(image.shape, image.dtype), np.zeros(kernels.shape, image.dtype)
    for out, pixel, tap in products(image.shape, kernels.shape, positions, *how):
        grad_x[pixel] += slope[out] * kernels[tap]
        grad_weight[tap] += slope[out] * image[pixel]
    return grad_x, grad_weight, sum_over_images(slope)


conv1d, conv1d_backward = on_signals(conv2d, conv2d_backward)


def transposed_shape(
    x: Array, weight: Array, step: Pair, pads: Sides, spread: Pair, groups: int, output_padding: object
) -> tuple[int, int, int, int]:
    """Check the operands of a transposed convolution; say the shape of its output."""
    rank("x", x, 4)
    rank("weight", weight, 4)
    kernel, C = weight.shape[2:], x.shape[1]
    require(min(kernel) >= 1, "kernel_size", "at least 1", kernel)
    require(C % groups == 0, "groups", f"a divisor of {C}", groups)
    require(weight.shape[0] == C, "weight", f"of {C} channels", f"shape {weight.shape}")
    sizes = []
    extra = pair("output_padding", output_padding, 0)
    for n, k, s, (before, after), d, e in zip(x.shape[2:], kernel, step, pads, spread, extra, strict=True):
        require(e < max(s, d), "output_padding", f"below {max(s, d)}", e)
        sizes.append((n - 1) * s - before - after + d * (k - 1) + e + 1)
        require(sizes[-1] >= 1, "padding", "small enough to leave an output", f"an output of {sizes[-1]}")
    return x.shape[0], weight.shape[1] * groups, sizes[0], sizes[1]


@quiet
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
    image, kernels = floats(x=x, weight=weight)
    how = conv_attributes(stride, padding, dilation, groups)
    shape = transposed_shape(image, kernels, *how, output_padding)
    y = start_with(bias, shape, image)
    for pixel, out, tap in products(shape, kernels.shape, image.shape[2:], *how):
        y[out] += image[pixel] * kernels[tap]
    return y


@quiet
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
) -> tuple[Array, Array, Array]:
    image, kernels, slope = floats(x=x, weight=weight, grad_output=grad_output)
    how = conv_attributes(stride, padding, dilation, groups)
    shape = transposed_shape(image, kernels, *how, output_padding)
    same_shape("grad_output", slope, shape)
    grad_x, grad_weight = np.zeros(image.shape, image.dtype), np.zeros(kernels.shape, image.dtype)
    for pixel, out, tap in products(shape, kernels.shape, image.shape[2:], *how):
        grad_x[pixel] += slope[out] * kernels[tap]
        grad_weight[tap] += slope[out] * image[pixel]
    return grad_x, grad_weight, sum_over_images(slope)
