"""The whole contract in loops over single numbers, as a tutorial writes it.

Unusual: every sum runs term by term in the inputs' own dtype, which is the worst rounding that a correct
implementation shows.
"""

from __future__ import annotations

import operator as op
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Pair: TypeAlias = tuple[int, int]
Sides: TypeAlias = tuple[Pair, Pair]

# Single numbers of NumPy warn where arrays would; an overflow here is the caller's business.
quiet = np.errstate(all="ignore")


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


def windows_that_fit(room: Pair, kernel: Pair, stride: Pair, pads: Sides, dilation: Pair) -> Pair:
    counts = []
    for size, k, s, (before, after), d in zip(room, kernel, stride, pads, dilation, strict=True):
        left_over = size + before + after - d * (k - 1) - 1
        require(left_over >= 0, "kernel_size", f"within {size} + {before} + {after} pixels", f"{k}, dilation {d}")
        counts.append(left_over // s + 1)
    return counts[0], counts[1]


def taps(start: int, kernel: int, dilation: int, size: int) -> Iterator[Pair]:
    """Which (kernel index, image index) of one window lie inside the image."""
    for k in range(kernel):
        if 0 <= start + k * dilation < size:
            yield k, start + k * dilation


def cells(
    position: Pair, size: Pair, kernel: Pair, stride: Pair, pads: Sides, dilation: Pair
) -> Iterator[tuple[int, int, int, int]]:
    """Every (kh, kw, h, w) of the window at `position` that lies inside the image, in row-major order."""
    top = position[0] * stride[0] - pads[0][0]
    left = position[1] * stride[1] - pads[1][0]
    for kh, h in taps(top, kernel[0], dilation[0], size[0]):
        for kw, w in taps(left, kernel[1], dilation[1], size[1]):
            yield kh, kw, h, w


# Windows as a matrix


def im2col(
    x: npt.ArrayLike, kernel_size: object, *, stride: object = 1, padding: object = 0, dilation: object = 1
) -> Array:
    (image,) = floats(x=x)
    rank("x", image, 4)
    N, C, H, W = image.shape
    kernel, step = pair("kernel_size", kernel_size, 1), pair("stride", stride, 1)
    pads, spread = sides(padding), pair("dilation", dilation, 1)
    OH, OW = windows_that_fit((H, W), kernel, step, pads, spread)
    rows = np.zeros((N, OH, OW, C, *kernel), image.dtype)
    for n, oh, ow in np.ndindex(N, OH, OW):
        for kh, kw, h, w in cells((oh, ow), (H, W), kernel, step, pads, spread):
            for c in range(C):
                rows[n, oh, ow, c, kh, kw] = image[n, c, h, w]
    return rows.reshape(N * OH * OW, C * kernel[0] * kernel[1])


@quiet
def col2im(
    cols: npt.ArrayLike,
    input_shape: Sequence[int],
    kernel_size: object,
    *,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
) -> Array:
    (matrix,) = floats(cols=cols)
    require(len(input_shape) == 4, "input_shape", "four sizes", input_shape)
    N, C, H, W = (integer("input_shape", size, 0) for size in input_shape)
    kernel, step = pair("kernel_size", kernel_size, 1), pair("stride", stride, 1)
    pads, spread = sides(padding), pair("dilation", dilation, 1)
    OH, OW = windows_that_fit((H, W), kernel, step, pads, spread)
    same_shape("cols", matrix, (N * OH * OW, C * kernel[0] * kernel[1]))
    rows = matrix.reshape(N, OH, OW, C, *kernel)
    image = np.zeros((N, C, H, W), matrix.dtype)
    for n, oh, ow in np.ndindex(N, OH, OW):
        for kh, kw, h, w in cells((oh, ow), (H, W), kernel, step, pads, spread):
            for c in range(C):
                image[n, c, h, w] += rows[n, oh, ow, c, kh, kw]
    return image


# Convolutions: one list of products, read in three ways


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


# Pooling


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


# Linear layer and activations


def fits(x: Array, weight: Array) -> None:
    rank("x", x, 2)
    rank("weight", weight, 2)
    same_shape("weight", weight, (weight.shape[0], x.shape[1]))


@quiet
def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    rows, matrix = floats(x=x, weight=weight)
    fits(rows, matrix)
    y = np.zeros((rows.shape[0], matrix.shape[0]), rows.dtype)
    for n, o in np.ndindex(*y.shape):
        for d in range(rows.shape[1]):
            y[n, o] += rows[n, d] * matrix[o, d]
    if bias is not None:
        _, vector = floats(x=x, bias=bias)
        same_shape("bias", vector, matrix.shape[:1])
        y += vector
    return y


@quiet
def linear_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Array, Array, Array]:
    rows, matrix, slope = floats(x=x, weight=weight, grad_output=grad_output)
    fits(rows, matrix)
    same_shape("grad_output", slope, (rows.shape[0], matrix.shape[0]))
    grad_x, grad_weight = np.zeros(rows.shape, rows.dtype), np.zeros(matrix.shape, rows.dtype)
    grad_bias = np.zeros(matrix.shape[0], rows.dtype)
    for n, o in np.ndindex(*slope.shape):
        grad_bias[o] += slope[n, o]
        for d in range(rows.shape[1]):
            grad_x[n, d] += slope[n, o] * matrix[o, d]
            grad_weight[o, d] += slope[n, o] * rows[n, d]
    return grad_x, grad_weight, grad_bias


def relu(x: npt.ArrayLike) -> Array:
    (values,) = floats(x=x)
    y = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        if not values[i] <= 0:  # a NaN stays
            y[i] = values[i]
    return y


def relu_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    values, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, values.shape)
    grad_x = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        if values[i] > 0:
            grad_x[i] = slope[i]
    return grad_x


@quiet
def sigmoid(x: npt.ArrayLike) -> Array:
    (values,) = floats(x=x)
    y = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        small = np.exp(-abs(values[i]))
        y[i] = small / (1 + small) if values[i] < 0 else 1 / (1 + small)
    return y


@quiet
def sigmoid_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    values, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, values.shape)
    grad_x = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        small = np.exp(-abs(values[i]))
        grad_x[i] = slope[i] * (small / (1 + small) / (1 + small))
    return grad_x


def tanh(x: npt.ArrayLike) -> Array:
    (values,) = floats(x=x)
    y = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        y[i] = np.tanh(values[i])
    return y


@quiet
def tanh_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    values, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, values.shape)
    grad_x = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        small = np.exp(-2 * abs(values[i]))
        grad_x[i] = slope[i] * (4 * small / (1 + small) / (1 + small))
    return grad_x


# Softmax and the loss


def lines(x: Array, axis: object) -> Iterator[tuple[Any, ...]]:
    """Index every line along an axis."""
    number = integer("axis", axis, -x.ndim)
    require(number < x.ndim, "axis", f"an axis of shape {x.shape}", number)
    number %= x.ndim
    for i in np.ndindex(*x.shape[:number], *x.shape[number + 1 :]):
        yield (*i[:number], slice(None), *i[number:])


def shares(scores: Array) -> Array:
    """Softmax of one line."""
    highest = max(scores)
    result = np.zeros(len(scores), scores.dtype)
    total = scores.dtype.type(0)
    for j in range(len(scores)):
        result[j] = np.exp(scores[j] - highest)
        total += result[j]
    result /= total
    return result


@quiet
def softmax(x: npt.ArrayLike, *, axis: object = -1) -> Array:
    (scores,) = floats(x=x)
    y = np.zeros(scores.shape, scores.dtype)
    for line in lines(scores, axis):
        y[line] = shares(scores[line])
    return y


@quiet
def softmax_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, *, axis: object = -1) -> Array:
    scores, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, scores.shape)
    grad_x = np.zeros(scores.shape, scores.dtype)
    for line in lines(scores, axis):
        share, mean = shares(scores[line]), scores.dtype.type(0)
        for j in range(len(share)):
            mean += share[j] * slope[line][j]
        grad_x[line] = share * (slope[line] - mean)
    return grad_x


def weights_of(target: npt.ArrayLike, logits: Array) -> Array:
    """Check logits and target; turn labels into one-hot rows."""
    rank("logits", logits, 2)
    N, K = logits.shape
    require(N >= 1, "logits", "a batch of at least 1", f"shape {logits.shape}")
    given = np.asarray(target)
    if given.dtype.kind == "f":
        _, weights = floats(logits=logits, target=given)
        same_shape("target", weights, (N, K))
        return weights
    if given.dtype.kind not in "iu":
        raise TypeError(f"target must be integer labels or floating weights, got {given.dtype}")
    same_shape("target", given, (N,))
    one_hot = np.zeros((N, K), logits.dtype)
    for n in range(N):
        require(0 <= given[n] < K, "target", f"labels from 0 to {K - 1}", given[n])
        one_hot[n, given[n]] = 1
    return one_hot


@quiet
def cross_entropy(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    (scores,) = floats(logits=logits)
    weights = weights_of(target, scores)
    loss = scores.dtype.type(0)
    for n in range(scores.shape[0]):
        highest, total = max(scores[n]), scores.dtype.type(0)
        for score in scores[n]:
            total += np.exp(score - highest)
        for score, weight in zip(scores[n], weights[n], strict=True):
            if weight != 0:  # 0 × ∞, where logits lie further apart than the largest number
                loss += weight * (highest - score + np.log(total))
    return np.asarray(loss / scores.dtype.type(scores.shape[0]))


@quiet
def cross_entropy_backward(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    (scores,) = floats(logits=logits)
    weights = weights_of(target, scores)
    grad = np.zeros(scores.shape, scores.dtype)
    for n in range(scores.shape[0]):
        share, total = shares(scores[n]), scores.dtype.type(0)
        for weight in weights[n]:
            total += weight
        grad[n] = (share * total - weights[n]) / scores.dtype.type(scores.shape[0])
    return grad


# Normalisation and dropout


def by_channel(x: Array, **vectors: Array) -> Array:
    """Check the vectors of a batch normalisation; see x as (N, C, pixels)."""
    rank("x", x, 2, 4)
    for name, vector in vectors.items():
        same_shape(name, vector, x.shape[1:2])
    return x.reshape(*x.shape[:2], int(np.prod(x.shape[2:])))


def moments(values: Array) -> tuple[Any, Any]:
    """Mean and biased variance of one channel (N, pixels), in two passes."""
    count = values.size
    require(count >= 2, "x", "2 or more values a channel in training", count)
    mean, variance = values.dtype.type(0), values.dtype.type(0)
    for i in np.ndindex(*values.shape):
        mean += values[i]
    mean /= values.dtype.type(count)
    for i in np.ndindex(*values.shape):
        variance += (values[i] - mean) ** 2
    return mean, variance / values.dtype.type(count)


@quiet
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
    planes = by_channel(image, gamma=scale, beta=shift, running_mean=old_mean, running_var=old_var)
    number = image.dtype.type
    y, new_mean, new_var = np.zeros(planes.shape, number), old_mean.copy(), old_var.copy()
    for c in range(image.shape[1]):
        mean, variance = old_mean[c], old_var[c]
        if training:
            mean, variance = moments(planes[:, c])
            count = planes[:, c].size
            unbiased = variance * number(count / (count - 1))
            new_mean[c] = number(1 - momentum) * old_mean[c] + number(momentum) * mean
            new_var[c] = number(1 - momentum) * old_var[c] + number(momentum) * unbiased
        y[:, c] = (planes[:, c] - mean) / np.sqrt(variance + number(eps)) * scale[c] + shift[c]
    return y.reshape(image.shape), new_mean, new_var


@quiet
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
    planes = by_channel(image, gamma=scale, running_mean=old_mean, running_var=old_var)
    same_shape("grad_output", slope, image.shape)
    slopes, number = slope.reshape(planes.shape), image.dtype.type
    grad_x = np.zeros(planes.shape, number)
    grad_gamma, grad_beta = np.zeros(image.shape[1], number), np.zeros(image.shape[1], number)
    for c in range(image.shape[1]):
        mean, variance = moments(planes[:, c]) if training else (old_mean[c], old_var[c])
        root = np.sqrt(variance + number(eps))
        for n, i in np.ndindex(*planes[:, c].shape):
            grad_beta[c] += slopes[n, c, i]
            grad_gamma[c] += slopes[n, c, i] * ((planes[n, c, i] - mean) / root)
        for n, i in np.ndindex(*planes[:, c].shape):
            inner = slopes[n, c, i]
            if training:
                count, normal = number(planes[:, c].size), (planes[n, c, i] - mean) / root
                inner = inner - grad_beta[c] / count - normal * (grad_gamma[c] / count)
            grad_x[n, c, i] = scale[c] / root * inner
    return grad_x.reshape(image.shape), grad_gamma, grad_beta


def neighbours(c: int, size: int, channels: int) -> range:
    return range(max(0, c - size // 2), min(channels, c + (size - 1) // 2 + 1))


def crowding(x: Array, size: int, alpha: float, k: float) -> Array:
    """Sum k + alpha/size · Σ x² for each cell, over the channels around it."""
    rank("x", x, 4)
    integer("size", size, 1)
    total = np.zeros(x.shape, x.dtype)
    for n, c, h, w in np.ndindex(*x.shape):
        for near in neighbours(c, size, x.shape[1]):
            total[n, c, h, w] += x[n, near, h, w] * x[n, near, h, w]
    total *= alpha / size
    total += k
    return total


@quiet
def local_response_norm(
    x: npt.ArrayLike, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    (image,) = floats(x=x)
    base = crowding(image, size, alpha, k)
    y = np.zeros(image.shape, image.dtype)
    for i in np.ndindex(*image.shape):
        y[i] = image[i] / base[i] ** image.dtype.type(beta)
    return y


@quiet
def local_response_norm_backward(
    grad_output: npt.ArrayLike, x: npt.ArrayLike, *, size: int, alpha: float, beta: float, k: float
) -> Array:
    image, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, image.shape)
    base, number = crowding(image, size, alpha, k), image.dtype.type
    grad_x = np.zeros(image.shape, image.dtype)
    for n, c, h, w in np.ndindex(*image.shape):
        grad_x[n, c, h, w] += slope[n, c, h, w] / base[n, c, h, w] ** number(beta)
        pull = slope[n, c, h, w] * image[n, c, h, w] / base[n, c, h, w] ** number(beta + 1)
        for near in neighbours(c, size, image.shape[1]):
            grad_x[n, near, h, w] -= number(2 * alpha * beta / size) * image[n, near, h, w] * pull
    return grad_x


def kept(shape: tuple[int, ...], p: float, seed: object) -> Array:
    require(0 <= p < 1, "p", "in [0, 1)", p)
    generator = np.random.default_rng(integer("seed", seed, 0))
    mask = np.zeros(shape, bool)
    for i in np.ndindex(*shape):
        mask[i] = generator.random() >= p
    return mask


def scaled_where_kept(values: Array, p: float, training: bool, seed: object) -> Array:
    mask = kept(values.shape, p, seed)
    result = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        if mask[i] or not training:
            result[i] = values[i] / values.dtype.type(1 - p) if training else values[i]
    return result


@quiet
def dropout(x: npt.ArrayLike, *, p: float, training: bool, seed: object) -> Array:
    (values,) = floats(x=x)
    return scaled_where_kept(values, p, training, seed)


@quiet
def dropout_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, *, p: float, training: bool, seed: object) -> Array:
    values, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, values.shape)
    return scaled_where_kept(slope, p, training, seed)


# Optimizers


def of_one_shape(**arrays: npt.ArrayLike) -> list[Array]:
    result = floats(**arrays)
    for name, value in zip(arrays, result, strict=True):
        same_shape(name, value, result[0].shape)
    return result


@quiet
def sgd_update(param: npt.ArrayLike, grad: npt.ArrayLike, *, lr: float) -> Array:
    old, slope = of_one_shape(param=param, grad=grad)
    new = np.zeros(old.shape, old.dtype)
    for i in np.ndindex(*old.shape):
        new[i] = old[i] - old.dtype.type(lr) * slope[i]
    return new


@quiet
def momentum_update(
    param: npt.ArrayLike, grad: npt.ArrayLike, velocity: npt.ArrayLike, *, lr: float, momentum: float
) -> tuple[Array, Array]:
    old, slope, speed = of_one_shape(param=param, grad=grad, velocity=velocity)
    new, faster, number = np.zeros(old.shape, old.dtype), np.zeros(old.shape, old.dtype), old.dtype.type
    for i in np.ndindex(*old.shape):
        faster[i] = number(momentum) * speed[i] + slope[i]
        new[i] = old[i] - number(lr) * faster[i]
    return new, faster


@quiet
def adam_update(
    param: npt.ArrayLike,
    grad: npt.ArrayLike,
    m: npt.ArrayLike,
    v: npt.ArrayLike,
    *,
    step: object,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    old, slope, first, second = of_one_shape(param=param, grad=grad, m=m, v=v)
    count, number = integer("step", step, 1), old.dtype.type
    new, mean, square = (np.zeros(old.shape, old.dtype) for _ in range(3))
    for i in np.ndindex(*old.shape):
        mean[i] = number(beta1) * first[i] + number(1 - beta1) * slope[i]
        square[i] = number(beta2) * second[i] + number(1 - beta2) * slope[i] * slope[i]
        mean_hat = mean[i] / number(1 - beta1**count)
        square_hat = square[i] / number(1 - beta2**count)
        new[i] = old[i] - number(lr) * mean_hat / (np.sqrt(square_hat) + number(eps))
    return new, mean, square
