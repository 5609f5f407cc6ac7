"""Mistakes in transposed convolutions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.oracle.geometry import Axis, add_windows, pair, sides, transposed_axes

_PLAIN = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}


def axes_of(x: Any, weight: Any, how: dict[str, Any]) -> tuple[Axis, Axis]:
    vertical, horizontal = transposed_axes(x.shape[2:], weight.shape[2:], _PLAIN | how)
    return vertical, horizontal


def split(array: Any, axis: int, groups: int) -> Any:
    """Split an axis into (groups, members)."""
    return array.reshape(*array.shape[:axis], groups, array.shape[axis] // groups, *array.shape[axis + 1 :])


def _stamped(x: Any, weight: Any, bias: Any, groups: int, axes: list[Axis]) -> Any:
    """Return the images onto which stamps along these axes add up."""
    cells = np.einsum("ngchw,gcfij->ngfhiwj", split(x, 1, groups), split(weight, 0, groups))
    N, _, _, *window = cells.shape
    y = add_windows(cells.reshape(N, groups * weight.shape[1], *window), axes)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def reached(right: Right, x: Any, weight: Any, how: dict[str, Any]) -> Any:
    """Return which pixels of the output a stamp reaches."""
    image, stamp = np.ones((1, 1, *x.shape[2:])), np.ones((1, 1, *weight.shape[2:]))
    return right.conv_transpose2d(image, stamp, **how | {"groups": 1}) > 0


def lengthening(y: Any, how: dict[str, Any]) -> Any:
    """Return which pixels of the output are there for output_padding's sake."""
    below, behind = pair(how.get("output_padding", 0))
    rows, columns = np.ogrid[: y.shape[2], : y.shape[3]]
    return (rows >= y.shape[2] - below) | (columns >= y.shape[3] - behind)


@fault("conv_transpose2d", says="the kernel is flipped", killed_by="values", history="flipped_kernel")
def flipped_kernel(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, np.flip(weight, tuple(range(2, weight.ndim))), bias, **how)


@fault(
    "conv_transpose2d",
    says="the weight is read as (F, C) instead of (C, F/groups)",
    killed_by="values",
    corner="only where the weight's first two axes are equally long",
)
def filters_first(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight.swapaxes(0, 1) if weight.shape[0] == weight.shape[1] else weight, bias, **how)


@fault(
    "conv_transpose2d",
    says="the filters are ordered by their place in the group first and the group last",
    killed_by="groups",
    corner="only with groups of several filters",
)
def filters_interleaved(right: Right, *arrays: Any, groups: int = 1, **how: Any) -> Any:
    y = right(*arrays, groups=groups, **how)
    return split(y, 1, groups).swapaxes(1, 2).reshape(y.shape)


@fault(
    "conv_transpose2d",
    says="channel c belongs to group c % groups",
    killed_by="groups",
    corner="only with groups of several channels",
)
def channels_interleaved(right: Right, x: Any, weight: Any, bias: Any = None, groups: int = 1, **how: Any) -> Any:
    right(x, weight, bias, groups=groups, **how)
    dealt = split(x, 1, x.shape[1] // groups).swapaxes(1, 2).reshape(x.shape)
    return right(dealt, weight, bias, groups=groups, **how)


@fault(
    "conv_transpose2d",
    says="pixels that no stamp reaches stay 0, without the bias",
    killed_by="values",
    corner="only between the stamps of a stride above the kernel",
    history="stride_above_kernel",
)
def gaps_without_bias(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(reached(right, x, weight, how) | lengthening(y, how), y, 0)


@fault(
    "conv_transpose2d",
    says="with a kernel of one cell the pixels between the stamps are what their memory held before",
    killed_by="values",
    corner="only with a kernel of one cell below the stride",
    history="stride_above_kernel",
)
def gaps_of_junk(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(reached(right, x, weight, how) | (weight[0, 0].size > 1), y, 77)


@fault(
    "conv_transpose2d",
    says="output_padding is filled with zeros",
    killed_by="values",
    corner="only in the rows and columns of output_padding",
    history="output_padding",
)
def lengthened_by_zeros(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(lengthening(y, how), 0, y)


@fault(
    "conv_transpose2d",
    says="output_padding holds the bias alone, although stamps that padding would cut reach into it",
    killed_by="values",
    corner="only in output_padding that meets padding",
    history="output_padding",
)
def lengthened_by_bias(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(lengthening(y, how), right(np.zeros_like(x), weight, bias, **how), y)


@fault(
    "conv_transpose2d",
    says="the bias is missing in output_padding",
    killed_by="values",
    corner="only in output_padding with a bias",
    history="output_padding",
)
def lengthened_without_bias(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(lengthening(y, how), right(x, weight, **how), y)


@fault(
    "conv_transpose2d",
    says="output_padding lengthens the top and the left",
    killed_by="values",
    corner="only with output_padding",
    history="output_padding",
)
def lengthened_in_front(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return np.roll(right(x, weight, bias, **how), pair(how.get("output_padding", 0)), (2, 3))


@fault(
    "conv_transpose2d",
    says="output_padding lengthens the bottom, but not the right",
    killed_by="shape",
    corner="only with horizontal output_padding",
    history="output_padding",
)
def lengthened_below(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return y[..., : y.shape[3] - pair(how.get("output_padding", 0))[1]]


@fault(
    "conv_transpose2d",
    says="output_padding is held below the stride, although the dilation allows more",
    killed_by="values",
    corner="only with output_padding not below the stride",
    history="output_padding",
)
def lengthened_by_stride(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    excess = np.subtract(pair(how.get("output_padding", 0)), pair(how.get("stride", 1))) + 1
    height, width = y.shape[2:] - np.maximum(excess, 0)
    return y[:, :, :height, :width]


@fault(
    "conv_transpose2d",
    says="all of the padding is cut from the top and the left",
    killed_by="values",
    corner="only with padding at the bottom or the right",
    history="padding_side",
)
def cut_in_front(right: Right, x: Any, weight: Any, bias: Any = None, padding: Any = 0, **how: Any) -> Any:
    right(x, weight, bias, padding=padding, **how)
    return right(x, weight, bias, padding=tuple((sum(both), 0) for both in sides(padding)), **how)


@fault(
    "conv_transpose2d",
    says="the horizontal stride serves both axes",
    killed_by="values",
    corner="only where the strides of the axes differ",
)
def horizontal_stride(right: Right, x: Any, weight: Any, bias: Any = None, groups: int = 1, **how: Any) -> Any:
    right(x, weight, bias, groups=groups, **how)
    vertical, horizontal = axes_of(x, weight, how)
    return _stamped(x, weight, bias, groups, [replace(vertical, stride=horizontal.stride), horizontal])


@fault(
    "conv_transpose2d",
    says="the dilation spreads the columns of the kernel, but not its rows",
    killed_by="values",
    corner="only in kernels that are dilated vertically",
)
def undilated_rows(right: Right, x: Any, weight: Any, bias: Any = None, groups: int = 1, **how: Any) -> Any:
    right(x, weight, bias, groups=groups, **how)
    vertical, horizontal = axes_of(x, weight, how)
    return _stamped(x, weight, bias, groups, [replace(vertical, dilation=1), horizontal])


@fault(
    "conv_transpose2d",
    says="the channels past the last whole block of 32 are left out of the sum",
    killed_by="values",
    corner="only with more than 32 channels",
)
def channel_block(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    channels = x.shape[1]
    kept = np.arange(channels) < (channels // 32 * 32 or channels)
    return right(np.where(kept[:, None, None], x, 0), weight, bias, **how)


@fault(
    "conv_transpose2d",
    says="a weight that is not contiguous is read as if it were",
    killed_by="layouts",
    corner="only with a weight that is not contiguous",
    history="strided_weight",
)
def weight_as_in_memory(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight.ravel("K").reshape(weight.shape), bias, **how)
