"""Mistakes in which arrays functions with windows refuse."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.refusals_windows import CONVOLUTIONS, POOLS, both


@fault(
    "conv1d",
    "conv2d",
    "conv_transpose2d",
    "im2col",
    *POOLS,
    says="what does not fit gives an empty result",
    killed_by="refusals",
)
def empty_result(right: Right, x: Any, *arrays: Any, **how: Any) -> Any:
    try:
        return right(x, *arrays, **how)
    except ValueError:
        return np.empty((*x.shape[:2], *(0 for _ in x.shape[2:])), x.dtype)


@fault(*both(*CONVOLUTIONS), says="integer arrays are accepted", killed_by="refusals")
def integers_accepted(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*(array.astype(np.result_type(array, np.float32)) for array in arrays), **how)


@fault("im2col", *POOLS, says="integer arrays are accepted", killed_by="refusals")
def integers_kept(right: Right, x: Any, *sizes: Any, **how: Any) -> Any:
    return right(x.astype(np.result_type(x, np.float32)), *sizes, **how).astype(x.dtype)


@fault(
    "im2col",
    "conv2d",
    *POOLS,
    says="an image without a batch axis is taken for a batch of one",
    killed_by="refusals",
    corner="only for images of three axes",
)
def batch_axis_added(right: Right, x: Any, *arrays: Any, **how: Any) -> Any:
    return right(x.reshape(-1, *x.shape[-3:]), *arrays, **how)


@fault("conv1d", "conv2d", says="channels that the weight does not have are left out", killed_by="refusals")
def channels_left_out(right: Right, x: Any, weight: Any, *bias: Any, groups: int = 1, **how: Any) -> Any:
    return right(x[:, : weight.shape[1] * max(groups, 1)], weight, *bias, groups=groups, **how)


@fault("conv1d", "conv2d", says="filters that groups do not divide are left out", killed_by="refusals")
def filters_left_out(right: Right, x: Any, weight: Any, *bias: Any, groups: int = 1, **how: Any) -> Any:
    count = len(weight) // max(groups, 1) * max(groups, 1)
    return right(x, weight[:count], *(each[:count] for each in bias), groups=groups, **how)


@fault(
    "conv2d",
    says="a weight of one channel serves all of them",
    killed_by="refusals",
    corner="only for a weight of one channel",
)
def weight_of_one_channel(right: Right, x: Any, weight: Any, *bias: Any, groups: int = 1, **how: Any) -> Any:
    depth = x.shape[1] // max(groups, 1) if weight.shape[1] == 1 and x.ndim == weight.ndim == 4 else 1
    return right(x, np.repeat(weight, depth, axis=1), *bias, groups=groups, **how)


@fault(
    *CONVOLUTIONS,
    says="a bias of one number serves all filters",
    killed_by="refusals",
    corner="only for a bias of one number",
)
def bias_of_one_number(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, **how)
    ones = np.ones(y.shape[1], x.dtype)
    return y if bias is None else right(x, weight, ones * bias if bias.size == 1 else bias, **how)


@fault(*CONVOLUTIONS, says="surplus numbers of a bias are left out", killed_by="refusals")
def bias_too_long(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, **how)
    return y if bias is None else right(x, weight, bias[: y.shape[1]], **how)


@fault(*both("conv1d", "conv2d", *POOLS), says="bad input raises an AssertionError", killed_by="refusals")
def assertion(right: Right, *arrays: Any, **how: Any) -> Any:
    try:
        return right(*arrays, **how)
    except ValueError as error:
        raise AssertionError(str(error)) from error


@fault("col2im", says="surplus rows and columns are left out", killed_by="refusals")
def cols_cut(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    rows, columns = right.im2col(np.zeros(input_shape), kernel_size, **how).shape
    return right(cols[:rows, :columns], input_shape, kernel_size, **how)


@fault(
    "col2im",
    says="cols of another shape are read in order",
    killed_by="refusals",
    corner="only where they hold as many numbers",
)
def cols_reshaped(right: Right, cols: Any, input_shape: Any, kernel_size: Any, **how: Any) -> Any:
    wanted = right.im2col(np.zeros(input_shape), kernel_size, **how).shape
    return right(cols.reshape(wanted), input_shape, kernel_size, **how)


@fault(
    "conv1d_backward",
    "conv2d_backward",
    says="a grad_output that broadcasts to the output is accepted",
    killed_by="refusals",
)
def gradient_broadcast(right: Right, grad: Any, x: Any, weight: Any, **how: Any) -> Any:
    forward = right.conv1d if x.ndim == 3 else right.conv2d
    return right(np.broadcast_to(grad, forward(x, weight, **how).shape), x, weight, **how)


@fault(
    "max_pool2d_backward",
    "avg_pool2d_backward",
    says="a grad_output of another shape is read in order",
    killed_by="refusals",
    corner="only where it holds as many numbers",
)
def gradient_reshaped(right: Right, grad: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    forward = right.max_pool2d if "dilation" in how else right.avg_pool2d
    return right(grad.reshape(forward(x, kernel_size, **how).shape), x, kernel_size, **how)
