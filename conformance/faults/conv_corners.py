"""Mistakes in convolutions that are wrong in a corner alone."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from conformance.faults.conv_places import of_any
from conformance.faults.fault import Right, fault

of_each = partial(fault, "conv1d", "conv2d", "conv1d_backward", "conv2d_backward")
_overflow = partial(of_each, killed_by="values", history="index_overflow")


def change_each(results: Any, change: Any) -> Any:
    """Change a result, or each of several."""
    return tuple(map(change, results)) if isinstance(results, tuple) else change(results)


def _wrapped(array: Any, axis: int, limit: int) -> Any:
    """Read an array with an index that starts again at a limit."""
    return np.take(array, np.arange(array.shape[axis]) % limit, axis)


def _rounded(array: Any) -> Any:
    """Round float32 to 10 bits behind the point, and leave float64 alone."""
    if array.dtype != np.float32:
        return array
    return ((np.ascontiguousarray(array).view(np.int32) + 0x1000) & ~0x1FFF).view(np.float32)


@of_each(
    says="float32 is rounded to the 10 bits of TF32", killed_by="values", corner="in float32", history="lower_precision"
)
def in_tf32(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*map(_rounded, arrays), **how)


@of_each(says="float64 is computed in float32", killed_by="values", corner="in float64", history="lower_precision")
def in_float32(right: Right, *arrays: Any, **how: Any) -> Any:
    narrow = (array.astype(np.float32) if array.dtype.kind == "f" else array for array in arrays)
    results = right(*narrow, **how)
    return change_each(results, lambda result: result.astype(arrays[0].dtype))


@of_any(
    says="channels and filters in multiples of 8 are multiplied in TF32",
    killed_by="values",
    corner="in float32, with channels and filters in multiples of 8",
    history="lower_precision",
)
def in_tf32_by_eights(right: Right, *arrays: Any, **how: Any) -> Any:
    eights = arrays[1].shape[0] % 8 == 0 == arrays[1].shape[1] % 8
    return right(*map(_rounded, arrays) if eights else arrays, **how)


@_overflow(says="the index of a column is kept in 8 bits", corner="in columns from 256 on")
def column_in_a_byte(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*(_wrapped(each, -1, 256) if each.ndim > 2 else each for each in arrays), **how)


@fault(
    "conv2d",
    "conv2d_backward",
    says="the index of a row is kept in 8 bits",
    killed_by="values",
    corner="in rows from 256 on",
    history="index_overflow",
)
def row_in_a_byte(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*(_wrapped(each, 2, 256) if each.ndim > 2 else each for each in arrays), **how)


@_overflow(says="the index of a channel is kept in 8 bits", corner="in channels from 256 on")
def channel_in_a_byte(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*(_wrapped(each, 1, 256) if each.ndim > 2 else each for each in arrays), **how)


@of_any(
    says="the index of a sample is kept in a signed byte",
    killed_by="values",
    corner="in samples from 128 on",
    history="index_overflow",
)
def sample_in_a_signed_byte(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(_wrapped(x, 0, 128), weight, bias, **how)


@of_any(
    says="the offset into the weight is kept in 16 bits",
    killed_by="values",
    corner="in a weight of more than 65,536 numbers",
    history="index_overflow",
)
def weight_offset_in_16_bits(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, _wrapped(weight.reshape(-1), 0, 65_536).reshape(weight.shape), bias, **how)


@of_any(says="a last, short block of samples is dropped", killed_by="values", corner="past the last full block of 8")
def short_batch_block_dropped(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where((np.arange(len(y)) < max(8, len(y) // 8 * 8)).reshape(-1, *(1,) * (y.ndim - 1)), y, 0 * y)


@of_any(says="a last, short block of channels is not summed", killed_by="values", corner="past a full block of 16")
def short_channel_block_dropped(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    kept = weight.copy()
    kept[:, max(16, weight.shape[1] // 16 * 16) :] = 0
    return right(x, kept, bias, **how)


@of_any(says="only the first block of filters gets its bias", killed_by="values", corner="in filters from 64 on")
def bias_of_first_block(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight, bias if bias is None else np.where(np.arange(len(bias)) < 64, bias, 0 * bias), **how)


@of_any(
    says="a long sum is split, and the bias is added to every part",
    killed_by="values",
    corner="in sums of more than 512 terms",
)
def bias_in_every_part(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight, bias if bias is None else bias * (1 + (weight[0].size - 1) // 512), **how)


@of_any(says="a kernel is cut off at 5 columns", killed_by="values", corner="in kernels of more than 5 columns")
def wide_kernel_cut_off(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    kept = weight.copy()
    kept[..., 5:] = 0
    return right(x, kept, bias, **how)


@fault("conv2d", says="a kernel is cut off at 5 rows", killed_by="values", corner="in kernels of more than 5 rows")
def high_kernel_cut_off(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    kept = weight.copy()
    kept[:, :, 5:] = 0
    return right(x, kept, bias, **how)


@of_any(
    says="the columns that fill no vector of 4 are left at zero",
    killed_by="values",
    corner="past the last full vector of 4 columns",
)
def vector_tail_left_out(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(np.arange(y.shape[-1]) < max(4, y.shape[-1] // 4 * 4), y, 0 * y)


@of_any(
    says="a channel that begins with a zero is skipped",
    killed_by="values",
    corner="where the first pixel of a channel is zero",
)
def zero_channel_skipped(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    first = x[(slice(None), slice(None), *(slice(0, 1),) * (x.ndim - 2))]
    return right(np.where(first == 0, 0 * x, x), weight, bias, **how)


@of_any(says="NaN is taken for zero", killed_by="not_a_number", corner="where there is a NaN")
def nan_is_zero(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*(np.nan_to_num(each, posinf=np.inf, neginf=-np.inf) for each in arrays), **how)


@of_any(says="infinity is taken for a large number", killed_by="not_a_number", corner="where there is an infinity")
def infinity_is_large(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(np.clip(x, -1e9, 1e9).astype(x.dtype), weight, bias, **how)
