"""Cross-correlation as a matrix product: one linear map, its transpose, and its other factor.

A correlation is linear in the images and linear in the filters. Both convolutions and both of their
backward passes are therefore three products of the same two matrices, the filters and the columns:

    correlate                 y = weight · columns(x)
    correlate_transposed      x = columnsᵀ(weightᵀ · y)
    correlate_filters         weight = y · columns(x)ᵀ

Images are x (N, C, H, W), outputs y (N, F, OH, OW), filters weight (F, C / groups, KH, KW). The columns are
those of `im2col`, kept apart by image and by group: (N, groups, C / groups · KH·KW, OH·OW). They hold every pixel
up to KH·KW times, so they are never there all at once: each map goes through the windows in tiles.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from refcnn._blocks import blocks
from refcnn._checks import FloatArray
from refcnn._windows import Axes, cells


class Tile(NamedTuple):
    """Some windows of some images: the columns that are in work at a time."""

    images: slice
    outputs: slice  # of the OH·OW windows of an image
    axes: Axes


def tiles(x_shape: tuple[int, ...], itemsize: int, axes: Axes) -> Iterator[Tile]:
    """Cut the windows into tiles of about a block: several images, or some rows of an image that is too large."""
    N, C = x_shape[:2]
    rows, columns = axes
    row_bytes = C * rows.kernel * columns.kernel * columns.outputs * itemsize
    for part in blocks(rows.outputs, row_bytes):
        outputs = slice(part.start * columns.outputs, part.stop * columns.outputs)
        for images in blocks(N, row_bytes * (part.stop - part.start)):
            yield Tile(images, outputs, (rows.part(part), columns))


def columns_of(x: FloatArray, tile: Tile, groups: int) -> FloatArray:
    """Write the windows of a tile as columns, with 0 for what lies in the padding."""
    rows, columns = tile.axes
    x = x[tile.images]
    N, C = x.shape[:2]
    windows = np.zeros((N, C, rows.kernel, columns.kernel, rows.outputs, columns.outputs), x.dtype)
    for (i, j), outputs, pixels in cells(tile.axes):
        windows[:, :, i, j][outputs] = x[pixels]
    return windows.reshape(N, groups, C // groups * rows.kernel * columns.kernel, rows.outputs * columns.outputs)


def correlate(x: FloatArray, weight: FloatArray, bias: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Return y[n, f, oh, ow] = bias[f] + Σ weight[f, c, kh, kw] · window[n, c, kh, kw, oh, ow] over c, kh, kw."""
    N, F = len(x), len(weight)
    y = np.empty((N, F, *(axis.outputs for axis in axes)), x.dtype)
    filters, outputs = _by_group(weight, groups), _as_columns(y, groups)
    biases = np.broadcast_to(bias, F).reshape(groups, F // groups, 1)
    for tile in tiles(x.shape, x.itemsize, axes):
        part = outputs[tile.images, :, :, tile.outputs]
        # (groups, F/groups, C/groups·KH·KW) @ (N, groups, C/groups·KH·KW, OH·OW), summed within each image
        np.matmul(filters, columns_of(x, tile, groups), out=part)
        part += biases
    return y


def correlate_transposed(y: FloatArray, weight: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Return x, where every y[n, f, oh, ow] adds y · weight[f] to its window."""
    N, C = len(y), weight.shape[1] * groups
    x = np.zeros((N, C, *(axis.size for axis in axes)), y.dtype)
    filters, outputs = _by_group(weight, groups).transpose(0, 2, 1), _as_columns(y, groups)
    for tile in tiles(x.shape, x.itemsize, axes):
        # (groups, C/groups·KH·KW, F/groups) @ (N, groups, F/groups, OH·OW)
        columns = filters @ outputs[tile.images, :, :, tile.outputs]
        add_columns(columns, x[tile.images], tile.axes)
    return x


def correlate_filters(y: FloatArray, x: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Return weight[f, c, kh, kw] = Σ y[n, f, oh, ow] · window[n, c, kh, kw, oh, ow] over n, oh, ow."""
    C, F = x.shape[1], y.shape[1]
    weight = np.zeros((F, C // groups, *(axis.kernel for axis in axes)), x.dtype)
    filters, outputs = _by_group(weight, groups), _as_columns(y, groups)
    for tile in tiles(x.shape, x.itemsize, axes):
        part = outputs[tile.images, :, :, tile.outputs]
        # (N, groups, F/groups, OH·OW) @ (N, groups, OH·OW, C/groups·KH·KW), then the sum over the batch
        filters += (part @ columns_of(x, tile, groups).transpose(0, 1, 3, 2)).sum(axis=0)
    return weight


def add_columns(columns: FloatArray, x: FloatArray, axes: Axes) -> None:
    """Add columns to the pixels of `x` that they show: the transpose of `columns_of`."""
    rows, cols = axes
    windows = columns.reshape(*x.shape[:2], rows.kernel, cols.kernel, rows.outputs, cols.outputs)
    for (i, j), outputs, pixels in cells(axes):
        x[pixels] += windows[:, :, i, j][outputs]


def _by_group(weight: FloatArray, groups: int) -> FloatArray:
    """View filters (F, C / groups, KH, KW) as matrices (groups, F / groups, C / groups · KH·KW)."""
    F, depth, KH, KW = weight.shape
    return weight.reshape(groups, F // groups, depth * KH * KW)


def _as_columns(y: FloatArray, groups: int) -> FloatArray:
    """View outputs (N, F, OH, OW) as matrices (N, groups, F / groups, OH·OW)."""
    N, F, OH, OW = y.shape
    return y.reshape(N, groups, F // groups, OH * OW)
