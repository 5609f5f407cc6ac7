"""Windows as a matrix, and back, on PyTorch's kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
from torch.nn import functional

from conformance.adapters._torch_bridge import (
    Array,
    Sides,
    array,
    last_axis_first,
    per_axis,
    rank,
    require,
    shape,
    sides,
    tensor,
)


def positions(
    operator: str,
    image: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sides,
    dilation: Sequence[int],
) -> list[int]:
    """How many windows fit along each axis; that they fit at all is required."""
    counts = []
    for size, k, s, (before, after), d in zip(image, kernel, stride, padding, dilation, strict=True):
        room, extent = size + before + after, d * (k - 1) + 1
        require(
            extent <= room,
            operator,
            "kernel_size",
            f"within the padded image of {room}",
            f"{extent} (dilated)",
        )
        counts.append((room - extent) // s + 1)
    return counts


def _windows(
    operator: str,
    image: Sequence[int],
    kernel_size: object,
    stride: object,
    padding: object,
    dilation: object,
) -> tuple[list[int], Sides, dict[str, Any]]:
    """Check the attributes of a walk over windows: positions, padding, and what unfold and fold share."""
    kernel = per_axis(operator, "kernel_size", kernel_size, 2, 1)
    steps = per_axis(operator, "stride", stride, 2, 1)
    pads = sides(operator, padding, 2)
    spread = per_axis(operator, "dilation", dilation, 2, 1)
    counts = positions(operator, image, kernel, steps, pads, spread)
    return counts, pads, {"kernel_size": kernel, "stride": steps, "dilation": spread}


def im2col(
    x: npt.ArrayLike, kernel_size: object, *, stride: object = 1, padding: object = 0, dilation: object = 1
) -> Array:
    """Lay each window out as a row: functional.unfold, which has them as columns of one matrix an image."""
    image = tensor("im2col", "x", x)
    rank("im2col", "x", image, 4)
    _, pads, attributes = _windows("im2col", image.shape[2:], kernel_size, stride, padding, dilation)
    columns = functional.unfold(functional.pad(image, last_axis_first(pads)), **attributes)
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
    rows = tensor("col2im", "cols", cols)
    N, C, H, W = per_axis("col2im", "input_shape", input_shape, 4, 0)
    counts, pads, attributes = _windows("col2im", (H, W), kernel_size, stride, padding, dilation)
    oh, ow = counts
    kh, kw = attributes["kernel_size"]
    shape("col2im", "cols", rows, (N * oh * ow, C * kh * kw))
    (top, bottom), (left, right) = pads
    columns = rows.reshape(N, oh * ow, C * kh * kw).transpose(1, 2)
    padded = functional.fold(columns, (H + top + bottom, W + left + right), **attributes)
    return array(padded[:, :, top : top + H, left : left + W])
