"""Mistakes in the gradient of max pooling, other than which pixel of a window gets it."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.pool_windows import (
    Axes,
    axes_of,
    first_maximum,
    moved,
    numbered,
    overwritten,
    routed,
)


@fault(
    "max_pool2d_backward",
    says="where windows overlap, the gradient of a later one overwrites that of an earlier one",
    killed_by="values",
    corner="where a pixel is the maximum of several windows",
)
def last_window_wins(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(grad_output, x, kernel_size, **how)
    axes = axes_of(x, kernel_size, **how)
    source = np.where(first_maximum(x, axes), numbered(axes), x.shape[2] * x.shape[3]).min(axis=-1)
    return overwritten(grad_output, source, x.shape)


@fault(
    "max_pool2d_backward",
    says="dilation counts for the output size, but the cells are read side by side",
    killed_by="values",
)
def dilation_in_size_only(right: Right, *arrays: Any, **how: Any) -> Any:
    return routed(right, arrays, how, dilation=(1, 1))


@fault("max_pool2d_backward", says="the gradient is divided by the number of cells of a window", killed_by="values")
def divided_by_cells(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(grad_output, x, kernel_size, **how) / grad_output.dtype.type(np.prod(np.broadcast_to(kernel_size, 2)))


@fault(
    "max_pool2d_backward",
    says="the place of a maximum in its window is kept in a byte",
    killed_by="values",
    corner="in windows of more than 256 cells",
    history="index_overflow",
)
def cell_in_byte(right: Right, *arrays: Any, **how: Any) -> Any:
    def choose(x: Any, axes: Axes) -> Any:
        chosen = first_maximum(x, axes)
        number = np.arange(chosen.shape[-1])
        return (number == chosen.argmax(axis=-1, keepdims=True) % 256) & chosen.any(axis=-1, keepdims=True)

    return routed(right, arrays, how, choose)


@fault(
    "max_pool2d_backward",
    says="the place of a maximum in its image is kept in a byte",
    killed_by="values",
    corner="in images of more than 256 pixels",
    history="index_overflow",
)
def pixel_in_byte(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    return moved(right(grad_output, x, kernel_size, **how), np.arange(x.shape[2] * x.shape[3]) % 256)


@fault(
    "max_pool2d_backward",
    says="a row of the image is taken to be as long as the image is high",
    killed_by="values",
    corner="in images that are not square",
)
def rows_as_long_as_columns(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad_output, x, kernel_size, **how)
    height, width = x.shape[2:]
    row, column = np.indices((height, width)).reshape(2, -1)
    return moved(grad_x, (row * height + column) % (height * width))


@fault(
    "max_pool2d_backward",
    says="the image of channel c and sample n is counted as c·N + n, as if channels came first",
    killed_by="values",
    corner="with several samples of several channels",
)
def images_by_channel(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(grad_output, x, kernel_size, **how).swapaxes(0, 1).reshape(x.shape)


@fault(
    "max_pool2d_backward",
    says="the places of the maxima are remembered from an earlier image of the same shape",
    killed_by="no_state",
    corner="from the second image of a shape on",
    remembers=True,
)
def places_by_shape(right: Right, memory: Any, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(grad_output, x, kernel_size, **how)
    key = (x.shape, x.dtype, repr((kernel_size, how)))
    return right(grad_output, memory.setdefault(key, x.copy()), kernel_size, **how)


@fault(
    "max_pool2d_backward",
    says="the places of the maxima are remembered by the array's identity, whatever is written into it since",
    killed_by="no_state",
    corner="where an image array is filled anew between calls",
    remembers=True,
)
def places_by_identity(right: Right, memory: Any, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(grad_output, x, kernel_size, **how)
    _, before = memory.setdefault(id(x), (x, x.copy()))
    return right(grad_output, before, kernel_size, **how)


@fault(
    "max_pool2d_backward",
    says="the samples past the 64th get no gradient",
    killed_by="values",
    corner="past 64 samples",
)
def samples_past_block(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad_output, x, kernel_size, **how)
    grad_x[64:] = 0
    return grad_x
