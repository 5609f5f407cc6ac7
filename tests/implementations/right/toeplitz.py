"""Convolutions as one matrix for the whole map: y = T x and grad_x = Tᵀ grad_y, with T doubly block Toeplitz.

Unusual: most of the terms of each sum are products with zero.
"""

from __future__ import annotations

import numpy as np
from _door import Array, Pair, convolutions, kernel_of, outputs, pair, spanned


def positions(size: Pair, kernel: Pair, step: Pair, spread: Pair, out: Pair) -> Array:
    """Number the pixel that each cell of the kernel meets in each window: (OH·OW, KH·KW)."""
    rows = np.arange(out[0])[:, None] * step[0] + np.arange(kernel[0]) * spread[0]
    columns = np.arange(out[1])[:, None] * step[1] + np.arange(kernel[1]) * spread[1]
    # o, p, k, l
    pixels = rows[:, None, :, None] * size[1] + columns[None, :, None, :]
    return pixels.reshape(out[0] * out[1], kernel[0] * kernel[1])


def matrix(weight: Array, size: Pair, step: Pair, spread: Pair, out: Pair) -> Array:
    """Write the weight into the map from all pixels to all outputs: (F·OH·OW, C·H·W)."""
    F, C, KH, KW = weight.shape
    pixels = positions(size, (KH, KW), step, spread, out)
    result = np.zeros((F, len(pixels), C, size[0] * size[1]), weight.dtype)
    for window, met in enumerate(pixels):
        result[:, window, :, met] = weight.reshape(F, C, KH * KW).transpose(2, 0, 1)
    return result.reshape(F * len(pixels), C * size[0] * size[1])


def correlate(image: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    size = pair(image.shape[2:])
    out = outputs(image, pair(weight.shape[2:]), step, spread)
    pixels = image.reshape(len(image), image.shape[1] * size[0] * size[1])
    return np.reshape(pixels @ matrix(weight, size, step, spread, out).T, (len(image), len(weight), *out))


def scatter(slope: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    out = pair(slope.shape[2:])
    size = spanned(out, pair(weight.shape[2:]), step, spread)
    rows = slope.reshape(len(slope), len(weight) * out[0] * out[1])
    pixels = rows @ matrix(weight, size, step, spread, out)
    return np.reshape(pixels, (len(slope), weight.shape[1], *size))


def weigh(image: Array, slope: Array, step: Pair, spread: Pair) -> Array:
    """Take the gradient of the whole matrix, and add up the cells that hold the same weight."""
    kernel, out = kernel_of(image, slope, step, spread), pair(slope.shape[2:])
    (N, C, H, W), F = image.shape, slope.shape[1]
    whole = slope.reshape(N, F * out[0] * out[1]).T @ image.reshape(N, C * H * W)
    pixels = positions((H, W), kernel, step, spread, out)
    by_window = whole.reshape(F, len(pixels), C, H * W)
    weight = np.zeros((kernel[0] * kernel[1], F, C), image.dtype)
    for window, met in enumerate(pixels):
        weight += by_window[:, window, :, met]
    return weight.transpose(1, 2, 0).reshape(F, C, *kernel)


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions(
    correlate, scatter, weigh
)
