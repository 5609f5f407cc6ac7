"""Convolutions as products of Fourier transforms, in the inputs' own precision.

Unusual: each output's error is of the size of the largest numbers involved, not of its own terms, which is
why accuracy is declared normwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from _contract_checks import Array, Pair, Sides, floats, same_shape
from _convolution_checks import add_bias, convolution, extents, grouped, positions, transposed
from _signals import on_signals
from scipy import fft

CONVENTIONS = {
    "conv1d.accuracy": "normwise",
    "conv2d.accuracy": "normwise",
    "conv_transpose2d.accuracy": "normwise",
}


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
    out = image.shape[2], image.shape[3]
    grad_x = correlate(slope, kernels, out, step, pads, spread, parts)
    grad_weight = weight_gradient(slope, image, kernels.shape[2:], step, pads, spread, parts)
    return grad_x, grad_weight, slope.sum((0, 2, 3))
