"""Windows as a matrix, and back, on PyTorch's kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
from torch.nn import functional

from conformance.adapters._arguments import Array, per_axis, rank, shape
from conformance.adapters._torch_bridge import array, last_axis_first, tensors
from conformance.adapters._windows import Walk, windows


def _fold(walk: Walk) -> dict[str, Any]:
    """Name what functional.unfold and functional.fold share."""
    return {"kernel_size": walk.kernel, "stride": walk.stride, "dilation": walk.dilation}


def im2col(
    x: npt.ArrayLike, kernel_size: object, *, stride: object = 1, padding: object = 0, dilation: object = 1
) -> Array:
    """Lay each window out as a row: functional.unfold, which has them as columns of one matrix an image."""
    (image,) = tensors("im2col", x=x)
    rank("im2col", "x", image, 4)
    walk = windows("im2col", image.shape[2:], kernel_size, stride=stride, padding=padding, dilation=dilation)
    columns = functional.unfold(functional.pad(image, last_axis_first(walk.padding)), **_fold(walk))
    return array(columns.transpose(1, 2).reshape(-1, columns.shape[1]))


def col2im(
    cols: npt.ArrayLike,
    input_shape: Sequence[int],
    kernel_size: object,
    *,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
) -> Array:
    """Add the rows of `im2col` back up: functional.fold onto the padded image, then a crop."""
    (rows,) = tensors("col2im", cols=cols)
    N, C, H, W = per_axis("col2im", "input_shape", input_shape, 4, 0)
    walk = windows("col2im", (H, W), kernel_size, stride=stride, padding=padding, dilation=dilation)
    oh, ow = walk.output
    kh, kw = walk.kernel
    shape("col2im", "cols", rows, (N * oh * ow, C * kh * kw))
    (top, bottom), (left, right) = walk.padding
    columns = rows.reshape(N, oh * ow, C * kh * kw).transpose(1, 2)
    padded = functional.fold(columns, (H + top + bottom, W + left + right), **_fold(walk))
    return array(padded[:, :, top : top + H, left : left + W])
