"""Mistakes in transposed convolutions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.oracle.geometry import Axis, add_windows, pair, sides, transposed_axes, windows

_PLAIN = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}


def _axes(x: Any, weight: Any, how: dict[str, Any]) -> tuple[Axis, Axis]:
    vertical, horizontal = transposed_axes(x.shape[2:], weight.shape[2:], _PLAIN | how)
    return vertical, horizontal


def _split(array: Any, axis: int, groups: int) -> Any:
    """Split an axis into (groups, members)."""
    return array.reshape(*array.shape[:axis], groups, array.shape[axis] // groups, *array.shape[axis + 1 :])


def _stamped(x: Any, weight: Any, bias: Any, groups: int, axes: list[Axis]) -> Any:
    """Return the images onto which stamps along these axes add up."""
    cells = np.einsum("ngchw,gcfij->ngfhiwj", _split(x, 1, groups), _split(weight, 0, groups))
    N, _, _, *window = cells.shape
    y = add_windows(cells.reshape(N, groups * weight.shape[1], *window), axes)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def _gradient_of_x(g: Any, weight: Any, groups: int, axes: list[Axis]) -> Any:
    """Return what windows along these axes read of g, times the weight."""
    cells = windows(_split(g, 1, groups), axes).astype(g.dtype)
    grad_x = np.einsum("ngfhiwj,gcfij->ngchw", cells, _split(weight, 0, groups))
    return grad_x.reshape(len(g), len(weight), *grad_x.shape[3:])


def _reached(right: Right, x: Any, weight: Any, how: dict[str, Any]) -> Any:
    """Return which pixels of the output a stamp reaches."""
    image, stamp = np.ones((1, 1, *x.shape[2:])), np.ones((1, 1, *weight.shape[2:]))
    return right.conv_transpose2d(image, stamp, **how | {"groups": 1}) > 0


def _lengthening(y: Any, how: dict[str, Any]) -> Any:
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
    return _split(y, 1, groups).swapaxes(1, 2).reshape(y.shape)


@fault(
    "conv_transpose2d",
    says="channel c belongs to group c % groups",
    killed_by="groups",
    corner="only with groups of several channels",
)
def channels_interleaved(right: Right, x: Any, weight: Any, bias: Any = None, groups: int = 1, **how: Any) -> Any:
    right(x, weight, bias, groups=groups, **how)
    dealt = _split(x, 1, x.shape[1] // groups).swapaxes(1, 2).reshape(x.shape)
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
    return np.where(_reached(right, x, weight, how) | _lengthening(y, how), y, 0)


@fault(
    "conv_transpose2d",
    says="with a kernel of one cell the pixels between the stamps are left as the memory was",
    killed_by="values",
    corner="only with a kernel of one cell below the stride",
    history="stride_above_kernel",
)
def gaps_of_junk(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(_reached(right, x, weight, how) | (weight[0, 0].size > 1), y, 77)


@fault(
    "conv_transpose2d",
    says="output_padding is filled with zeros",
    killed_by="values",
    corner="only in the rows and columns of output_padding",
    history="output_padding",
)
def lengthened_by_zeros(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(_lengthening(y, how), 0, y)


@fault(
    "conv_transpose2d",
    says="output_padding holds the bias alone, although stamps that padding would cut reach into it",
    killed_by="values",
    corner="only in output_padding that meets padding",
    history="output_padding",
)
def lengthened_by_bias(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(_lengthening(y, how), right(np.zeros_like(x), weight, bias, **how), y)


@fault(
    "conv_transpose2d",
    says="the bias is missing in output_padding",
    killed_by="values",
    corner="only in output_padding with a bias",
    history="output_padding",
)
def lengthened_without_bias(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.where(_lengthening(y, how), right(x, weight, **how), y)


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
    vertical, horizontal = _axes(x, weight, how)
    return _stamped(x, weight, bias, groups, [replace(vertical, stride=horizontal.stride), horizontal])


@fault(
    "conv_transpose2d",
    says="the dilation spreads the columns of the kernel, but not its rows",
    killed_by="values",
    corner="only in kernels that are dilated vertically",
)
def undilated_rows(right: Right, x: Any, weight: Any, bias: Any = None, groups: int = 1, **how: Any) -> Any:
    right(x, weight, bias, groups=groups, **how)
    vertical, horizontal = _axes(x, weight, how)
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


@fault(
    "conv_transpose2d_backward",
    says="grad_x is taken with the flipped kernel",
    killed_by="values",
    history="flipped_kernel",
)
def flipped_grad_x(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    return right(g, x, np.flip(weight, tuple(range(2, weight.ndim))), **how)


@fault("conv_transpose2d_backward", says="grad_bias is the mean over the samples", killed_by="values")
def grad_bias_mean(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight, **how)
    return grad_x, grad_weight, grad_bias / max(len(x), 1)


@fault("conv_transpose2d_backward", says="grad_weight is that of the last sample alone", killed_by="values")
def grad_weight_of_last(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, _, grad_bias = right(g, x, weight, **how)
    return grad_x, right(g[-1:], x[-1:], weight, **how)[1], grad_bias


@fault(
    "conv_transpose2d_backward",
    says="grad_weight is laid out as (F, C) instead of (C, F/groups)",
    killed_by="values",
    corner="only where the weight's first two axes are equally long",
)
def grad_weight_transposed(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight, **how)
    C, F = weight.shape[:2]
    return grad_x, grad_weight.swapaxes(0, 1) if C == F else grad_weight, grad_bias


@fault(
    "conv_transpose2d_backward",
    says="grad_weight holds the groups in reverse order",
    killed_by="values",
    corner="only with groups",
    history="grouped_weight_gradient",
)
def grad_weight_of_other_group(right: Right, g: Any, x: Any, weight: Any, groups: int, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight, groups=groups, **how)
    return grad_x, _split(grad_weight, 0, groups)[::-1].reshape(grad_weight.shape), grad_bias


@fault(
    "conv_transpose2d_backward",
    says="groups past the last whole block of 16 get no grad_weight",
    killed_by="values",
    corner="only with more than 16 groups",
    history="grouped_weight_gradient",
)
def grad_weight_of_first_groups(right: Right, g: Any, x: Any, weight: Any, groups: int, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight, groups=groups, **how)
    grad_weight[len(weight) // groups * (groups // 16 * 16 or groups) :] = 0
    return grad_x, grad_weight, grad_bias


@fault(
    "conv_transpose2d_backward",
    says="grad_bias leaves the pixels out that no stamp reaches",
    killed_by="values",
    corner="only with a stride above the kernel, or output_padding",
    history="stride_above_kernel",
)
def grad_bias_of_stamps(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, _ = right(g, x, weight, **how)
    return grad_x, grad_weight, np.where(_reached(right, x, weight, how), g, 0).sum((0, 2, 3))


@fault(
    "conv_transpose2d_backward",
    says="grad_x is read with a stride no larger than the kernel",
    killed_by="values",
    corner="only with a stride above the kernel",
    history="stride_above_kernel",
)
def grad_x_without_gaps(right: Right, g: Any, x: Any, weight: Any, groups: int, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(g, x, weight, groups=groups, **how)
    axes = [replace(axis, stride=min(axis.stride, axis.kernel)) for axis in _axes(x, weight, how)]
    return _gradient_of_x(g, weight, groups, axes), grad_weight, grad_bias


@fault(
    "conv_transpose2d_backward",
    says="grad_bias leaves output_padding out",
    killed_by="values",
    corner="only with output_padding",
    history="output_padding",
)
def grad_bias_cut(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, _ = right(g, x, weight, **how)
    return grad_x, grad_weight, np.where(_lengthening(g, how), 0, g).sum((0, 2, 3))


@fault(
    "conv_transpose2d_backward",
    says="grad_x and grad_weight leave output_padding out, although stamps reach into it",
    killed_by="values",
    corner="only with output_padding that meets padding",
    history="output_padding",
)
def gradients_cut(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_bias = right(g, x, weight, **how)[2]
    return *right(np.where(_lengthening(g, how), 0, g), x, weight, **how)[:2], grad_bias


@fault(
    "conv_transpose2d_backward",
    says="of more windows than pixels, grad_x takes the last ones instead of the first",
    killed_by="values",
    corner="only with output_padding not below the stride",
    history="output_padding",
)
def grad_x_from_behind(right: Right, g: Any, x: Any, weight: Any, output_padding: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(g, x, weight, output_padding=output_padding, **how)
    grad_x = right.conv2d(g, weight, **how)
    return grad_x[:, :, -x.shape[2] :, -x.shape[3] :], grad_weight, grad_bias


@fault(
    "conv_transpose2d_backward",
    says="the vertical stride serves both axes in grad_x",
    killed_by="values",
    corner="only where the strides of the axes differ",
)
def grad_x_vertical_stride(right: Right, g: Any, x: Any, weight: Any, groups: int, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(g, x, weight, groups=groups, **how)
    vertical, horizontal = _axes(x, weight, how)
    axes = [vertical, replace(horizontal, stride=vertical.stride)]
    return _gradient_of_x(g, weight, groups, axes), grad_weight, grad_bias


@fault(
    "conv_transpose2d_backward",
    says="grad_x is summed in float32",
    killed_by="values",
    corner="only in float64",
    history="lower_precision",
)
def grad_x_single(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight, **how)
    return grad_x.astype(np.float32).astype(grad_x.dtype), grad_weight, grad_bias


@fault(
    "conv_transpose2d_backward",
    says="an empty batch leaves grad_weight as the memory was",
    killed_by="empty_batch",
    corner="only in an empty batch",
    history="empty_batch",
)
def grad_weight_of_junk(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight, **how)
    return grad_x, grad_weight + (len(x) == 0), grad_bias
