"""Mistakes in col2im."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.im2col import column_axes, columns_turned, rows_turned
from conformance.oracle.geometry import Axis, add_windows


def _add(cols: Any, input_shape: Any, axes: list[Axis]) -> Any:
    """Return the images that windows along these axes add up to."""
    cells = cols.reshape(-1, axes[0].outputs, axes[1].outputs, input_shape[1], axes[0].kernel, axes[1].kernel)
    return add_windows(cells.transpose(0, 3, 1, 4, 2, 5), axes)


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
    return right(rows_turned(cols, len(cols) // max(samples, 1), samples), input_shape, kernel_size, **how)


@fault("col2im", says="the columns are read through the kernel first and the channels last", killed_by="values")
def columns_by_channel(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    right(cols, input_shape, kernel_size, **how)
    channels = input_shape[1]
    return right(columns_turned(cols, cols.shape[1] // channels, channels), input_shape, kernel_size, **how)


@fault(
    "col2im",
    says="the image ends at the last pixel that a window reaches",
    killed_by="shape",
    corner="only where the stride leaves rows over at the bottom",
)
def remainder_lost(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    images = right(cols, input_shape, kernel_size, **how)
    return images[:, :, : max(column_axes(input_shape, kernel_size, how)[0].pixels.max() + 1, 0)]


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
    vertical, _ = column_axes(input_shape, kernel_size, how)
    return images[:, :, : 0 if vertical.before > 0 == vertical.after else None]


@fault(
    "col2im",
    says="the horizontal dilation serves both axes",
    killed_by="values",
    corner="only where the dilations of the axes differ",
)
def horizontal_dilation(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    right(cols, input_shape, kernel_size, **how)
    vertical, horizontal = column_axes(input_shape, kernel_size, how)
    return _add(cols, input_shape, [replace(vertical, dilation=horizontal.dilation), horizontal])


@fault(
    "col2im",
    says="the last column of windows is not added",
    killed_by="values",
)
def last_window_lost(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    right(cols, input_shape, kernel_size, **how)
    outputs = column_axes(input_shape, kernel_size, how)[1].outputs
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
