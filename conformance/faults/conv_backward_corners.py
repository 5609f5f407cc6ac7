"""Mistakes in the gradients of convolutions that are wrong in a corner alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.conv_places import of_any_backward, places, read_back
from conformance.faults.fault import Right, fault


@fault(
    "conv2d_backward",
    says="grad_x is made with rows and columns of the kernel swapped",
    killed_by="values",
    corner="with a square kernel",
)
def grad_x_of_transposed_kernel(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    square = weight.shape[2] == weight.shape[3]
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return right(grad_output, x, weight.swapaxes(2, 3) if square else weight, **how)[0], grad_weight, grad_bias


@of_any_backward(
    says="grad_x is cut as if the paddings on the two sides were swapped",
    killed_by="values",
    corner="with unequal padding on the two sides",
    history="padding_side",
)
def padding_sides_swapped_back(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return read_back(right, grad_output, x, weight, how, before=places(x, **how).after)[0], grad_weight, grad_bias


@of_any_backward(
    says="grad_weight holds the groups in reverse order from 24 groups on",
    killed_by="values",
    corner="with 24 groups or more",
    history="grouped_weight_gradient",
)
def grad_weight_of_24_groups(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    step = -1 if how["groups"] >= 24 else 1
    return grad_x, grad_weight.reshape(how["groups"], -1)[::step].reshape(weight.shape), grad_bias


@of_any_backward(
    says="grad_x of every group is made with the first group's filters where there is a stride",
    killed_by="values",
    corner="with groups and a stride",
    history="grouped_strided_input_gradient",
)
def strided_grad_x_of_first_group(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    groups = how["groups"] if max(places(x, **how).stride) > 1 else 1
    first = np.tile(weight[: len(weight) // groups], (groups, *(1,) * (x.ndim - 1)))
    return right(grad_output, x, first, **how)[0], grad_weight, grad_bias


@of_any_backward(
    says="the stride is left out of grad_x where there are groups",
    killed_by="values",
    corner="with groups and a stride",
    history="grouped_strided_input_gradient",
)
def grouped_grad_x_without_stride(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    wrong = {"stride": (1,) * (x.ndim - 2)} if how["groups"] > 1 else {}
    return read_back(right, grad_output, x, weight, how, **wrong)[0], grad_weight, grad_bias


@of_any_backward(
    says="a stride above the kernel is cut down to it",
    killed_by="values",
    corner="with a stride above the kernel",
    history="stride_above_kernel",
)
def stride_cut_to_kernel(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    right(grad_output, x, weight, **how)
    stride = tuple(map(min, places(x, **how).stride, weight.shape[2:]))
    return read_back(right, grad_output, x, weight, how, stride=stride)


@of_any_backward(
    says="a stride above the kernel is refused",
    killed_by="values",
    corner="with a stride above the kernel",
    history="stride_above_kernel",
)
def stride_above_kernel_refused(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    if any(step > cells for step, cells in zip(places(x, **how).stride, weight.shape[2:], strict=True)):
        raise ValueError("stride must not exceed the kernel")
    return right(grad_output, x, weight, **how)


@of_any_backward(
    says="the pixels between the windows get the gradient of the last cell before them",
    killed_by="values",
    corner="with a stride above the kernel",
    history="stride_above_kernel",
)
def gaps_filled(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    gaps = (max(0, step - cells) for step, cells in zip(places(x, **how).stride, weight.shape[2:], strict=True))
    wide = np.pad(weight, ((0, 0), (0, 0), *((0, gap) for gap in gaps)), mode="edge")
    return read_back(right, grad_output, x, wide, how)[0], grad_weight, grad_bias


@of_any_backward(
    says="padding above the kernel's reach is cut down to it in grad_x, where it should crop",
    killed_by="values",
    corner="with padding as wide as the kernel or wider",
)
def padding_cut_to_kernel(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    where, (_, grad_weight, grad_bias) = places(x, **how), right(grad_output, x, weight, **how)
    reach = (gap * (cells - 1) for gap, cells in zip(where.dilation, weight.shape[2:], strict=True))
    before = tuple(map(min, where.before, reach))
    return read_back(right, grad_output, x, weight, how, before=before)[0], grad_weight, grad_bias


@of_any_backward(
    says="grad_x ends where the last window does", killed_by="shape", corner="where the stride leaves a remainder"
)
def remainder_left_out(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    where, (grad_x, grad_weight, grad_bias) = places(x, **how), right(grad_output, x, weight, **how)
    end = (grad_output.shape[-1] - 1) * where.stride[-1] + where.dilation[-1] * (weight.shape[-1] - 1) + 1
    return grad_x[..., : max(1, end - where.before[-1])], grad_weight, grad_bias


@of_any_backward(
    says="grad_x of the last channel is left at zero",
    killed_by="values",
    corner="in the last of several channels",
    history="backward_channel",
)
def last_channel_left_out(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    grad_x[:, max(1, x.shape[1] - 1) :] = 0
    return grad_x, grad_weight, grad_bias


@of_any_backward(
    says="grad_weight lacks the last column of outputs", killed_by="values", corner="in the last of several columns"
)
def last_column_left_out(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, _, grad_bias = right(grad_output, x, weight, **how)
    kept = np.where(np.arange(grad_output.shape[-1]) < max(1, grad_output.shape[-1] - 1), grad_output, 0 * grad_output)
    return grad_x, right(kept, x, weight, **how)[1], grad_bias


@of_any_backward(
    says="grad_weight is added to that of the calls before",
    killed_by="no_state",
    corner="from the second call of a shape on",
    remembers=True,
)
def grad_weight_accumulates(
    right: Right, memory: dict[Any, Any], grad_output: Any, x: Any, weight: Any, **how: Any
) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    total = memory[x.shape, weight.shape] = memory.get((x.shape, weight.shape), 0) + grad_weight
    return grad_x, total.astype(x.dtype), grad_bias


@of_any_backward(
    says="the columns of x are kept from the first call of these shapes",
    killed_by="no_state",
    corner="from the second call of a shape on",
    remembers=True,
)
def columns_of_first_call(
    right: Right, memory: dict[Any, Any], grad_output: Any, x: Any, weight: Any, **how: Any
) -> Any:
    key = (x.shape, x.dtype, weight.shape, grad_output.shape)
    return right(grad_output, memory.setdefault(key, x.copy()), weight, **how)
