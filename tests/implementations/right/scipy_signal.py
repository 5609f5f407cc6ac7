"""Convolutions by `scipy.signal`, one kernel at a time.

Unusual: it knows neither strides nor dilation, so that kernels get zeros between their cells and outputs are left out.
"""

from __future__ import annotations

import numpy as np
import scipy.signal
from _door import Array, Pair, convolutions, kernel_of


def spaced(cells: Array, gaps: Pair) -> Array:
    """Put zeros between the cells of the last two axes."""
    size = [(n - 1) * gap + 1 for n, gap in zip(cells.shape[-2:], gaps, strict=True)]
    result = np.zeros((*cells.shape[:-2], *size), cells.dtype)
    result[..., :: gaps[0], :: gaps[1]] = cells
    return result


def valid(array: Array, kernel: Array) -> Array:
    """Correlate over all axes; an array without numbers, of which scipy makes one without axes, gives zeros."""
    if array.size and kernel.size:
        return np.asarray(scipy.signal.correlate(array, kernel, mode="valid", method="direct"))
    return np.zeros([max(0, n - k + 1) for n, k in zip(array.shape, kernel.shape, strict=True)], array.dtype)


def correlate(image: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    # All channels in one: (N, C, H, W) under (1, C, KH, KW) gives (N, 1, OH, OW).
    filters = [valid(image, kernel[None]) for kernel in spaced(weight, spread)]
    return np.concatenate(filters, axis=1)[:, :, :: step[0], :: step[1]]


def scatter(slope: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    kernels = spaced(weight, spread)
    around = [(n - 1, n - 1) for n in kernels.shape[2:]]
    slopes = np.pad(spaced(slope, step), ((0, 0), (0, 0), *around))
    # (N, F, ...) under (1, F, KH, KW), which is flipped, gives (N, 1, H, W).
    channels = [valid(slopes, kernels[None, :, c, ::-1, ::-1]) for c in range(weight.shape[1])]
    return np.concatenate(channels, axis=1)


def weigh(image: Array, slope: Array, step: Pair, spread: Pair) -> Array:
    slopes = spaced(slope, step)
    if len(image) == 0:
        return np.zeros((slope.shape[1], image.shape[1], *kernel_of(image, slope, step, spread)), image.dtype)
    # (N, C, H, W) under (N, 1, ...) gives (1, C, KH, KW).
    filters = [valid(image, slopes[:, f, None]) for f in range(slope.shape[1])]
    return np.concatenate(filters)[:, :, :: spread[0], :: spread[1]]


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions(
    correlate, scatter, weigh
)
