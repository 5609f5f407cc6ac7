"""Pooling."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from _contract_checks import Array, Pair, Sides, floats, pair, quiet, rank, same_shape, sides
from _loops_windows import cells
from _pooling_checks import pooled_length


def pooling(
    x: Array, kernel_size: object, stride: object, padding: object, dilation: object, ceil_mode: bool
) -> tuple[tuple[int, ...], tuple[Pair, Pair, Pair, Sides, Pair]]:
    """Check a pooling; say the shape of its output, and what `cells` wants to know."""
    rank("x", x, 4)
    kernel, pads, spread = pair("kernel_size", kernel_size, 1), sides(padding), pair("dilation", dilation, 1)
    step = kernel if stride is None else pair("stride", stride, 1)
    sizes = [pooled_length(x.shape[2 + i], kernel[i], step[i], pads[i], spread[i], ceil_mode) for i in (0, 1)]
    return (*x.shape[:2], *sizes), ((x.shape[2], x.shape[3]), kernel, step, pads, spread)


def first_maximum(image: Array, n: int, c: int, window: Iterator[tuple[int, int, int, int]]) -> Pair | None:
    """Where the first maximum of a window is, or its first NaN; None if the window is all padding."""
    best: Pair | None = None
    for _, _, h, w in window:
        if best is None or image[n, c, h, w] > image[n, c, best[0], best[1]]:
            best = h, w
        if np.isnan(image[n, c, h, w]):
            return h, w
    return best


def max_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    dilation: object = 1,
    ceil_mode: bool = False,
) -> Array:
    (image,) = floats(x=x)
    shape, how = pooling(image, kernel_size, stride, padding, dilation, ceil_mode)
    y = np.full(shape, -np.inf, image.dtype)
    for n, c, oh, ow in np.ndindex(*shape):
        place = first_maximum(image, n, c, cells((oh, ow), *how))
        if place is not None:
            y[n, c, oh, ow] = image[n, c, place[0], place[1]]
    return y


@quiet
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
    image, slope = floats(x=x, grad_output=grad_output)
    shape, how = pooling(image, kernel_size, stride, padding, dilation, ceil_mode)
    same_shape("grad_output", slope, shape)
    grad_x = np.zeros(image.shape, image.dtype)
    for n, c, oh, ow in np.ndindex(*shape):
        place = first_maximum(image, n, c, cells((oh, ow), *how))
        if place is not None:
            grad_x[n, c, place[0], place[1]] += slope[n, c, oh, ow]
    return grad_x


def divisor(position: Pair, size: Pair, kernel: Pair, step: Pair, pads: Sides, count_include_pad: bool) -> int:
    """How many cells of a window lie in the image, or in the padded image."""
    count = 1
    for i in (0, 1):
        start = position[i] * step[i] - pads[i][0]
        low, high = (-pads[i][0], size[i] + pads[i][1]) if count_include_pad else (0, size[i])
        count *= min(start + kernel[i], high) - max(start, low)
    return count


@quiet
def avg_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    (image,) = floats(x=x)
    shape, how = pooling(image, kernel_size, stride, padding, 1, ceil_mode)
    y = np.zeros(shape, image.dtype)
    for n, c, oh, ow in np.ndindex(*shape):
        for _, _, h, w in cells((oh, ow), *how):
            y[n, c, oh, ow] += image[n, c, h, w]
        y[n, c, oh, ow] /= divisor((oh, ow), *how[:4], count_include_pad)
    return y


@quiet
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
    image, slope = floats(x=x, grad_output=grad_output)
    shape, how = pooling(image, kernel_size, stride, padding, 1, ceil_mode)
    same_shape("grad_output", slope, shape)
    grad_x = np.zeros(image.shape, image.dtype)
    for n, c, oh, ow in np.ndindex(*shape):
        share = slope[n, c, oh, ow] / image.dtype.type(divisor((oh, ow), *how[:4], count_include_pad))
        for _, _, h, w in cells((oh, ow), *how):
            grad_x[n, c, h, w] += share
    return grad_x


@quiet
def global_avg_pool2d(x: npt.ArrayLike) -> Array:
    (image,) = floats(x=x)
    rank("x", image, 4)
    y = np.zeros((*image.shape[:2], 1, 1), image.dtype)
    for n, c, h, w in np.ndindex(*image.shape):
        y[n, c, 0, 0] += image[n, c, h, w]
    y /= image.shape[2] * image.shape[3]
    return y


@quiet
def global_avg_pool2d_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    image, slope = floats(x=x, grad_output=grad_output)
    rank("x", image, 4)
    same_shape("grad_output", slope, (*image.shape[:2], 1, 1))
    grad_x = np.zeros(image.shape, image.dtype)
    for n, c, h, w in np.ndindex(*image.shape):
        grad_x[n, c, h, w] = slope[n, c, 0, 0] / image.dtype.type(image.shape[2] * image.shape[3])
    return grad_x
