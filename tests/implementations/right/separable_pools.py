"""Pools as two passes, first along the rows and then along the columns.

Unusual: a mean is divided twice; the first maximum in row-major order is the first row's that has one, and its first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _door import Array, Pair, add_at, pair, sides

import refcnn


def line(size: int, out: int, kernel: int, step: int, spread: int, before: int) -> tuple[Array, Array]:
    """Say which pixel (OUT, K) each window meets in each cell of one axis, and whether there is one."""
    pixels = np.arange(out)[:, None] * step + np.arange(kernel) * spread - before
    return np.clip(pixels, 0, size - 1), (pixels >= 0) & (pixels < size)


def lines(x: Array, out: Pair, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> list[tuple[Array, Array]]:
    kernel = pair(kernel_size)
    step = kernel if stride is None else pair(stride)
    spread, pads = pair(dilation), sides(padding)
    return [line(x.shape[2 + i], out[i], kernel[i], step[i], spread[i], pads[i][0]) for i in (0, 1)]


def first_maximum(values: Array, known: Array) -> tuple[Array, Array]:
    """Return the first maximum along the last axis, or the first NaN, and where it is; cells not known never win."""
    shown = np.where(known, values, -np.inf)
    highest = shown.max(axis=-1, keepdims=True)
    wins = known & ((shown == highest) | (np.isnan(highest) & np.isnan(shown)))
    return highest[..., 0].astype(values.dtype), wins.argmax(axis=-1)


def picked(values: Array, places: Array) -> Array:
    """Take one number of each row of ``values``, which broadcast."""
    rows = np.broadcast_to(values, (*places.shape, values.shape[-1]))
    return np.asarray(np.take_along_axis(rows, places[..., None], -1)[..., 0])


def maxima(x: Array, out: Pair, how: tuple[Any, ...]) -> tuple[Array, Array, Array, Array]:
    """Return the maximum of each window, its row and its column, and whether the window has a pixel."""
    (rows, rows_known), (columns, columns_known) = lines(x, out, *how)
    # (n, c, h, p, m): along the rows, then (n, c, o, p, k) along the columns
    across, which = first_maximum(x[:, :, :, columns], columns_known)
    known = rows_known[:, None, :] & np.any(columns_known, axis=1)[None, :, None]
    highest, k = first_maximum(across[:, :, rows].swapaxes(3, 4), known)
    row = picked(rows[:, None], k)
    column = np.take_along_axis(picked(columns, which), row, axis=2)
    return highest, row, column, np.asarray(np.any(known, axis=-1))


def max_pool2d(
    x: Array, kernel_size: Any, *, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Array:
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    shape = refcnn.max_pool2d(x[:0], kernel_size, ceil_mode=ceil_mode, **how).shape
    return maxima(x, pair(shape[2:]), (kernel_size, stride, padding, dilation))[0]


def max_pool2d_backward(
    grad_output: Array, x: Array, kernel_size: Any, *, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Array:
    how = {"stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    refcnn.max_pool2d_backward(grad_output, x, kernel_size, **how)
    out = pair(grad_output.shape[2:])
    _, row, column, known = maxima(x, out, (kernel_size, stride, padding, dilation))
    n, c = np.ogrid[: len(x), : x.shape[1]]
    grad_x = np.zeros(x.shape, x.dtype)
    add_at(grad_x, (n[..., None, None], c[..., None, None], row, column), np.where(known, grad_output, 0))
    return grad_x


def counts(x: Array, out: Pair, how: tuple[Any, ...], count_include_pad: bool) -> list[Array]:
    """Count the cells of each window along each axis: those in the image, or in the padded one."""
    kernel_size, stride, padding = how
    if not count_include_pad:
        return [known.sum(axis=1).astype(x.dtype) for _, known in lines(x, out, kernel_size, stride, padding, 1)]
    kernel = pair(kernel_size)
    step = kernel if stride is None else pair(stride)
    ends = [x.shape[2 + i] + sum(sides(padding)[i]) for i in (0, 1)]
    return [np.minimum(kernel[i], ends[i] - np.arange(out[i]) * step[i]).astype(x.dtype) for i in (0, 1)]


def avg_pool2d(
    x: Array,
    kernel_size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    how = kernel_size, stride, padding
    out = pair(refcnn.avg_pool2d(x[:0], kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode).shape[2:])
    (rows, rows_known), (columns, columns_known) = lines(x, out, *how, 1)
    vertical, horizontal = counts(x, out, how, count_include_pad)
    across = np.where(columns_known, x[:, :, :, columns], 0).sum(axis=-1) / horizontal
    down = np.where(rows_known[..., None], across[:, :, rows], 0).sum(axis=3)
    return np.asarray(down / vertical[:, None], x.dtype)


def avg_pool2d_backward(
    grad_output: Array,
    x: Array,
    kernel_size: Any,
    *,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Array:
    how = kernel_size, stride, padding
    attributes = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
    refcnn.avg_pool2d_backward(grad_output, x, kernel_size, **attributes)
    out = pair(grad_output.shape[2:])
    (rows, rows_known), (columns, columns_known) = lines(x, out, *how, 1)
    vertical, horizontal = counts(x, out, how, count_include_pad)
    shares = grad_output / vertical[:, None] / horizontal
    down = np.zeros((*x.shape[:3], out[1]), x.dtype)
    for k in range(rows.shape[1]):
        add_at(down, (slice(None), slice(None), rows[:, k]), np.where(rows_known[:, k, None], shares, 0))
    grad_x = np.zeros(x.shape, x.dtype)
    for m in range(columns.shape[1]):
        add_at(grad_x, (..., columns[:, m]), np.where(columns_known[:, m], down, 0))
    return grad_x
