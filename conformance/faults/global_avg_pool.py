"""Mistakes in the average of whole images and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.pool_windows import as_it_lies

_BOTH = ("global_avg_pool2d", "global_avg_pool2d_backward")


@fault(
    *_BOTH,
    says="the divisor is the height squared",
    killed_by="values",
    corner="in images that are not square",
)
def height_squared(right: Right, *arrays: Any) -> Any:
    y = right(*arrays)
    height, width = arrays[-1].shape[2:]
    return y * y.dtype.type(width / height)


@fault(*_BOTH, says="the divisor has the batch in it", killed_by="values", corner="with several samples")
def divided_by_batch(right: Right, *arrays: Any) -> Any:
    y = right(*arrays)
    return y / y.dtype.type(max(1, len(y)))


@fault(
    *_BOTH,
    says="the pixels are counted in a byte",
    killed_by="values",
    corner="in images of more than 255 pixels",
    history="index_overflow",
)
def counted_in_byte(right: Right, *arrays: Any) -> Any:
    y = right(*arrays)
    pixels = int(np.prod(arrays[-1].shape[2:]))
    return y * y.dtype.type(pixels / (pixels % 256))


@fault(
    *_BOTH,
    says="the samples past the 32nd repeat those before them",
    killed_by="values",
    corner="past 32 samples",
)
def samples_past_block(right: Right, *arrays: Any) -> Any:
    y = right(*arrays)
    return y[np.arange(len(y)) % 32]


@fault(
    *_BOTH,
    says="the first array is read as if its rows lay one after the other, whatever its memory layout",
    killed_by="layouts",
    corner="in arrays that are not C-contiguous",
    history="channels_last",
)
def layout_ignored(right: Right, array: Any, *others: Any) -> Any:
    return right(as_it_lies(array), *others)


@fault(
    "global_avg_pool2d_backward",
    says="grad_output itself is returned where there is nothing to spread",
    killed_by="no_alias",
    corner="in images of one pixel",
)
def gradient_returned(right: Right, grad_output: Any, x: Any) -> Any:
    grad_x = right(grad_output, x)
    return grad_output if grad_output.shape == x.shape else grad_x


@fault(
    *_BOTH,
    says="float64 is averaged in float32",
    killed_by="values",
    corner="in float64",
    history="lower_precision",
)
def float64_in_float32(right: Right, *arrays: Any) -> Any:
    dtype = right(*arrays).dtype
    return right(*(array.astype(np.float32) for array in arrays)).astype(dtype)


@fault(*_BOTH, says="the result is float64 whatever the image is", killed_by="dtype")
def always_float64(right: Right, *arrays: Any) -> Any:
    return right(*arrays).astype(np.float64)


@fault("global_avg_pool2d", says="the two axes of one pixel are left out of the result", killed_by="shape")
def axes_dropped(right: Right, x: Any) -> Any:
    return right(x)[:, :, 0, 0].copy()


@fault(
    "global_avg_pool2d",
    says="the sum reads 512 pixels and no more",
    killed_by="values",
    corner="in images of more than 512 pixels",
)
def pixels_past_block(right: Right, x: Any) -> Any:
    right(x)
    pixels = x.shape[2] * x.shape[3]
    total = x.reshape(*x.shape[:2], pixels)[..., :512].sum(axis=-1, keepdims=True) / pixels
    return total[..., None]


@fault(
    "global_avg_pool2d",
    says="a NaN counts as 0",
    killed_by="not_a_number",
    corner="in images with NaN",
)
def nan_counts_as_zero(right: Right, x: Any) -> Any:
    return right(np.where(np.isnan(x), np.zeros_like(x), x))


@fault(
    "global_avg_pool2d",
    says="the columns that fill no vector of 4 are left out of the sum",
    killed_by="values",
    corner="in images wider than 4 whose width is no multiple of 4",
)
def columns_past_vectors(right: Right, x: Any) -> Any:
    right(x)
    width = x.shape[3]
    return right(np.where((width > 4) & (np.arange(width) >= width // 4 * 4), np.zeros_like(x), x))


@fault("global_avg_pool2d_backward", says="the gradient is not divided by the number of pixels", killed_by="values")
def not_divided(right: Right, grad_output: Any, x: Any) -> Any:
    return right(grad_output, x) * grad_output.dtype.type(x.shape[2] * x.shape[3])


@fault(
    "global_avg_pool2d_backward",
    says="the first pixel of each image gets the whole gradient",
    killed_by="values",
)
def to_the_first_pixel(right: Right, grad_output: Any, x: Any) -> Any:
    grad_x = right(np.zeros_like(grad_output), x)
    grad_x[:, :, :1, :1] = grad_output
    return grad_x


@fault(
    "global_avg_pool2d_backward",
    says="every channel gets the gradient of the first",
    killed_by="values",
    corner="with several channels",
    history="backward_channel",
)
def first_channel_for_all(right: Right, grad_output: Any, x: Any) -> Any:
    right(grad_output, x)
    return right(np.repeat(grad_output[:, :1], x.shape[1], axis=1), x)


@fault(
    "global_avg_pool2d_backward",
    says="the gradient of an earlier image of the same size is given again",
    killed_by="no_state",
    corner="from the second image of a size on",
    remembers=True,
)
def gradient_remembered(right: Right, memory: Any, grad_output: Any, x: Any) -> Any:
    grad_x = right(grad_output, x)
    return memory.setdefault((x.shape, x.dtype), grad_x).copy()
