"""Convolutions, pooling and the linear layer as `numpy.einsum` over sliding windows.

Unusual: each gradient with respect to an image is itself a walk of windows, over the gradient with zeros
between its cells and under the flipped kernel; nothing is scattered but the maxima. Dilated pooling is not
supported.
"""

from __future__ import annotations

import operator as op
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Array: TypeAlias = npt.NDArray[Any]
Pair: TypeAlias = tuple[int, int]
Sides: TypeAlias = tuple[Pair, Pair]


def require(fact: bool, argument: str, rule: str, got: object) -> None:
    if not fact:
        raise ValueError(f"{argument} must be {rule}, got {got}")


def floats(**arrays: npt.ArrayLike) -> list[Array]:
    result = [np.asarray(value) for value in arrays.values()]
    for name, value in zip(arrays, result, strict=True):
        if value.dtype.kind != "f":
            raise TypeError(f"{name} must be of a floating dtype, got {value.dtype}")
        if value.dtype.type not in (np.float32, np.float64):
            raise NotImplementedError(f"{name}: {value.dtype} is optional, and left out")
        if value.dtype != result[0].dtype:
            raise TypeError(f"{name} must be of dtype {result[0].dtype}, got {value.dtype}")
    return result


def rank(name: str, value: Array, *ranks: int) -> None:
    require(value.ndim in ranks, name, f"of rank {ranks}", f"shape {value.shape}")


def same_shape(name: str, value: Array, shape: Sequence[int]) -> None:
    require(value.shape == tuple(shape), name, f"of shape {tuple(shape)}", f"shape {value.shape}")


def integer(name: str, value: object, least: int) -> int:
    try:
        number = op.index(value)  # type: ignore[arg-type]  # whether it is an integer is the question
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    require(number >= least, name, f"at least {least}", number)
    return number


def pair(name: str, value: object, least: int) -> Pair:
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    require(len(value) == 2, name, "an int or two of them", value)
    return integer(name, value[0], least), integer(name, value[1], least)


def sides(value: object) -> Sides:
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    require(len(value) == 2, "padding", "given for two axes", value)
    return pair("padding", value[0], 0), pair("padding", value[1], 0)


def extents(kernel: Sequence[int], dilation: Sequence[int]) -> Pair:
    return dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1


def convolution(
    x: Array, weight: Array, stride: object, padding: object, dilation: object, groups: object
) -> tuple[Pair, Sides, Pair, int]:
    """Check a convolution and spell its attributes out."""
    rank("x", x, 4)
    rank("weight", weight, 4)
    step, pads, spread = pair("stride", stride, 1), sides(padding), pair("dilation", dilation, 1)
    parts, channels, kernel = integer("groups", groups, 1), x.shape[1], weight.shape[2:]
    require(min(kernel) >= 1, "kernel_size", "at least 1", kernel)
    require(channels % parts == 0, "groups", f"a divisor of {channels} channels", parts)
    require(weight.shape[0] % parts == 0, "groups", f"a divisor of {weight.shape[0]} filters", parts)
    require(weight.shape[1] == channels // parts, "weight", f"of {channels // parts} channels", weight.shape)
    for size, extent, pad in zip(x.shape[2:], extents(kernel, spread), pads, strict=True):
        require(extent <= size + sum(pad), "kernel_size", f"within {size + sum(pad)} pixels", extent)
    return step, pads, spread, parts


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


def grouped(x: Array, groups: int, axis: int) -> Array:
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


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


def add_bias(y: Array, bias: npt.ArrayLike | None) -> Array:
    if bias is not None:
        _, vector = floats(y=y, bias=bias)
        same_shape("bias", vector, y.shape[1:2])
        y += vector.reshape(-1, *[1] * (y.ndim - 2))
    return y


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


def lying(name: str, signal: npt.ArrayLike) -> Array:
    """Make a signal an image of height 1."""
    value = np.asarray(signal)
    rank(name, value, 3)
    return value[:, :, np.newaxis, :]


def lying_attributes(stride: object, padding: object, dilation: object) -> dict[str, object]:
    return {
        "stride": (1, integer("stride", stride, 1)),
        "padding": ((0, 0), pair("padding", padding, 0)),
        "dilation": (1, integer("dilation", dilation, 1)),
    }


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
    how = lying_attributes(stride, padding, dilation)
    return conv2d(lying("x", x), lying("weight", weight), bias, groups=groups, **how)[:, :, 0]


def conv1d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
) -> tuple[Array, Array, Array]:
    how = lying_attributes(stride, padding, dilation)
    slope, image, kernels = lying("grad_output", grad_output), lying("x", x), lying("weight", weight)
    grad_x, grad_weight, grad_bias = conv2d_backward(slope, image, kernels, groups=groups, **how)
    return grad_x[:, :, 0], grad_weight[:, :, 0], grad_bias


def transposed(
    x: Array,
    weight: Array,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
    output_padding: object,
) -> tuple[Pair, Sides, Pair, int, Pair]:
    """Check a transposed convolution; spell its attributes and its output's height and width out."""
    rank("x", x, 4)
    rank("weight", weight, 4)
    step, pads, spread = pair("stride", stride, 1), sides(padding), pair("dilation", dilation, 1)
    parts, kernel = integer("groups", groups, 1), weight.shape[2:]
    require(min(kernel) >= 1, "kernel_size", "at least 1", kernel)
    require(x.shape[1] % parts == 0, "groups", f"a divisor of {x.shape[1]} channels", parts)
    require(weight.shape[0] == x.shape[1], "weight", f"of {x.shape[1]} channels", weight.shape)
    size = []
    extra = pair("output_padding", output_padding, 0)
    for i, extent in enumerate(extents(kernel, spread)):
        limit = max(step[i], spread[i])
        require(extra[i] < limit, "output_padding", f"below {limit}", extra[i])
        size.append((x.shape[2 + i] - 1) * step[i] - sum(pads[i]) + extent + extra[i])
        require(size[i] >= 1, "padding", "small enough to leave an output", f"an output of {size[i]}")
    return step, pads, spread, parts, (size[0], size[1])


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


def pooled_length(n: int, k: int, s: int, pad: Pair, d: int, ceil_mode: bool) -> int:
    left_over = n + sum(pad) - d * (k - 1) - 1
    require(2 * max(pad) <= k, "padding", f"at most half of kernel_size {k}", pad)
    require(left_over >= 0, "kernel_size", f"within {n + sum(pad)} pixels", f"{k}, dilation {d}")
    count = left_over // s + 1
    # the window that rounding up adds must still start inside the image or before it
    if ceil_mode and left_over % s and count * s < n + pad[0]:
        count += 1
    return count


def pooling(
    x: Array, kernel_size: object, stride: object, padding: object, dilation: object, ceil_mode: bool
) -> tuple[Pair, Pair, Sides, Pair, Pair]:
    """Check a pooling; spell its attributes and its output's height and width out."""
    rank("x", x, 4)
    kernel, pads, spread = pair("kernel_size", kernel_size, 1), sides(padding), pair("dilation", dilation, 1)
    step = kernel if stride is None else pair("stride", stride, 1)
    sizes = [pooled_length(x.shape[2 + i], kernel[i], step[i], pads[i], spread[i], ceil_mode) for i in (0, 1)]
    return kernel, step, pads, spread, (sizes[0], sizes[1])


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


def fits(x: Array, weight: Array) -> None:
    rank("x", x, 2)
    rank("weight", weight, 2)
    same_shape("weight", weight, (weight.shape[0], x.shape[1]))


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
