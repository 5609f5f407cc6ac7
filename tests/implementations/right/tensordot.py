"""Convolutions as `numpy.tensordot`: the windows against the kernel, without a matrix of columns."""

from __future__ import annotations

import numpy as np
from _door import Array, Pair, cell, convolutions, kernel_of, pair, spanned, windows


def correlate(image: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    seen = windows(image, pair(weight.shape[2:]), step, spread)
    # (n, c, o, p, k, l) and (f, c, k, l) meet in c, k, l: (n, o, p, f)
    return np.tensordot(seen, weight, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)


def scatter(slope: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    out, kernel = pair(slope.shape[2:]), pair(weight.shape[2:])
    image = np.zeros((len(slope), weight.shape[1], *spanned(out, kernel, step, spread)), slope.dtype)
    # (n, f, o, p) and (f, c, k, l) meet in f: (n, o, p, c, k, l), to be read as (k, l, n, c, o, p)
    spilt = np.tensordot(slope, weight, axes=(1, 0)).transpose(4, 5, 0, 3, 1, 2)
    for place in np.ndindex(*kernel):
        image[cell(pair(place), out, step, spread)] += spilt[place]
    return image


def weigh(image: Array, slope: Array, step: Pair, spread: Pair) -> Array:
    seen = windows(image, kernel_of(image, slope, step, spread), step, spread)
    # (n, f, o, p) and (n, c, o, p, k, l) meet in n, o, p: (f, c, k, l)
    return np.tensordot(slope, seen, axes=((0, 2, 3), (0, 2, 3)))


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions(
    correlate, scatter, weigh
)
