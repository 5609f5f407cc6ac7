"""Mistakes in convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.conv_places import attributes, of_any, padded, places, read, spatial
from conformance.faults.fault import Right, fault


@of_any(
    says="the kernel is flipped: a true convolution instead of a cross-correlation",
    killed_by="values",
    history="flipped_kernel",
)
def flipped_kernel(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, np.flip(weight, spatial(weight)), bias, **how)


@fault(
    "conv2d",
    says="the kernel is flipped left to right, and not upside down",
    killed_by="exact",
    history="flipped_kernel",
)
def mirrored_kernel(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight[..., ::-1], bias, **how)


@fault("conv2d", says="rows and columns of the kernel are swapped", killed_by="values", corner="with a square kernel")
def transposed_kernel(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    square = weight.shape[2] == weight.shape[3]
    return right(x, weight.swapaxes(2, 3) if square else weight, bias, **how)


@of_any(says="all of the padding goes behind the image", killed_by="padding", history="padding_side")
def padding_behind(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return read(right, x, weight, bias, how, before=(0,) * (x.ndim - 2))


@of_any(
    says="the padding before the image and the padding behind it are swapped",
    killed_by="values",
    corner="with unequal padding on the two sides",
    history="padding_side",
)
def padding_sides_swapped(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return read(right, x, weight, bias, how, before=places(x, **how).after)


@of_any(
    says="the padding is shared out evenly, and the odd pixel goes behind the image",
    killed_by="values",
    corner="with unequal padding on the two sides",
    history="padding_side",
)
def padding_split_evenly(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    where = places(x, **how)
    half = tuple((before + after) // 2 for before, after in zip(where.before, where.after, strict=True))
    return read(right, x, weight, bias, how, before=half)


@fault("conv2d", says="the padding at the top is taken for that on the left too", killed_by="values")
def padding_of_top_on_left(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return read(right, x, weight, bias, how, before=places(x, **how).before[:1] * 2)


@of_any(says="the padding repeats the pixels at the border", killed_by="padding")
def padding_of_edge(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(padded(x, how, "edge"), weight, bias, **how | {"padding": 0})


@of_any(says="the padding reflects the image", killed_by="padding")
def padding_reflected(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(padded(x, how, "reflect"), weight, bias, **how | {"padding": 0})


@of_any(says="the padding reads on at the other end of the image", killed_by="padding")
def padding_wraps(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(padded(x, how, "wrap"), weight, bias, **how | {"padding": 0})


@fault("conv2d", says="windows that stick out of a row read on in the next one", killed_by="values")
def rows_run_on(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    where, (H, W) = places(x, **how), x.shape[2:]
    left, right_hand = where.before[1], where.after[1]
    flat = np.pad(x.reshape(*x.shape[:2], H * W), ((0, 0), (0, 0), (left, right_hand)))
    rows = flat[:, :, np.arange(H)[:, None] * W + np.arange(left + W + right_hand)]
    return right(rows, weight, bias, **how | {"padding": ((where.before[0], where.after[0]), (0, 0))})


@of_any(says="windows that reach into the padding are left out", killed_by="values")
def padded_windows_left_out(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    inside = right(np.ones_like(x), np.ones_like(weight), **how) == weight[0].size
    return np.where(inside, right(x, weight, bias, **how), np.zeros((), x.dtype))


@of_any(says="stride and dilation are swapped", killed_by="values")
def stride_for_dilation(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    where = places(x, **how)
    return read(right, x, weight, bias, how, stride=where.dilation, dilation=where.stride)


@of_any(says="the stride moves the output but not the window", killed_by="stride")
def stride_of_one(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return read(right, x, weight, bias, how, stride=(1,) * (x.ndim - 2))


@fault("conv2d", says="the vertical stride is taken for both axes", killed_by="values")
def stride_of_rows(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight, bias, **how | {"stride": places(x, **how).stride[0]})


@fault("conv2d", says="a pair of strides is read as (horizontal, vertical)", killed_by="shape")
def stride_pair_swapped(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight, bias, **how | {"stride": places(x, **how).stride[::-1]})


@of_any(says="the stride is counted in cells of the dilated kernel", killed_by="values")
def stride_times_dilation(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    where = places(x, **how)
    stride = tuple(step * gap for step, gap in zip(where.stride, where.dilation, strict=True))
    return read(right, x, weight, bias, how, stride=stride)


@of_any(says="the dilation is left out", killed_by="dilation")
def dilation_of_one(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return read(right, x, weight, bias, how, dilation=(1,) * (x.ndim - 2))


@fault("conv2d", says="the vertical dilation is taken for both axes", killed_by="values")
def dilation_of_rows(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return read(right, x, weight, bias, how, dilation=places(x, **how).dilation[:1] * 2)


@of_any(says="the dilation is read as the number of pixels to skip between two cells, one too many", killed_by="values")
def dilation_of_gaps(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    gaps = tuple(gap + 1 for gap in places(x, **how).dilation)
    return read(right, x, weight, bias, how, dilation=gaps)


@of_any(says="the output's size is rounded up", killed_by="shape")
def size_rounded_up(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    where = places(x, **how)
    after = tuple(pixels + step - 1 for pixels, step in zip(where.after, where.stride, strict=True))
    return right(x, weight, bias, **attributes(where._replace(after=after), how.get("groups", 1)))


@of_any(says="the output's size is rounded to the nearest", killed_by="shape")
def size_rounded(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    where = places(x, **how)
    after = tuple(pixels + step // 2 for pixels, step in zip(where.after, where.stride, strict=True))
    return right(x, weight, bias, **attributes(where._replace(after=after), how.get("groups", 1)))


@of_any(says="the output's size is that of a kernel without dilation", killed_by="shape")
def size_without_dilation(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    where = places(x, **how)
    missed = [(gap - 1) * (cells - 1) for gap, cells in zip(where.dilation, weight.shape[2:], strict=True)]
    after = tuple(pixels + more for pixels, more in zip(where.after, missed, strict=True))
    return right(x, weight, bias, **attributes(where._replace(after=after), how.get("groups", 1)))


@of_any(says="the output lacks its last column", killed_by="shape")
def size_one_short(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight, bias, **how)[..., :-1]


@of_any(says="the path for one cell knows no stride", killed_by="values", corner="with kernels of one cell")
def pointwise_without_stride(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    pointwise = weight[0, 0].size == 1
    return right(x, weight, bias, **how | ({"stride": 1} if pointwise else {}))
