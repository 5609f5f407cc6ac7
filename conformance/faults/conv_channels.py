"""Mistakes in the biases, groups, channels and samples of convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.conv_places import dealt, of_any, places, read
from conformance.faults.fault import Right, fault


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


@of_any(says="the path for one cell knows no padding", killed_by="values", corner="with kernels of one cell")
def pointwise_without_padding(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    pointwise = weight[0, 0].size == 1
    return right(x, weight, bias, **how | ({"padding": 0} if pointwise else {}))


@of_any(says="the path for 3 cells in a row knows no dilation", killed_by="values", corner="in kernels of width 3")
def three_cells_without_dilation(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    ones = (1,) * (x.ndim - 2)
    return read(right, x, weight, bias, how, **({"dilation": ones} if weight.shape[-1] == 3 else {}))


@of_any(
    says="depthwise filter f reads channel f % C, not f // m, with m filters a channel",
    killed_by="values",
    corner="with several a channel",
)
def depthwise_filters_dealt(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    F, C = len(weight), x.shape[1]
    order = dealt(F, C) if weight.shape[1] == 1 < C else np.arange(F)
    return right(x, weight[order], bias if bias is None else bias[order], **how)[:, np.argsort(order)]


@of_any(
    says="the middle of an even kernel is taken to be at half its size, one pixel too far",
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
