"""Pooling from its definition: look at the pixels of each window, one window at a time where order matters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.oracle import bounds
from conformance.oracle.answer import Answer, Problem
from conformance.oracle.geometry import Axis, add_windows, sliding_axes, window_mask, windows

Array = NDArray[Any]


def pool_axes(problem: Problem) -> list[Axis]:
    """Return the axes of the windows."""
    kernel_size = problem.attributes["kernel_size"]
    kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return sliding_axes(problem.arrays["x"].shape[2:], kernel, problem.attributes, pooling=True)


def max_pool2d(problem: Problem) -> tuple[Answer, ...]:
    """Return the largest pixel of each window; NaN wins, a window without a pixel gives minus infinity."""
    cells = windows(problem.arrays["x"], pool_axes(problem), outside=-np.inf)
    largest = np.max(cells, axis=(3, 5))
    # Where subnormal numbers count as 0, none of them is larger than another.
    subnormal = (np.abs(largest) < problem.rounding.tiny) & (largest != 0)
    return (Answer(largest, np.where(subnormal, 2 * problem.rounding.tiny, 0.0)),)


def max_pool2d_backward(problem: Problem) -> tuple[Answer, ...]:
    """Give each window's gradient to the first pixel of ``maximal_cells`` in row-major order."""
    grad = problem.arrays["grad_output"]
    axes = pool_axes(problem)
    maximal = maximal_cells(problem)
    N, C, OH, KH, OW, KW = maximal.shape
    in_order = maximal.transpose(0, 1, 2, 4, 3, 5).reshape(N, C, OH, OW, KH * KW)
    first = in_order & (np.cumsum(in_order, axis=-1) == 1)
    chosen = first.reshape(N, C, OH, OW, KH, KW).transpose(0, 1, 2, 4, 3, 5)
    routed = np.where(chosen, grad[:, :, :, None, :, None], 0.0)
    # At most one term of each window that covers the pixel.
    magnitude = add_windows(np.abs(routed), axes)
    return (Answer(add_windows(routed, axes), bounds.sum_of_products(problem.rounding, KH * KW, magnitude)),)


def maximal_cells(problem: Problem) -> NDArray[np.bool_]:
    """Return which cells of each window are pixels that equal its maximum: (N, C, OH, KH, OW, KW)."""
    axes = pool_axes(problem)
    cells = windows(problem.arrays["x"], axes, outside=-np.inf)
    top = np.max(cells, axis=(3, 5), keepdims=True)
    same = np.where(np.isnan(top), np.isnan(cells), cells == top)
    return np.asarray(same & window_mask(axes))


def avg_pool2d(problem: Problem) -> tuple[Answer, ...]:
    """Divide the sum of each window by the number of its cells that count."""
    x = problem.arrays["x"]
    axes = pool_axes(problem)
    cells = divisors(problem)
    value = windows(x, axes).sum(axis=(3, 5)) / cells
    magnitude = windows(np.abs(x), axes).sum(axis=(3, 5)) / cells
    return (Answer(value, bounds.average(problem.rounding, cells, magnitude)),)


def avg_pool2d_backward(problem: Problem) -> tuple[Answer, ...]:
    """Give every pixel of a window the window's gradient divided by the same number."""
    axes = pool_axes(problem)
    share = problem.arrays["grad_output"] / divisors(problem)
    vertical, horizontal = axes
    shape = (*share.shape[:2], vertical.outputs, vertical.kernel, horizontal.outputs, horizontal.kernel)
    cells = np.broadcast_to(share[:, :, :, None, :, None], shape)
    overlap = vertical.kernel * horizontal.kernel
    magnitude = add_windows(np.abs(cells), axes)
    return (Answer(add_windows(cells, axes), bounds.average(problem.rounding, overlap, magnitude)),)


def divisors(problem: Problem) -> Array:
    """Return how many cells of each window count: those inside the padded image, or inside the image."""
    vertical, horizontal = pool_axes(problem)
    if problem.attributes["count_include_pad"]:
        rows, columns = vertical.inside_padded, horizontal.inside_padded
    else:
        rows, columns = vertical.inside, horizontal.inside
    return np.outer(rows.sum(axis=1), columns.sum(axis=1)).astype(np.float64)


def global_avg_pool2d(problem: Problem) -> tuple[Answer, ...]:
    """Return the mean of each image."""
    x = problem.arrays["x"]
    pixels = x.shape[2] * x.shape[3]
    magnitude = np.abs(x).sum(axis=(2, 3), keepdims=True) / pixels
    value = x.sum(axis=(2, 3), keepdims=True) / pixels
    return (Answer(value, bounds.average(problem.rounding, pixels, magnitude)),)


def global_avg_pool2d_backward(problem: Problem) -> tuple[Answer, ...]:
    """Give every pixel an equal share."""
    x = problem.arrays["x"]
    share = np.broadcast_to(problem.arrays["grad_output"] / (x.shape[2] * x.shape[3]), x.shape)
    return (Answer(share, bounds.average(problem.rounding, 1, np.abs(share))),)
