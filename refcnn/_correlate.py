"""Cross-correlation as a matrix product: one linear map, its transpose, and its other factor.

A correlation is linear in the images and linear in the filters. Both convolutions and both of their
backward passes are therefore three products of the same two matrices, the filters and the columns:

    correlate                 y = weight · columns(x)
    correlate_transposed      x = columnsᵀ(weightᵀ · y)
    correlate_filters         weight = y · columns(x)ᵀ

Images are x (N, C, H, W), outputs y (N, F, OH, OW), filters weight (F, C / groups, KH, KW). The columns are those
of `im2col`, one a window, kept apart by group: (groups, C / groups · KH·KW, N·OH·OW). They hold every pixel up to
KH·KW times, so they are never there all at once: each map goes through the windows in tiles, one product a tile.
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
    rows: slice  # of the OH rows of windows of an image
    axes: Axes


def tiles(x: FloatArray, F: int, axes: Axes) -> Iterator[Tile]:
    """Cut the windows into tiles whose columns, with the outputs that belong to them, make about a block.

    A tile is several images, or some rows of outputs of one that is too large.
    """
    N, C = x.shape[:2]
    rows, columns = axes
    row_bytes = (C * rows.kernel * columns.kernel + F) * columns.outputs * x.itemsize
    for part in blocks(rows.outputs, row_bytes):
        for images in blocks(N, row_bytes * rows.outputs):
            yield Tile(images, part, (rows.part(part), columns))


def correlate(x: FloatArray, weight: FloatArray, bias: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Return y[n, f, oh, ow] = bias[f] + Σ weight[f, c, kh, kw] · window[n, c, kh, kw, oh, ow] over c, kh, kw."""
    N, F = len(x), len(weight)
    y = np.empty((N, F, *(axis.outputs for axis in axes)), x.dtype)
    biases = np.broadcast_to(bias, F).reshape(groups, F // groups, 1, 1)
    for tile in tiles(x, F, axes):
        part = _outputs_of(y, tile, groups)
        # (groups, F/groups, C/groups·KH·KW) @ (groups, C/groups·KH·KW, N·OH·OW)
        product = _by_group(weight, groups) @ _columns_of(x, tile, groups)
        np.add(product.reshape(part.shape), biases, out=part)
    return y


def correlate_transposed(y: FloatArray, weight: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Return x, where every y[n, f, oh, ow] adds y · weight[f] to its window."""
    F, depth = weight.shape[:2]
    x = np.zeros((len(y), depth * groups, *(axis.size for axis in axes)), y.dtype)
    for tile in tiles(x, F, axes):
        # (groups, C/groups·KH·KW, F/groups) @ (groups, F/groups, N·OH·OW)
        product = _by_group(weight, groups).transpose(0, 2, 1) @ _flat(_outputs_of(y, tile, groups))
        _add_columns(product, x, tile)
    return x


def correlate_filters(y: FloatArray, x: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Return weight[f, c, kh, kw] = Σ y[n, f, oh, ow] · window[n, c, kh, kw, oh, ow] over n, oh, ow."""
    C, F = x.shape[1], y.shape[1]
    weight = np.zeros((F, C // groups, *(axis.kernel for axis in axes)), x.dtype)
    filters = _by_group(weight, groups)
    for tile in tiles(x, F, axes):
        # (groups, F/groups, N·OH·OW) @ (groups, N·OH·OW, C/groups·KH·KW)
        filters += _flat(_outputs_of(y, tile, groups)) @ _columns_of(x, tile, groups).transpose(0, 2, 1)
    return weight


def _columns_of(x: FloatArray, tile: Tile, groups: int) -> FloatArray:
    """Write the windows of a tile as columns, with 0 for what lies in the padding."""
    rows, columns = tile.axes
    channels = x[tile.images].transpose(1, 0, 2, 3)  # (C, N, H, W)
    C, N = channels.shape[:2]
    written_whole = rows.within and columns.within  # else 0 is left where a window shows padding
    allocate = np.empty if written_whole else np.zeros
    windows = allocate((C, rows.kernel, columns.kernel, N, rows.outputs, columns.outputs), x.dtype)
    for (i, j), outputs, pixels in cells(tile.axes):
        windows[:, i, j][outputs] = channels[pixels]
    return windows.reshape(groups, C // groups * rows.kernel * columns.kernel, N * rows.outputs * columns.outputs)


def _add_columns(product: FloatArray, x: FloatArray, tile: Tile) -> None:
    """Add columns to the pixels that they show: the transpose of `_columns_of`."""
    rows, columns = tile.axes
    channels = x[tile.images].transpose(1, 0, 2, 3)  # (C, N, H, W), still the memory of x
    C, N = channels.shape[:2]
    windows = product.reshape(C, rows.kernel, columns.kernel, N, rows.outputs, columns.outputs)
    for (i, j), outputs, pixels in cells(tile.axes):
        channels[pixels] += windows[:, i, j][outputs]


def _by_group(weight: FloatArray, groups: int) -> FloatArray:
    """View filters (F, C / groups, KH, KW) as matrices (groups, F / groups, C / groups · KH·KW)."""
    F, depth, KH, KW = weight.shape
    return weight.reshape(groups, F // groups, depth * KH * KW)


def _outputs_of(y: FloatArray, tile: Tile, groups: int) -> FloatArray:
    """View the outputs (N, F, OH, OW) of a tile as (groups, F / groups, N, OH·OW)."""
    part = y[tile.images, :, tile.rows]
    N, F, OH, OW = part.shape
    # A view, for a tile has all rows or one image alone; of an array of another layout, a copy of the tile.
    return part.reshape(N, groups, F // groups, OH * OW).transpose(1, 2, 0, 3)


def _flat(outputs: FloatArray) -> FloatArray:
    """Write outputs (groups, F / groups, N, OH·OW) as matrices (groups, F / groups, N·OH·OW)."""
    groups, filters, N, windows = outputs.shape
    return outputs.reshape(groups, filters, N * windows)
