"""Mistakes that max pooling and average pooling share."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.pool_windows import as_it_lies, axes_of
from conformance.oracle.geometry import pair, sides

_BOTH = ("max_pool2d", "avg_pool2d")


@fault(*_BOTH, says="stride None is taken for 1 instead of the kernel size", killed_by="shape")
def stride_one_by_default(right: Right, x: Any, kernel_size: Any, *, stride: Any = None, **how: Any) -> Any:
    return right(x, kernel_size, stride=1 if stride is None else stride, **how)


@fault(*_BOTH, says="stride is ignored: the windows always lie side by side", killed_by="shape")
def stride_ignored(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(x, kernel_size, **how)
    return right(x, kernel_size, **how | {"stride": None})


@fault(
    *_BOTH,
    says="the strides of the two axes are exchanged",
    killed_by="shape",
    corner="where the strides of the two axes differ",
)
def strides_exchanged(right: Right, x: Any, kernel_size: Any, *, stride: Any = None, **how: Any) -> Any:
    return right(x, kernel_size, stride=pair(kernel_size if stride is None else stride)[::-1], **how)


@fault(*_BOTH, says="ceil_mode is ignored", killed_by="shape")
def ceil_mode_ignored(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(x, kernel_size, **how | {"ceil_mode": False})


@fault(
    *_BOTH,
    says="a last window that starts in the bottom or right padding is kept",
    killed_by="shape",
    corner="where ceil_mode has to drop the last window",
    history="ceil_mode_window",
)
def window_in_padding_kept(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    rounded_up = [
        -(-(axis.size + axis.before + axis.after - axis.dilation * (axis.kernel - 1) - 1) // axis.stride) + 1
        for axis in axes_of(x, kernel_size, **how)
    ]
    more = [(0, how.get("ceil_mode", False) * (n - given)) for n, given in zip(rounded_up, y.shape[2:], strict=True)]
    return np.pad(y, ((0, 0), (0, 0), *more))


@fault(
    *_BOTH,
    says="a last window is dropped that still begins on the image, because the padding in front is left out of the sum",
    killed_by="shape",
    corner="where the last window of ceil_mode begins as many pixels before the end as there is padding in front",
    history="ceil_mode_window",
)
def window_on_last_pixels_dropped(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    height, width = (
        axis.outputs - (how.get("ceil_mode", False) and (axis.outputs - 1) * axis.stride >= axis.size)
        for axis in axes_of(x, kernel_size, **how)
    )
    return y[..., :height, :width].copy()


@fault(*_BOTH, says="the number of windows is rounded to the nearest, not down", killed_by="shape")
def size_to_the_nearest(right: Right, x: Any, kernel_size: Any, *, ceil_mode: bool = False, **how: Any) -> Any:
    y = right(x, kernel_size, ceil_mode=True, **how)
    height, width = (
        axis.outputs + (2 * (axis.size + axis.after - axis.pixels[-1, -1] - 1) >= axis.stride)
        for axis in axes_of(x, kernel_size, **how)
    )
    return y if ceil_mode else y[..., :height, :width].copy()


@fault(
    *_BOTH,
    says="the padding of a side goes to the opposite side",
    killed_by="values",
    corner="where the padding of opposite sides differs",
    history="padding_side",
)
def padding_sides_exchanged(right: Right, x: Any, kernel_size: Any, *, padding: Any = 0, **how: Any) -> Any:
    return right(x, kernel_size, padding=tuple(side[::-1] for side in sides(padding)), **how)


@fault(
    *_BOTH,
    says="a row of the image is taken to be as long as the image is high",
    killed_by="values",
    corner="in images that are not square",
)
def rows_as_long_as_columns(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    height, width = x.shape[2:]
    row, column = np.indices((height, width))
    flat = x.reshape(*x.shape[:2], height * width)
    return right(flat[..., (row * height + column) % (height * width)], kernel_size, **how)


@fault(
    *_BOTH,
    says="the columns that fill no vector of 8 are never written",
    killed_by="values",
    corner="in the last columns of an output wider than 8",
)
def columns_past_vectors(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    width = y.shape[3]
    return np.where((width > 8) & (np.arange(width) >= width // 8 * 8), 0, y)


@fault(*_BOTH, says="the samples past the 16th repeat those before them", killed_by="values", corner="past 16 samples")
def samples_past_block(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(x[np.arange(len(x)) % 16], kernel_size, **how)


@fault(
    *_BOTH, says="the channels past the 64th repeat those before them", killed_by="values", corner="past 64 channels"
)
def channels_past_block(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(x[:, np.arange(x.shape[1]) % 64], kernel_size, **how)


@fault(
    *_BOTH,
    says="an image of another memory layout is read as if its rows lay one after the other",
    killed_by="layouts",
    corner="in arrays that are not C-contiguous",
    history="channels_last",
)
def layout_ignored(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(as_it_lies(x), kernel_size, **how)


@fault(
    "avg_pool2d",
    says="the image itself is returned where nothing is to be done",
    killed_by="no_alias",
    corner="with windows of one pixel side by side",
)
def image_returned(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    return x if pair(kernel_size) == (1, 1) and y.shape == x.shape else y


@fault(
    *_BOTH,
    says="float64 images are pooled in float32",
    killed_by="values",
    corner="in float64",
    history="lower_precision",
)
def float64_in_float32(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    dtype = right(x, kernel_size, **how).dtype
    return right(x.astype(np.float32), kernel_size, **how).astype(dtype)


@fault(*_BOTH, says="the result is float64 whatever the image is", killed_by="dtype")
def always_float64(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(x, kernel_size, **how).astype(np.float64)


@fault(
    *_BOTH,
    says="the result stands in a buffer that the next call of its shape writes over",
    killed_by="no_alias",
    remembers=True,
)
def buffer_reused(right: Right, memory: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    buffer = memory.setdefault((y.shape, y.dtype), y)
    buffer[...] = y
    return buffer
