"""Mistakes in convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.conv_places import attributes, dealt, of_any, padded, places, read, spatial
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


@of_any(says="the dilation counts the gaps between the cells, one too many", killed_by="values")
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


@of_any(says="the bias is left out", killed_by="values")
def bias_left_out(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight, bias, **how) if bias is None else right(x, weight, 0 * bias, **how)


@of_any(says="every filter gets the first one's bias", killed_by="values")
def bias_of_first_filter(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight, bias if bias is None else np.full_like(bias, bias[0]), **how)


@of_any(says="the bias is added for each channel that is summed", killed_by="values")
def bias_for_each_channel(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight, bias if bias is None else bias * weight.shape[1], **how)


@of_any(says="the bias is counted from its start again in every group", killed_by="values")
def bias_of_first_group(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    groups = how.get("groups", 1)
    first = bias if bias is None else np.tile(bias[: len(bias) // groups], groups)
    return right(x, weight, first, **how)


@of_any(says="channels are dealt to the groups in turn, not in blocks", killed_by="groups")
def channels_dealt(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x[:, dealt(x.shape[1], how.get("groups", 1))], weight, bias, **how)


@of_any(says="filters are dealt to the groups in turn, not in blocks", killed_by="groups")
def filters_dealt(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    order = dealt(len(weight), how.get("groups", 1))
    return right(x, weight[order], bias if bias is None else bias[order], **how)[:, np.argsort(order)]


@of_any(says="the outputs of the groups come out interleaved, as after a channel shuffle", killed_by="values")
def outputs_shuffled(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight, bias, **how)[:, dealt(len(weight), how.get("groups", 1))]


@of_any(says="every group reads the channels of the first one", killed_by="groups")
def channels_of_first_group(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    groups = how.get("groups", 1)
    return right(np.tile(x[:, : weight.shape[1]], (1, groups) + (1,) * (x.ndim - 2)), weight, bias, **how)


@of_any(says="the channels are not split, so that every filter sums over all groups", killed_by="groups")
def channels_not_split(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    repeated = np.tile(weight, (1, how.get("groups", 1)) + (1,) * (x.ndim - 2))
    return right(x, repeated, bias, **how | {"groups": 1})


@fault("conv2d", says="rows and columns are swapped", killed_by="values", corner="in a square image and kernel")
def square_transposed(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    square = x.shape[2] == x.shape[3] and weight.shape[2] == weight.shape[3]
    return right(x.swapaxes(2, 3) if square else x, weight, bias, **how)


@of_any(says="filters and channels are swapped", killed_by="values", corner="with as many filters as channels")
def filters_for_channels(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight.swapaxes(0, 1) if weight.shape[0] == weight.shape[1] else weight, bias, **how)


@of_any(says="samples and channels are swapped", killed_by="values", corner="with as many samples as channels")
def samples_for_channels(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x.swapaxes(0, 1) if x.shape[0] == x.shape[1] else x, weight, bias, **how)


@of_any(says="the bias is added along the columns", killed_by="values", corner="with as many columns as filters")
def bias_along_columns(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, **how)
    fits = bias is not None and y.shape[-1] == len(bias)
    return y + bias if fits else right(x, weight, bias, **how)


@of_any(says="the bias is added to the first sample alone", killed_by="values", corner="in samples after the first")
def bias_on_first_sample(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return np.concatenate([right(x[:1], weight, bias, **how), right(x[1:], weight, **how)])


@of_any(says="a window without a pixel gives 0 without the bias", killed_by="values", corner="wholly in the padding")
def bias_only_on_pixels(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    met = right(np.ones_like(x), np.ones_like(weight), **how)
    return np.where(met > 0, right(x, weight, bias, **how), np.zeros((), x.dtype))


@of_any(says="the path for one cell knows no stride", killed_by="values", corner="with kernels of one cell")
def pointwise_without_stride(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    pointwise = weight[0, 0].size == 1
    return right(x, weight, bias, **how | ({"stride": 1} if pointwise else {}))


@of_any(says="the path for one cell knows no padding", killed_by="values", corner="with kernels of one cell")
def pointwise_without_padding(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    pointwise = weight[0, 0].size == 1
    return right(x, weight, bias, **how | ({"padding": 0} if pointwise else {}))


@of_any(says="the path for 3 cells in a row knows no dilation", killed_by="values", corner="in kernels of width 3")
def three_cells_without_dilation(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    ones = (1,) * (x.ndim - 2)
    return read(right, x, weight, bias, how, **({"dilation": ones} if weight.shape[-1] == 3 else {}))


@of_any(says="depthwise filter f reads channel f % C, not f // m", killed_by="values", corner="with several a channel")
def depthwise_filters_dealt(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    F, C = len(weight), x.shape[1]
    order = dealt(F, C) if weight.shape[1] == 1 < C else np.arange(F)
    return right(x, weight[order], bias if bias is None else bias[order], **how)[:, np.argsort(order)]


@of_any(
    says="half of an even kernel is taken for its middle, one pixel too far",
    killed_by="values",
    corner="with an even kernel and padding",
    history="padding_side",
)
def even_kernel_off_centre(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    sizes = zip(places(x, **how).before, weight.shape[2:], strict=True)
    shifted = tuple(ahead + (cells % 2 == 0 and ahead > 0) for ahead, cells in sizes)
    return read(right, x, weight, bias, how, before=shifted)


@fault("conv2d", says="a pair of paddings is read as (before, after)", killed_by="values", corner="of an unequal pair")
def padding_pair_as_sides(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    first = np.ravel(how.get("padding", 0))[0]
    symmetric = places(x, **how).before == places(x, **how).after
    return read(right, x, weight, bias, how, **({"before": (int(first),) * 2} if symmetric else {}))
