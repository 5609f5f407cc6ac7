"""Cross-correlation as a matrix product: one linear map, its transpose, and its other factor.

A correlation is linear in the images and linear in the filters. Both convolutions and both of their
backward passes are therefore three products of the same two matrices, the filters and the columns:

    correlate                 y = weight · columns(x)
    correlate_transposed      x = columnsᵀ(weightᵀ · y)
    correlate_filters         weight = y · columns(x)ᵀ

Images are x (N, C, H, W), outputs y (N, F, OH, OW), filters weight (F, C / groups, KH, KW). The columns are
those of `im2col`, kept apart by image and by group: (N, groups, C / groups · KH·KW, OH·OW).
"""

import numpy as np

from refcnn._checks import FloatArray
from refcnn._windows import Axes, add_windows, windows


def columns(x: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Write the windows of each image and group as columns."""
    cells = windows(x, axes)
    N, C, KH, KW, OH, OW = cells.shape
    return np.asarray(cells.reshape(N, groups, C // groups * KH * KW, OH * OW))


def correlate(x: FloatArray, weight: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Return y[n, f, oh, ow] = Σ weight[f, c, kh, kw] · window[n, c, kh, kw, oh, ow] over c, kh, kw."""
    F, depth, KH, KW = weight.shape
    filters = weight.reshape(groups, F // groups, depth * KH * KW)
    # (groups, F/groups, C/groups·KH·KW) @ (N, groups, C/groups·KH·KW, OH·OW), summed within each image
    y = filters @ columns(x, axes, groups)
    return y.reshape(len(x), F, *(axis.outputs for axis in axes))


def correlate_transposed(y: FloatArray, weight: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Return x, where every y[n, f, oh, ow] adds y · weight[f] to its window."""
    F, depth, KH, KW = weight.shape
    N, _, OH, OW = y.shape
    filters = weight.reshape(groups, F // groups, depth * KH * KW)
    outputs = y.reshape(N, groups, F // groups, OH * OW)
    # (groups, C/groups·KH·KW, F/groups) @ (N, groups, F/groups, OH·OW)
    cells = filters.transpose(0, 2, 1) @ outputs
    return add_windows(cells.reshape(N, groups * depth, KH, KW, OH, OW), axes)


def correlate_filters(y: FloatArray, x: FloatArray, axes: Axes, groups: int) -> FloatArray:
    """Return weight[f, c, kh, kw] = Σ y[n, f, oh, ow] · window[n, c, kh, kw, oh, ow] over n, oh, ow."""
    N, F, OH, OW = y.shape
    outputs = y.reshape(N, groups, F // groups, OH * OW)
    # (N, groups, F/groups, OH·OW) @ (N, groups, OH·OW, C/groups·KH·KW), then the sum over the batch
    filters = (outputs @ columns(x, axes, groups).transpose(0, 1, 3, 2)).sum(axis=0)
    return np.asarray(filters.reshape(F, x.shape[1] // groups, *(axis.kernel for axis in axes)))
