"""Convolutions as products of Fourier transforms, in the inputs' own precision.

Unusual: each output's error is of the size of the largest numbers involved, not of its own terms, which is
why accuracy is declared normwise.
"""

from __future__ import annotations

import operator as op
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import fft

Array: TypeAlias = npt.NDArray[Any]
Pair: TypeAlias = tuple[int, int]
Sides: TypeAlias = tuple[Pair, Pair]


CONVENTIONS = {
    "conv1d.accuracy": "normwise",
    "conv2d.accuracy": "normwise",
    "conv_transpose2d.accuracy": "normwise",
}


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


def add_bias(y: Array, bias: npt.ArrayLike | None) -> Array:
    if bias is not None:
        _, vector = floats(y=y, bias=bias)
        same_shape("bias", vector, y.shape[1:2])
        y += vector.reshape(-1, *[1] * (y.ndim - 2))
    return y


def spectrum(x: Array, shape: Sequence[int]) -> Array:
    """Transform height and width, with zeros beyond them."""
    transform: Array = fft.rfft2(x, s=tuple(shape))
    return transform


def signal(transform: Array, shape: Sequence[int]) -> Array:
    result: Array = fft.irfft2(transform, s=tuple(shape))
    return result


def spread_out(x: Array, step: Sequence[int]) -> Array:
    """Put step − 1 zeros between neighbours."""
    result = np.zeros((*x.shape[:-2], *extents(x.shape[-2:], step)), x.dtype)
    result[..., :: step[0], :: step[1]] = x
    return result


def grouped(x: Array, groups: int, axis: int) -> Array:
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


def padded(x: Array, pads: Sides, groups: int) -> Array:
    return np.pad(grouped(x, groups, 1), [(0, 0), (0, 0), (0, 0), *pads])


# Nothing wraps around: with the image's own length, places that would are the ones where no window starts.
# In every einsum: n image, g group, f filter of the group, c channel of the group, y, x frequency.


def correlate(x: Array, weight: Array, out: Pair, step: Pair, pads: Sides, spread: Pair, groups: int) -> Array:
    """Correlate (N, C, H, W) with (F, C/groups, KH, KW)."""
    image, kernels = padded(x, pads, groups), spread_out(grouped(weight, groups, 0), spread)
    shape = image.shape[-2:]
    product = np.einsum("ngcyx,gfcyx->ngfyx", spectrum(image, shape), np.conj(spectrum(kernels, shape)), optimize=True)
    every = signal(product, shape)[..., : out[0] * step[0] : step[0], : out[1] * step[1] : step[1]]
    return every.reshape(x.shape[0], weight.shape[0], *out)


def transposed_correlate(
    slopes: Array, weight: Array, size: Pair, step: Pair, pads: Sides, spread: Pair, groups: int
) -> Array:
    """Apply the adjoint of `correlate` to (N, F, OH, OW), for an image of `size`."""
    grid, kernels = (
        spread_out(grouped(slopes, groups, 1), step),
        spread_out(grouped(weight, groups, 0), spread),
    )
    shape = size[0] + sum(pads[0]), size[1] + sum(pads[1])
    product = np.einsum("ngfyx,gfcyx->ngcyx", spectrum(grid, shape), spectrum(kernels, shape), optimize=True)
    (top, _), (left, _) = pads
    image = signal(product, shape)[..., top : top + size[0], left : left + size[1]]
    return image.reshape(slopes.shape[0], weight.shape[1] * groups, *size)


def weight_gradient(
    x: Array, slopes: Array, kernel: Sequence[int], step: Pair, pads: Sides, spread: Pair, groups: int
) -> Array:
    image, grid = padded(x, pads, groups), spread_out(grouped(slopes, groups, 1), step)
    shape, reach = image.shape[-2:], extents(kernel, spread)
    product = np.einsum("ngcyx,ngfyx->gfcyx", spectrum(image, shape), np.conj(spectrum(grid, shape)), optimize=True)
    taps = signal(product, shape)[..., : reach[0] : spread[0], : reach[1] : spread[1]]
    return taps.reshape(slopes.shape[1], x.shape[1] // groups, *kernel)


def positions(x: Array, kernel: Sequence[int], step: Pair, pads: Sides, spread: Pair) -> Pair:
    reach = extents(kernel, spread)
    room = [x.shape[2 + i] + sum(pads[i]) - reach[i] for i in (0, 1)]
    return room[0] // step[0] + 1, room[1] // step[1] + 1


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
    out = positions(image, kernels.shape[2:], step, pads, spread)
    return add_bias(correlate(image, kernels, out, step, pads, spread, parts), bias)


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
    out = positions(image, kernels.shape[2:], step, pads, spread)
    same_shape("grad_output", slope, (image.shape[0], kernels.shape[0], *out))
    size = image.shape[2], image.shape[3]
    grad_x = transposed_correlate(slope, kernels, size, step, pads, spread, parts)
    grad_weight = weight_gradient(image, slope, kernels.shape[2:], step, pads, spread, parts)
    return grad_x, grad_weight, slope.sum((0, 2, 3))


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
    out = image.shape[2], image.shape[3]
    grad_x = correlate(slope, kernels, out, step, pads, spread, parts)
    grad_weight = weight_gradient(slope, image, kernels.shape[2:], step, pads, spread, parts)
    return grad_x, grad_weight, slope.sum((0, 2, 3))
