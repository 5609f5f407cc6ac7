"""im2col by tables of indices, as courses teach it, and convolutions as matrix products over it.

Unusual: the tables are remembered from call to call, and all calls share one workspace; neither may show.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from _door import Array, Pair, add_at, convolutions, kernel_of, outputs, pair, sides, spanned

import refcnn

Table = tuple[Array, Array, Array]


@cache
def table(channels: int, out: Pair, kernel: Pair, step: Pair, spread: Pair) -> Table:
    """Say which channel, row and column each cell of the matrix (OH·OW, C·KH·KW) is read from."""
    o, p, c, k, m = np.indices((*out, channels, *kernel))
    shape = (out[0] * out[1], channels * kernel[0] * kernel[1])
    rows, columns = o * step[0] + k * spread[0], p * step[1] + m * spread[1]
    return c.reshape(shape), rows.reshape(shape), columns.reshape(shape)


class Workspace:
    """Memory that grows and is used again."""

    def __init__(self) -> None:
        self.memory = np.zeros(0, np.uint8)

    def zeros(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        count = int(np.prod(shape)) * dtype.itemsize
        if self.memory.size < count:
            self.memory = np.zeros(count, np.uint8)
        array = self.memory[:count].view(dtype).reshape(shape)
        array[...] = 0
        return array


WORKSPACE = Workspace()


def gathered(image: Array, kernel: Pair, step: Pair, spread: Pair) -> Array:
    """Return (N, OH·OW, C·KH·KW)."""
    c, h, w = table(image.shape[1], outputs(image, kernel, step, spread), kernel, step, spread)
    return np.asarray(image[:, c, h, w])


def spilt(cells: Array, channels: int, out: Pair, kernel: Pair, step: Pair, spread: Pair) -> Array:
    """Add (N, OH·OW, C·KH·KW) back onto images."""
    size = spanned(out, kernel, step, spread)
    image = WORKSPACE.zeros((len(cells), channels, *size), cells.dtype)
    add_at(image, (slice(None), *table(channels, out, kernel, step, spread)), cells)
    return image.copy()


def im2col(x: Array, kernel_size: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Array:
    refcnn.im2col(x[:0], kernel_size, stride=stride, padding=padding, dilation=dilation)
    padded = np.pad(x, ((0, 0), (0, 0), *sides(padding)))
    cells = gathered(padded, pair(kernel_size), pair(stride), pair(dilation))
    return cells.reshape(len(x) * cells.shape[1], cells.shape[2])


def col2im(
    cols: Array, input_shape: Any, kernel_size: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Array:
    refcnn.col2im(cols, input_shape, kernel_size, stride=stride, padding=padding, dilation=dilation)
    (N, C, H, W), ((top, bottom), (left, right)) = input_shape, sides(padding)
    kernel, step, spread = pair(kernel_size), pair(stride), pair(dilation)
    padded = WORKSPACE.zeros((N, C, H + top + bottom, W + left + right), cols.dtype)
    where = table(C, outputs(padded, kernel, step, spread), kernel, step, spread)
    add_at(padded, (slice(None), *where), cols.reshape(N, *where[0].shape))
    return padded[:, :, top : top + H, left : left + W].copy()


def correlate(image: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    kernel = pair(weight.shape[2:])
    cells = gathered(image, kernel, step, spread)
    y = cells @ weight.reshape(len(weight), cells.shape[2]).T
    return np.swapaxes(y, 1, 2).reshape(len(image), len(weight), *outputs(image, kernel, step, spread))


def scatter(slope: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    (N, F, OH, OW), kernel = slope.shape, pair(weight.shape[2:])
    rows = slope.reshape(N, F, OH * OW).swapaxes(1, 2)
    cells = rows @ weight.reshape(F, weight.shape[1] * kernel[0] * kernel[1])
    return spilt(cells, weight.shape[1], (OH, OW), kernel, step, spread)


def weigh(image: Array, slope: Array, step: Pair, spread: Pair) -> Array:
    N, F, OH, OW = slope.shape
    kernel = kernel_of(image, slope, step, spread)
    cells = gathered(image, kernel, step, spread)
    products = np.sum(slope.reshape(N, F, OH * OW) @ cells, axis=0)
    return np.reshape(products, (F, image.shape[1], *kernel))


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions(
    correlate, scatter, weigh
)
