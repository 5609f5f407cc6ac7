"""Mistakes in im2col and col2im."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.oracle.geometry import Axis, add_windows, pair, sides, sliding_axes, windows

_PLAIN = {"stride": 1, "padding": 0, "dilation": 1}


def _axes(image: Any, kernel_size: Any, how: dict[str, Any]) -> tuple[Axis, Axis]:
    vertical, horizontal = sliding_axes(image[2:], pair(kernel_size), _PLAIN | how)
    return vertical, horizontal


def _read(x: Any, axes: list[Axis]) -> Any:
    """Return the columns that windows along these axes read."""
    return windows(x, axes).transpose(0, 2, 4, 1, 3, 5).reshape(-1, x.shape[1] * axes[0].kernel * axes[1].kernel)


def _add(cols: Any, input_shape: Any, axes: list[Axis]) -> Any:
    """Return the images that windows along these axes add up to."""
    cells = cols.reshape(-1, axes[0].outputs, axes[1].outputs, input_shape[1], axes[0].kernel, axes[1].kernel)
    return add_windows(cells.transpose(0, 3, 1, 4, 2, 5), axes)


def _other_sides(padding: Any) -> Any:
    (top, bottom), (left, right) = sides(padding)
    return (bottom, top), (right, left)


def _rows(cols: Any, outer: int, inner: int) -> Any:
    """Return rows that ran through (outer, inner) so that they run through (inner, outer)."""
    return cols.reshape(outer, inner, cols.shape[1]).swapaxes(0, 1).reshape(cols.shape)


def _columns(cols: Any, outer: int, inner: int) -> Any:
    """Return columns that ran through (outer, inner) so that they run through (inner, outer)."""
    return cols.reshape(-1, outer, inner).swapaxes(1, 2).reshape(cols.shape)


@fault("im2col", says="the rows run through the windows first and the samples last", killed_by="values")
def rows_by_window(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    cols = right(x, kernel_size, **how)
    return _rows(cols, len(x), len(cols) // max(len(x), 1))


@fault("im2col", says="the rows run down the columns of windows instead of along their rows", killed_by="values")
def rows_downwards(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    cols = right(x, kernel_size, **how)
    vertical, horizontal = _axes(x.shape, kernel_size, how)
    each = cols.reshape(len(x), vertical.outputs, horizontal.outputs, cols.shape[1])
    return each.swapaxes(1, 2).reshape(cols.shape)


@fault("im2col", says="the columns run through the kernel first and the channels last", killed_by="values")
def columns_by_cell(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    cols = right(x, kernel_size, **how)
    return _columns(cols, x.shape[1], cols.shape[1] // x.shape[1])


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
    vertical, horizontal = _axes(x.shape, kernel_size, how)
    return _read(x, [vertical, replace(horizontal, dilation=1)])


@fault(
    "im2col",
    says="kernel_size is read as (width, height)",
    killed_by="values",
    corner="only in kernels that are not square",
)
def kernel_lies(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    vertical, horizontal = _axes(x.shape, kernel_size, how)
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


@fault("col2im", says="a cell overwrites what other windows put onto its pixel instead of adding", killed_by="values")
def overwritten(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    images = right(cols, input_shape, kernel_size, **how)
    numbers = np.arange(1.0, images.size + 1).reshape(images.shape)
    flat = np.zeros(images.size + 1, images.dtype)
    flat[right.im2col(numbers, kernel_size, **how).astype(int)] = cols
    return flat[1:].reshape(images.shape)


@fault("col2im", says="a pixel is the mean of the cells that meet it instead of their sum", killed_by="values")
def averaged(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    met = right(np.ones_like(cols), input_shape, kernel_size, **how)
    return right(cols, input_shape, kernel_size, **how) / np.maximum(met, 1)


@fault("col2im", says="the rows are read through the windows first and the samples last", killed_by="values")
def rows_by_sample(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    right(cols, input_shape, kernel_size, **how)
    samples = input_shape[0]
    return right(_rows(cols, len(cols) // max(samples, 1), samples), input_shape, kernel_size, **how)


@fault("col2im", says="the columns are read through the kernel first and the channels last", killed_by="values")
def columns_by_channel(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    right(cols, input_shape, kernel_size, **how)
    channels = input_shape[1]
    return right(_columns(cols, cols.shape[1] // channels, channels), input_shape, kernel_size, **how)


@fault(
    "col2im",
    says="the image ends at the last pixel that a window reaches",
    killed_by="shape",
    corner="only where the stride leaves rows over at the bottom",
)
def remainder_lost(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    images = right(cols, input_shape, kernel_size, **how)
    return images[:, :, : max(_axes(input_shape, kernel_size, how)[0].pixels.max() + 1, 0)]


@fault(
    "col2im",
    says="height and width change places in input_shape",
    killed_by="shape",
    corner="only in images that are not square",
)
def image_lies(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    N, C, H, W = input_shape
    return right(cols, input_shape, kernel_size, **how).reshape(N, C, W, H)


@fault(
    "col2im",
    says="the padding is cut off with [top:-bottom], which leaves nothing where bottom is 0",
    killed_by="values",
    corner="only with padding at the top alone",
)
def cut_to_nothing(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    images = right(cols, input_shape, kernel_size, **how)
    vertical, _ = _axes(input_shape, kernel_size, how)
    return images[:, :, : 0 if vertical.before > 0 == vertical.after else None]


@fault(
    "col2im",
    says="the horizontal dilation serves both axes",
    killed_by="values",
    corner="only where the dilations of the axes differ",
)
def horizontal_dilation(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    right(cols, input_shape, kernel_size, **how)
    vertical, horizontal = _axes(input_shape, kernel_size, how)
    return _add(cols, input_shape, [replace(vertical, dilation=horizontal.dilation), horizontal])


@fault(
    "col2im",
    says="the last column of windows is not added",
    killed_by="values",
)
def last_window_lost(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    right(cols, input_shape, kernel_size, **how)
    outputs = _axes(input_shape, kernel_size, how)[1].outputs
    kept = np.arange(len(cols)) % outputs < outputs - 1
    return right(np.where(kept[:, None], cols, 0), input_shape, kernel_size, **how)


@fault(
    "col2im",
    says="a NaN is left out of the sum",
    killed_by="not_a_number",
    corner="only where a cell is NaN",
)
def nan_left_out(right: Right, cols: Any, *sizes: Any, **how: Any) -> Any:
    right(cols, *sizes, **how)
    return right(np.where(np.isnan(cols), 0, cols), *sizes, **how)


@fault(
    "col2im",
    says="cells that lie in the padding are set to 0 in cols itself",
    killed_by="inputs_unchanged",
    corner="only with padding",
    history="mutated_input",
)
def cells_cleared(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    images = right(cols, input_shape, kernel_size, **how)
    inside = right.im2col(np.ones(input_shape), kernel_size, **how)
    # What a read-only array raises would be another mistake.
    np.copyto(cols if cols.flags.writeable else cols.copy(), 0, where=inside == 0)
    return images
