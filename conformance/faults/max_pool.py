"""Mistakes in max pooling."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.pool_windows import axes_of, cells, with_numbers, writable
from conformance.oracle.geometry import pair


@fault("max_pool2d", says="the loops over the rows and the columns of the kernel are exchanged", killed_by="values")
def kernel_axes_exchanged(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    return cells(x, with_numbers(axes_of(x, kernel_size, **how), kernel=pair(kernel_size)[::-1])).max(axis=-1)


@fault(
    "max_pool2d", says="dilation counts for the output size, but the cells are read side by side", killed_by="values"
)
def dilation_in_size_only(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    return cells(x, with_numbers(axes_of(x, kernel_size, **how), dilation=(1, 1))).max(axis=-1)


@fault(
    "max_pool2d",
    says="the vertical dilation is used for the columns too",
    killed_by="values",
    corner="where the dilations of the two axes differ",
)
def vertical_dilation_for_both(right: Right, x: Any, kernel_size: Any, *, dilation: Any = 1, **how: Any) -> Any:
    axes = axes_of(x, kernel_size, dilation=dilation, **how)
    right(x, kernel_size, dilation=dilation, **how)
    return cells(x, with_numbers(axes, dilation=(pair(dilation)[0],) * 2)).max(axis=-1)


@fault(
    "max_pool2d",
    says="the image is padded with 0 instead of minus infinity",
    killed_by="padding",
    history="max_pool_padding",
)
def padded_with_zero(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    return cells(x, axes_of(x, kernel_size, **how), outside=0.0).max(axis=-1)


@fault(
    "max_pool2d",
    says="what a window shows beyond the padding counts as 0",
    killed_by="padding",
    corner="in windows of ceil_mode that overhang the padded image",
    history="max_pool_padding",
)
def overhang_is_zero(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    rows, columns = (axis.inside_padded[:, -1] for axis in axes_of(x, kernel_size, **how))
    return np.where(np.outer(rows, columns), y, np.maximum(y, 0))


@fault(
    "max_pool2d",
    says="the maximum starts from the smallest positive number, which is not the least one",
    killed_by="padding",
)
def starts_from_tiny(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    return np.maximum(y, np.finfo(y.dtype).tiny)


@fault(
    "max_pool2d",
    says="the maximum starts from the least finite number instead of minus infinity",
    killed_by="values",
    corner="in windows that show no pixel, or minus infinity alone",
)
def starts_from_finite(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    return np.maximum(y, np.finfo(y.dtype).min)


@fault(
    "max_pool2d",
    says="a NaN is passed over, for no comparison with it holds",
    killed_by="special_values",
    corner="in windows with NaN",
    history="max_pool_nan",
)
def nan_passed_over(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    return np.fmax.reduce(_by_cell(x, kernel_size, **how), axis=0, initial=-np.inf)


@fault(
    "max_pool2d",
    says="the maximum starts from the first cell, and only a NaN that stands there wins",
    killed_by="special_values",
    corner="in windows with a NaN behind their first cell",
    history="max_pool_nan",
)
def nan_wins_if_first(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    return reduce(lambda top, cell: np.where(cell > top, cell, top), _by_cell(x, kernel_size, **how))


@fault(
    "max_pool2d",
    says="a cell replaces the maximum unless that is greater, so that a number after a NaN replaces the NaN",
    killed_by="special_values",
    corner="in windows with a NaN before their last cell",
    history="max_pool_nan",
)
def nan_replaced_by_next(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    return reduce(lambda top, cell: np.where(top > cell, top, cell), _by_cell(x, kernel_size, **how))


def _by_cell(x: Any, kernel_size: Any, **how: Any) -> Any:
    """Return what each cell of a window shows, one cell after the other."""
    return np.moveaxis(cells(x, axes_of(x, kernel_size, **how)), -1, 0)


@fault(
    "max_pool2d",
    says="an infinity becomes the largest finite number",
    killed_by="special_values",
    corner="in windows with an infinity",
)
def infinity_made_finite(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    return np.minimum(y, np.finfo(y.dtype).max)


@fault("max_pool2d", says="the pixel of the largest magnitude wins, whatever its sign", killed_by="values")
def largest_magnitude(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    largest, least = right(x, kernel_size, **how), -right(-x, kernel_size, **how)
    return np.where(np.isfinite(least) & (-least > largest), least, largest)


@fault(
    "max_pool2d",
    says="the cells of a window are counted in a byte, so that those past the 256th are never read",
    killed_by="values",
    corner="in windows of more than 256 cells",
    history="index_overflow",
)
def cells_in_byte(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    return cells(x, axes_of(x, kernel_size, **how))[..., :256].max(axis=-1)


@fault(
    "max_pool2d",
    says="a last window that overhangs is moved back until it fits",
    killed_by="values",
    corner="in the windows of ceil_mode that overhang",
)
def overhang_moved_back(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how).copy()
    rows, columns = axes_of(x, kernel_size, **how)
    over = [max(0, int(axis.pixels[-1, -1]) - axis.size - axis.after + 1) for axis in (rows, columns)]
    back = with_numbers([rows, columns], before=(rows.before + over[0], columns.before + over[1]))
    moved_back = cells(x, back).max(axis=-1)
    y[..., -1, :] = np.where(over[0] > 0, moved_back, y)[..., -1, :]
    y[..., :, -1] = np.where(over[1] > 0, moved_back, y)[..., :, -1]
    return y


@fault(
    "max_pool2d",
    says="the maxima are gathered in the memory of the image",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def gathered_in_image(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    height, width = np.minimum(x.shape[2:], y.shape[2:])
    writable(x)[..., :height, :width] = y[..., :height, :width]
    return y


@fault(
    "max_pool2d",
    says="an empty batch is taken for one image of zeros",
    killed_by="empty_batch",
    corner="in an empty batch",
    history="empty_batch",
)
def empty_batch_filled(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(x if len(x) else np.zeros((1, *x.shape[1:]), x.dtype), kernel_size, **how)


@fault(
    "max_pool2d",
    says="the windows of an image are written down column by column",
    killed_by="values",
)
def windows_by_column(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    return y.swapaxes(2, 3).reshape(y.shape)
