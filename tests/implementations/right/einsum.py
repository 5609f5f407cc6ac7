"""Convolutions, pooling and the linear layer as `numpy.einsum` over sliding windows.

Unusual: each gradient with respect to an image is itself a walk of windows, over the gradient with zeros
between its cells and under the flipped kernel; nothing is scattered but the maxima. Dilated pooling is not
supported.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from _contract_checks import Array, Pair, Sides, fits, floats, pair, rank, same_shape
from _convolution_checks import add_bias, convolution, extents, grouped, transposed
from _pooling_checks import pooling
from _signals import on_signals
from numpy.lib.stride_tricks import sliding_window_view


def windows(padded: Array, kernel: Sequence[int], stride: Pair, dilation: Pair) -> Array:
    """See (…, H, W) as (…, OH, OW, KH, KW), without a copy."""
    view = sliding_window_view(padded, extents(kernel, dilation), axis=(-2, -1))
    return view[..., :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def pad(x: Array, pads: Sides, value: float = 0.0) -> Array:
    return np.pad(x, [(0, 0)] * (x.ndim - 2) + list(pads), constant_values=value)


def stuffed(slopes: Array, size: Pair, kernel: Sequence[int], stride: Pair, pads: Sides, dilation: Pair) -> Array:
    """Spread (…, OH, OW) so that a window of it, under the flipped kernel, holds what touches a pixel."""
    reach = extents(kernel, dilation)
    lengths = []
    for i in (0, 1):
        used = max(0, slopes.shape[i - 2] - 1) * stride[i] + 1
        lengths.append(reach[i] - 1 + max(used, size[i] + pads[i][0]))
    spread = np.zeros((*slopes.shape[:-2], *lengths), slopes.dtype)
    rows = slice(reach[0] - 1, reach[0] - 1 + slopes.shape[-2] * stride[0], stride[0])
    columns = slice(reach[1] - 1, reach[1] - 1 + slopes.shape[-1] * stride[1], stride[1])
    spread[..., rows, columns] = slopes
    (top, _), (left, _) = pads
    return spread[..., top : top + size[0] + reach[0] - 1, left : left + size[1] + reach[1] - 1]


def ungrouped(x: Array, axis: int) -> Array:
    return x.reshape(*x.shape[:axis], x.shape[axis] * x.shape[axis + 1], *x.shape[axis + 2 :])


# In every einsum: n image, g group, f filter of the group, c channel of the group,
# H, W position of the window, h, w place in the window.


def correlate(x: Array, weight: Array, step: Pair, pads: Sides, spread: Pair, groups: int) -> Array:
    views = windows(pad(grouped(x, groups, 1), pads), weight.shape[2:], step, spread)
    return ungrouped(np.einsum("ngcHWhw,gfchw->ngfHW", views, grouped(weight, groups, 0)), 1)


def transposed_correlate(
    slopes: Array, weight: Array, size: Pair, step: Pair, pads: Sides, spread: Pair, groups: int
) -> Array:
    canvas = stuffed(grouped(slopes, groups, 1), size, weight.shape[2:], step, pads, spread)
    views = windows(canvas, weight.shape[2:], (1, 1), spread)
    return ungrouped(np.einsum("ngfHWhw,gfchw->ngcHW", views, grouped(weight, groups, 0)[..., ::-1, ::-1]), 1)


def weight_gradient(
    x: Array, slopes: Array, kernel: Sequence[int], step: Pair, pads: Sides, spread: Pair, groups: int
) -> Array:
    views = windows(pad(grouped(x, groups, 1), pads), kernel, step, spread)
    views = views[:, :, :, : slopes.shape[2], : slopes.shape[3]]
    return ungrouped(np.einsum("ngcHWhw,ngfHW->gfchw", views, grouped(slopes, groups, 1)), 0)


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
    return add_bias(correlate(image, kernels, step, pads, spread, parts), bias)


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
    probe = correlate(image[:1], kernels, step, pads, spread, parts)
    same_shape("grad_output", slope, (image.shape[0], *probe.shape[1:]))
    size = image.shape[2], image.shape[3]
    grad_x = transposed_correlate(slope, kernels, size, step, pads, spread, parts)
    grad_weight = weight_gradient(image, slope, kernels.shape[2:], step, pads, spread, parts)
    return grad_x, grad_weight, np.einsum("nfHW->f", slope)


conv1d, conv1d_backward = on_signals(conv2d, conv2d_backward)


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
    step, pads, spread, parts, size = transposed(image, kernels, stride, padding, dilation, groups, output_padding)
    return add_bias(transposed_correlate(image, kernels, size, step, pads, spread, parts), bias)


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
    step, pads, spread, parts, size = transposed(image, kernels, stride, padding, dilation, groups, output_padding)
    same_shape("grad_output", slope, (image.shape[0], kernels.shape[1] * parts, *size))
    grad_x = correlate(slope, kernels, step, pads, spread, parts)[:, :, : image.shape[2], : image.shape[3]]
    grad_weight = weight_gradient(slope, image, kernels.shape[2:], step, pads, spread, parts)
    return grad_x, grad_weight, np.einsum("nfHW->f", slope)


def overhanging(size: Sequence[int], kernel: Pair, step: Pair, pads: Sides, n: Sequence[int]) -> Sides:
    """Padding that makes exactly `size` windows fit; what no window reaches is left to be cut off."""
    ends = [(size[i] - 1) * step[i] + kernel[i] - pads[i][0] - n[i] for i in (0, 1)]
    return (pads[0][0], max(0, ends[0])), (pads[1][0], max(0, ends[1]))


def pool_windows(image: Array, size: Pair, kernel: Pair, step: Pair, pads: Sides, value: float = 0.0) -> Array:
    padded = pad(image, overhanging(size, kernel, step, pads, image.shape[-2:]), value)
    return windows(padded, kernel, step, (1, 1))[..., : size[0], : size[1], :, :]


def winners(image: Array, size: Pair, kernel: Pair, step: Pair, pads: Sides) -> Array:
    """One-hot (N, C, OH, OW, KH, KW): the first maximum of each window that is no padding."""
    views = pool_windows(image, size, kernel, step, pads, -np.inf)
    inside = pool_windows(np.ones(image.shape), size, kernel, step, pads) == 1
    highest = views.max((-2, -1), keepdims=True)
    equal = inside & ((views == highest) | (np.isnan(highest) & np.isnan(views)))
    flat = equal.reshape(*equal.shape[:4], kernel[0] * kernel[1])
    return np.reshape(np.arange(flat.shape[-1]) == flat.argmax(-1)[..., np.newaxis], equal.shape)


def refuse_dilation(dilation: object) -> None:
    if pair("dilation", dilation, 1) != (1, 1):
        raise NotImplementedError("pooling windows are not dilated here")


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
    kernel, step, pads, _, size = pooling(image, kernel_size, stride, padding, dilation, ceil_mode)
    refuse_dilation(dilation)
    highest: Array = pool_windows(image, size, kernel, step, pads, -np.inf).max((-2, -1))
    return highest


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
    kernel, step, pads, _, size = pooling(image, kernel_size, stride, padding, dilation, ceil_mode)
    refuse_dilation(dilation)
    same_shape("grad_output", slope, (*image.shape[:2], *size))
    mask = winners(image, size, kernel, step, pads)
    padded = pad(np.zeros(image.shape, image.dtype), overhanging(size, kernel, step, pads, image.shape[2:]))
    for kh, kw in np.ndindex(*kernel):
        rows = slice(kh, kh + size[0] * step[0], step[0])
        columns = slice(kw, kw + size[1] * step[1], step[1])
        padded[:, :, rows, columns][:, :, : size[0], : size[1]] += np.where(mask[..., kh, kw], slope, 0)
    (top, _), (left, _) = pads
    return padded[:, :, top : top + image.shape[2], left : left + image.shape[3]]


def counts(image: Array, size: Pair, kernel: Pair, step: Pair, pads: Sides, count_include_pad: bool) -> Array:
    """How many cells each mean is over, (1, 1, OH, OW)."""
    ones = np.ones((1, 1, *image.shape[2:]), image.dtype)
    if count_include_pad:
        ones, pads = pad(ones, pads, 1.0), ((0, 0), (0, 0))
    cells: Array = np.einsum("ncHWhw->ncHW", pool_windows(ones, size, kernel, step, pads))
    return cells


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
    total: Array = np.einsum("ncHWhw->ncHW", pool_windows(image, size, kernel, step, pads))
    total /= counts(image, size, kernel, step, pads, count_include_pad)
    return total


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
    shares = slope / counts(image, size, kernel, step, pads, count_include_pad)
    canvas = stuffed(shares, (image.shape[2], image.shape[3]), kernel, step, pads, (1, 1))
    grad_x: Array = np.einsum("ncHWhw->ncHW", windows(canvas, kernel, (1, 1), (1, 1)))
    return grad_x


def global_avg_pool2d(x: npt.ArrayLike) -> Array:
    (image,) = floats(x=x)
    rank("x", image, 4)
    share = np.full(image.shape[2:], 1 / (image.shape[2] * image.shape[3]), image.dtype)
    mean: Array = np.einsum("nchw,hw->nc", image, share)
    return mean[:, :, np.newaxis, np.newaxis]


def global_avg_pool2d_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    image, slope = floats(x=x, grad_output=grad_output)
    rank("x", image, 4)
    same_shape("grad_output", slope, (*image.shape[:2], 1, 1))
    share = np.full(image.shape[2:], 1 / (image.shape[2] * image.shape[3]), image.dtype)
    grad_x: Array = np.einsum("ncij,hw->nchw", slope, share)
    return grad_x


def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    rows, matrix = floats(x=x, weight=weight)
    fits(rows, matrix)
    return add_bias(np.einsum("nd,od->no", rows, matrix), bias)


def linear_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Array, Array, Array]:
    rows, matrix, slope = floats(x=x, weight=weight, grad_output=grad_output)
    fits(rows, matrix)
    same_shape("grad_output", slope, (rows.shape[0], matrix.shape[0]))
    grad_x, grad_weight = np.einsum("no,od->nd", slope, matrix), np.einsum("no,nd->od", slope, rows)
    return grad_x, grad_weight, np.einsum("no->o", slope)
