"""Convolutions without windows: the whole image is shifted under each cell of the kernel, scaled and added.

Unusual: channels and filters are loops, and the sum runs over the cells first and over the channels last.
"""

from __future__ import annotations

import numpy as np
from _door import Array, Pair, cell, convolutions, kernel_of, outputs, pair, spanned


def correlate(image: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    kernel = pair(weight.shape[2:])
    out = outputs(image, kernel, step, spread)
    y = np.zeros((len(image), len(weight), *out), image.dtype)
    for c in range(weight.shape[1]):
        for k, m in np.ndindex(*kernel):
            shifted = image[:, c][cell((k, m), out, step, spread)]
            y += weight[:, c, k, m].reshape(-1, 1, 1) * shifted[:, None]
    return y


def scatter(slope: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    out, kernel = pair(slope.shape[2:]), pair(weight.shape[2:])
    image = np.zeros((len(slope), weight.shape[1], *spanned(out, kernel, step, spread)), slope.dtype)
    for f in range(len(weight)):
        for k, m in np.ndindex(*kernel):
            image[cell((k, m), out, step, spread)] += weight[f, :, k, m].reshape(-1, 1, 1) * slope[:, f, None]
    return image


def weigh(image: Array, slope: Array, step: Pair, spread: Pair) -> Array:
    kernel, out = kernel_of(image, slope, step, spread), pair(slope.shape[2:])
    weight = np.zeros((slope.shape[1], image.shape[1], *kernel), image.dtype)
    for k, m in np.ndindex(*kernel):
        shifted = image[cell((k, m), out, step, spread)]
        for n in range(len(image)):
            # (f, 1, o, p) and (1, c, o, p), added over o and p
            weight[:, :, k, m] += (slope[n, :, None] * shifted[n]).sum(axis=(2, 3))
    return weight


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions(
    correlate, scatter, weigh
)
