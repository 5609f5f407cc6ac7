"""Mistakes in the gradients of transposed convolutions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.faults.conv_transpose import axes_of, lengthening, reached, split
from conformance.faults.fault import Right, fault
from conformance.oracle.geometry import Axis, windows


def _gradient_of_x(g: Any, weight: Any, groups: int, axes: list[Axis]) -> Any:
    """Return what windows along these axes read of g, times the weight."""
    cells = windows(split(g, 1, groups), axes).astype(g.dtype)
    grad_x = np.einsum("ngfhiwj,gcfij->ngchw", cells, split(weight, 0, groups))
    return grad_x.reshape(len(g), len(weight), *grad_x.shape[3:])


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
    says="grad_weight is laid out as (F/groups, C) instead of (C, F/groups)",
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
    return grad_x, split(grad_weight, 0, groups)[::-1].reshape(grad_weight.shape), grad_bias


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
    says="grad_bias leaves out the pixels that no stamp reaches",
    killed_by="values",
    corner="only with a stride above the kernel, or output_padding",
    history="stride_above_kernel",
)
def grad_bias_of_stamps(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, _ = right(g, x, weight, **how)
    return grad_x, grad_weight, np.where(reached(right, x, weight, how), g, 0).sum((0, 2, 3))


@fault(
    "conv_transpose2d_backward",
    says="grad_x is read with a stride no larger than the kernel",
    killed_by="values",
    corner="only with a stride above the kernel",
    history="stride_above_kernel",
)
def grad_x_without_gaps(right: Right, g: Any, x: Any, weight: Any, groups: int, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(g, x, weight, groups=groups, **how)
    axes = [replace(axis, stride=min(axis.stride, axis.kernel)) for axis in axes_of(x, weight, how)]
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
    return grad_x, grad_weight, np.where(lengthening(g, how), 0, g).sum((0, 2, 3))


@fault(
    "conv_transpose2d_backward",
    says="grad_x and grad_weight leave output_padding out, although stamps reach into it",
    killed_by="values",
    corner="only with output_padding that meets padding",
    history="output_padding",
)
def gradients_cut(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_bias = right(g, x, weight, **how)[2]
    return *right(np.where(lengthening(g, how), 0, g), x, weight, **how)[:2], grad_bias


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
    vertical, horizontal = axes_of(x, weight, how)
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
    says="grad_weight of an empty batch is what its memory held before",
    killed_by="empty_batch",
    corner="only in an empty batch",
    history="empty_batch",
)
def grad_weight_of_junk(right: Right, g: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight, **how)
    return grad_x, grad_weight + (len(x) == 0), grad_bias
