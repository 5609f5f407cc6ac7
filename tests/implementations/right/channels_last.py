"""Convolution, pooling and batch normalisation with channels last inside, as many frameworks store images.

Unusual: results are transposed views of channels-last memory; of equal maxima the last one gets the gradient;
the running variance is the biased one. The latter two are declared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from _contract_checks import Array, Pair, Sides, floats, rank, require, same_shape
from _convolution_checks import convolution, extents, positions
from _pooling_checks import pooling

CONVENTIONS = {"max_pool2d.ties": "any", "batch_norm.running_var": "biased"}


def channels_last(x: Array) -> Array:
    return x.transpose(0, 2, 3, 1)  # N, H, W, C


def channels_first(x: Array) -> Array:
    return x.transpose(0, 3, 1, 2)  # N, C, H, W


def padded(x: Array, pads: Sides) -> Array:
    """Copy an image to channels-last memory, with its padding."""
    return np.pad(channels_last(x), [(0, 0), *pads, (0, 0)])


def cropped(padded_image: Array, pads: Sides, size: Sequence[int]) -> Array:
    (top, _), (left, _) = pads
    return channels_first(padded_image[:, top : top + size[0], left : left + size[1]])


def walk(position: Pair, out: Sequence[int], step: Pair) -> tuple[slice, slice, slice]:
    """Which pixels (n, h, w) stand at one place of all windows."""
    (h, w) = position
    rows, columns = (
        slice(h, h + (out[0] - 1) * step[0] + 1, step[0]),
        slice(w, w + (out[1] - 1) * step[1] + 1, step[1]),
    )
    return slice(None), rows, columns


def parts_of(groups: int, channels: int) -> list[slice]:
    """Cut channels into groups."""
    each = channels // groups
    return [slice(g * each, (g + 1) * each) for g in range(groups)]


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
    step, pads, spread, parts = convolution(image, kernels, stride, padding, dilation, groups)
    out, source = positions(image, kernels.shape[2:], step, pads, spread), padded(image, pads)
    y = np.zeros((image.shape[0], *out, kernels.shape[0]), image.dtype)
    pairs = zip(parts_of(parts, image.shape[1]), parts_of(parts, kernels.shape[0]), strict=True)
    for channels, filters in pairs:
        for h, w in np.ndindex(*kernels.shape[2:]):
            pixels = source[walk((h * spread[0], w * spread[1]), out, step)][..., channels]
            y[..., filters] += pixels @ kernels[filters, :, h, w].T
    if bias is not None:
        _, vector = floats(x=x, bias=bias)
        same_shape("bias", vector, kernels.shape[:1])
        y += vector
    return channels_first(y)


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
    step, pads, spread, parts = convolution(image, kernels, stride, padding, dilation, groups)
    out, source = positions(image, kernels.shape[2:], step, pads, spread), padded(image, pads)
    same_shape("grad_output", slope, (image.shape[0], kernels.shape[0], *out))
    slopes, grad_source = channels_last(slope), np.zeros(source.shape, image.dtype)
    grad_weight = np.zeros(kernels.shape, image.dtype)
    pairs = zip(parts_of(parts, image.shape[1]), parts_of(parts, kernels.shape[0]), strict=True)
    for channels, filters in pairs:
        for h, w in np.ndindex(*kernels.shape[2:]):
            place = walk((h * spread[0], w * spread[1]), out, step)
            grad_source[place][..., channels] += slopes[..., filters] @ kernels[filters, :, h, w]
            pixels = source[place][..., channels]
            grad_weight[filters, :, h, w] = np.tensordot(slopes[..., filters], pixels, axes=((0, 1, 2), (0, 1, 2)))
    return cropped(grad_source, pads, image.shape[2:]), grad_weight, slope.sum((0, 2, 3))


def overhanging(image: Array, size: Pair, kernel: Pair, step: Pair, pads: Sides, spread: Pair) -> Sides:
    """Padding that ends where the last window ends, or with the image."""
    reach = extents(kernel, spread)
    ends = [(size[i] - 1) * step[i] + reach[i] - pads[i][0] - image.shape[2 + i] for i in (0, 1)]
    return (pads[0][0], max(0, ends[0])), (pads[1][0], max(0, ends[1]))


def last_maxima(image: Array, size: Pair, kernel: Pair, step: Pair, pads: Sides, spread: Pair) -> tuple[Array, Array]:
    """Maxima (N, OH, OW, C) and the pixel h·W + w of each: of equals the last, −1 where all is padding."""
    H, W = image.shape[2:]
    pads = overhanging(image, size, kernel, step, pads, spread)
    source = padded(image, pads)
    numbers = np.pad(np.arange(H * W).reshape(1, H, W, 1), [(0, 0), *pads, (0, 0)], constant_values=-1)
    best = np.full((image.shape[0], *size, image.shape[1]), -np.inf, image.dtype)
    pixel = np.full(best.shape, -1)
    for h, w in np.ndindex(*kernel):
        place = walk((h * spread[0], w * spread[1]), size, step)
        value, number = source[place], np.broadcast_to(numbers[place], best.shape)
        better = (number >= 0) & ((value >= best) | np.isnan(value))
        best, pixel = np.where(better, value, best), np.where(better, number, pixel)
    return best, pixel


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
    kernel, step, pads, spread, size = pooling(image, kernel_size, stride, padding, dilation, ceil_mode)
    return channels_first(last_maxima(image, size, kernel, step, pads, spread)[0])


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
    kernel, step, pads, spread, size = pooling(image, kernel_size, stride, padding, dilation, ceil_mode)
    same_shape("grad_output", slope, (*image.shape[:2], *size))
    pixel = last_maxima(image, size, kernel, step, pads, spread)[1]
    N, C, H, W = image.shape
    grad_x = np.zeros((N, H * W, C), image.dtype)
    n, c = np.arange(N).reshape(N, 1, 1, 1), np.arange(C)
    chosen = pixel >= 0  # no one gets the gradient of a window that is all padding
    where = tuple(np.broadcast_to(i, pixel.shape)[chosen] for i in (n, pixel, c))
    np.add.at(grad_x, where, channels_last(slope)[chosen])
    return channels_first(grad_x.reshape(N, H, W, C))


def divisors(image: Array, size: Pair, kernel: Pair, step: Pair, pads: Sides, count_include_pad: bool) -> Array:
    """How many cells each mean is over, (OH, OW, 1)."""
    along = []
    for i in (0, 1):
        before, after = pads[i] if count_include_pad else (0, 0)
        start = np.arange(size[i]) * step[i] - pads[i][0]
        stop = np.minimum(start + kernel[i], image.shape[2 + i] + after)
        along.append(stop - np.maximum(start, -before))
    cells: Array = along[0][:, np.newaxis, np.newaxis] * along[1][:, np.newaxis]
    return cells.astype(image.dtype)


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
    kernel, step, pads, _, size = pooling(image, kernel_size, stride, padding, 1, ceil_mode)
    source = padded(image, overhanging(image, size, kernel, step, pads, (1, 1)))
    y = np.zeros((image.shape[0], *size, image.shape[1]), image.dtype)
    for position in np.ndindex(*kernel):
        y += source[walk(position, size, step)]
    return channels_first(y / divisors(image, size, kernel, step, pads, count_include_pad))


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
    kernel, step, pads, _, size = pooling(image, kernel_size, stride, padding, 1, ceil_mode)
    same_shape("grad_output", slope, (*image.shape[:2], *size))
    shares = channels_last(slope) / divisors(image, size, kernel, step, pads, count_include_pad)
    grad_source = np.zeros_like(padded(image, overhanging(image, size, kernel, step, pads, (1, 1))))
    for position in np.ndindex(*kernel):
        grad_source[walk(position, size, step)] += shares
    return cropped(grad_source, pads, image.shape[2:])


def rows_of(x: Array, **vectors: Array) -> Array:
    """Check a batch normalisation; see x as (values, channels)."""
    rank("x", x, 2, 4)
    for name, vector in vectors.items():
        same_shape(name, vector, x.shape[1:2])
    rows = channels_last(x) if x.ndim == 4 else x
    return rows.reshape(x.size // max(1, x.shape[1]), x.shape[1])


def as_image(rows: Array, like: Array) -> Array:
    if like.ndim == 2:
        return rows
    return channels_first(rows.reshape(like.shape[0], *like.shape[2:], like.shape[1]))


def moments(rows: Array) -> tuple[Array, Array]:
    require(len(rows) >= 2, "x", "2 or more values a channel in training", len(rows))
    mean: Array = rows.mean(0)
    variance: Array = ((rows - mean) ** 2).mean(0)
    return mean, variance


def batch_norm(
    x: npt.ArrayLike,
    gamma: npt.ArrayLike,
    beta: npt.ArrayLike,
    running_mean: npt.ArrayLike,
    running_var: npt.ArrayLike,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    image, scale, shift, old_mean, old_var = floats(
        x=x, gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var
    )
    rows = rows_of(image, gamma=scale, beta=shift, running_mean=old_mean, running_var=old_var)
    mean, variance = moments(rows) if training else (old_mean, old_var)
    y = (rows - mean) / np.sqrt(variance + image.dtype.type(eps)) * scale + shift
    if not training:
        return as_image(y, image), old_mean.copy(), old_var.copy()
    old, new = image.dtype.type(1 - momentum), image.dtype.type(momentum)
    return as_image(y, image), old * old_mean + new * mean, old * old_var + new * variance


def batch_norm_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    gamma: npt.ArrayLike,
    running_mean: npt.ArrayLike,
    running_var: npt.ArrayLike,
    *,
    training: bool,
    eps: float,
) -> tuple[Array, Array, Array]:
    image, slope, scale, old_mean, old_var = floats(
        x=x, grad_output=grad_output, gamma=gamma, running_mean=running_mean, running_var=running_var
    )
    rows = rows_of(image, gamma=scale, running_mean=old_mean, running_var=old_var)
    same_shape("grad_output", slope, image.shape)
    slopes = rows_of(slope)
    mean, variance = moments(rows) if training else (old_mean, old_var)
    root = np.sqrt(variance + image.dtype.type(eps))
    normal = (rows - mean) / root
    grad_gamma, grad_beta = (slopes * normal).sum(0), slopes.sum(0)
    inner = slopes - slopes.mean(0) - normal * (slopes * normal).mean(0) if training else slopes
    return as_image(scale / root * inner, image), grad_gamma, grad_beta
