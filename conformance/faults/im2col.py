"""Mistakes in im2col, some of them in col2im too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.oracle.geometry import Axis, pair, sides, sliding_axes, windows

_PLAIN = {"stride": 1, "padding": 0, "dilation": 1}


def column_axes(image: Any, kernel_size: Any, how: dict[str, Any]) -> tuple[Axis, Axis]:
    vertical, horizontal = sliding_axes(image[2:], pair(kernel_size), _PLAIN | how)
    return vertical, horizontal


def _read(x: Any, axes: list[Axis]) -> Any:
    """Return the columns that windows along these axes read."""
    return windows(x, axes).transpose(0, 2, 4, 1, 3, 5).reshape(-1, x.shape[1] * axes[0].kernel * axes[1].kernel)


def _other_sides(padding: Any) -> Any:
    (top, bottom), (left, right) = sides(padding)
    return (bottom, top), (right, left)


def rows_turned(cols: Any, outer: int, inner: int) -> Any:
    """Return rows that ran through (outer, inner) so that they run through (inner, outer)."""
    return cols.reshape(outer, inner, cols.shape[1]).swapaxes(0, 1).reshape(cols.shape)


def columns_turned(cols: Any, outer: int, inner: int) -> Any:
    """Return columns that ran through (outer, inner) so that they run through (inner, outer)."""
    return cols.reshape(-1, outer, inner).swapaxes(1, 2).reshape(cols.shape)


@fault("im2col", says="the rows run through the windows first and the samples last", killed_by="values")
def rows_by_window(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    cols = right(x, kernel_size, **how)
    return rows_turned(cols, len(x), len(cols) // max(len(x), 1))


@fault("im2col", says="the rows run down the columns of windows instead of along their rows", killed_by="values")
def rows_downwards(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    cols = right(x, kernel_size, **how)
    vertical, horizontal = column_axes(x.shape, kernel_size, how)
    each = cols.reshape(len(x), vertical.outputs, horizontal.outputs, cols.shape[1])
    return each.swapaxes(1, 2).reshape(cols.shape)


@fault("im2col", says="the columns run through the kernel first and the channels last", killed_by="values")
def columns_by_cell(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    cols = right(x, kernel_size, **how)
    return columns_turned(cols, x.shape[1], cols.shape[1] // x.shape[1])


@fault("im2col", says="the columns run down the kernel instead of along its rows", killed_by="values")
def columns_downwards(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    cols = right(x, kernel_size, **how)
    each = cols.reshape(len(cols), x.shape[1], *pair(kernel_size))
    return each.swapaxes(2, 3).reshape(cols.shape)


@fault("im2col", says="the padding repeats the pixels at the border instead of being 0", killed_by="values")
def border_repeated(right: Right, x: Any, kernel_size: Any, padding: Any = 0, **how: Any) -> Any:
    right(x, kernel_size, padding=padding, **how)
    return right(np.pad(x, ((0, 0), (0, 0), *sides(padding)), mode="edge"), kernel_size, **how)


@fault(
    "im2col",
    "col2im",
    says="the padding of the top is taken for that of the bottom, and that of the left for that of the right",
    killed_by="values",
    corner="only where the padding differs from side to side",
    history="padding_side",
)
def sides_exchanged(right: Right, *arguments: Any, padding: Any = 0, **how: Any) -> Any:
    right(*arguments, padding=padding, **how)
    return right(*arguments, padding=_other_sides(padding), **how)


@fault(
    "im2col",
    says="the vertical stride serves both axes",
    killed_by="values",
    corner="only where the strides of the axes differ",
)
def vertical_stride(right: Right, x: Any, kernel_size: Any, stride: Any = 1, **how: Any) -> Any:
    right(x, kernel_size, stride=stride, **how)
    return right(x, kernel_size, stride=pair(stride)[0], **how)


@fault(
    "im2col",
    says="the dilation spreads the rows of the kernel, but not its columns",
    killed_by="values",
    corner="only in kernels that are dilated horizontally",
)
def undilated_columns(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    vertical, horizontal = column_axes(x.shape, kernel_size, how)
    return _read(x, [vertical, replace(horizontal, dilation=1)])


@fault(
    "im2col",
    says="kernel_size is read as (width, height)",
    killed_by="values",
    corner="only in kernels that are not square",
)
def kernel_lies(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    vertical, horizontal = column_axes(x.shape, kernel_size, how)
    turned = [replace(vertical, kernel=horizontal.kernel), replace(horizontal, kernel=vertical.kernel)]
    return _read(x, turned).astype(x.dtype)


@fault(
    "im2col",
    says="the rows past the last whole block of 64 are never written",
    killed_by="values",
    corner="only in the last rows of more than 64",
)
def row_block(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    cols = right(x, kernel_size, **how)
    cols[len(cols) // 64 * 64 or len(cols) :] = 0
    return cols


@fault(
    "im2col",
    "col2im",
    says="float64 goes through float32",
    killed_by="values",
    corner="only in float64",
    history="lower_precision",
)
def single_precision(right: Right, array: Any, *sizes: Any, **how: Any) -> Any:
    return right(array, *sizes, **how).astype(np.float32).astype(array.dtype)


@fault(
    "im2col",
    says="the matrix lies in a buffer that the next call of its size fills anew",
    killed_by="no_alias",
    corner="only once there is a second call",
    remembers=True,
)
def shared_buffer(right: Right, kept: dict[Any, Any], x: Any, kernel_size: Any, **how: Any) -> Any:
    cols = right(x, kernel_size, **how)
    buffer = kept.setdefault((cols.shape, cols.dtype), cols)
    buffer[...] = cols
    return buffer


@fault(
    "im2col",
    says="an image is known by its identity, and its first matrix is given again",
    killed_by="no_state",
    corner="only where new numbers were written into the same array",
    remembers=True,
)
def known_by_identity(right: Right, kept: dict[Any, Any], x: Any, kernel_size: Any, **how: Any) -> Any:
    key = (id(x), repr((kernel_size, how)))
    # With x kept too, no later array gets its identity.
    return kept.setdefault(key, (x, right(x, kernel_size, **how)))[1].copy()
