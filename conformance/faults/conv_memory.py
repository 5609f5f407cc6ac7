"""Mistakes in convolutions about memory: layouts, empty batches, and what is left of earlier calls."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from conformance.faults.conv_corners import change_each
from conformance.faults.conv_places import of_any, of_any_backward
from conformance.faults.fault import Right

_nothing = partial(of_any_backward, killed_by="empty_batch", corner="in an empty batch", history="empty_batch")


@of_any(
    says="a weight is read in the order in which it lies in memory",
    killed_by="layouts",
    corner="where the weight is not contiguous",
    history="strided_weight",
)
def weight_in_memory_order(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    return right(x, weight.ravel(order="K").reshape(weight.shape), bias, **how)


@of_any_backward(
    says="grad_x is made from the weight in the order in which it lies in memory",
    killed_by="layouts",
    corner="where the weight is not contiguous",
    history="strided_weight",
)
def grad_x_of_weight_in_memory_order(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    _, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return right(grad_output, x, weight.ravel(order="K").reshape(weight.shape), **how)[0], grad_weight, grad_bias


@of_any_backward(
    says="grad_output is read in the order in which it lies in memory",
    killed_by="layouts",
    corner="where grad_output is not contiguous",
    history="strided_weight",
)
def grad_output_in_memory_order(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    return right(grad_output.ravel(order="K").reshape(grad_output.shape), x, weight, **how)


@of_any(
    says="the result for channels-last images is laid out channels-last, and read as if it were not",
    killed_by="layouts",
    corner="for channels-last images",
    history="channels_last",
)
def result_of_channels_last(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    last = np.moveaxis(x, 1, -1).flags.c_contiguous and not x.flags.c_contiguous
    return np.moveaxis(y, 1, -1).reshape(y.shape) if last else y


@of_any(
    says="an image of one channel is taken for channels-last, which it is too, and the result is laid out so",
    killed_by="values",
    corner="with a single channel",
    history="channels_last",
)
def one_channel_is_last(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return np.moveaxis(y, 1, -1).reshape(y.shape) if x.shape[1] == 1 and x.flags.c_contiguous else y


@of_any_backward(
    says="x is taken to be channels-first where it is channels-last",
    killed_by="layouts",
    corner="for channels-last images",
    history="channels_last",
)
def x_in_memory_order(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    return right(grad_output, x.ravel(order="K").reshape(x.shape), weight, **how)


@of_any(
    says="the shape of the output is asked of the first sample",
    killed_by="empty_batch",
    corner="in an empty batch",
    history="empty_batch",
)
def first_sample_asked(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    return y.reshape(-1, *y[0].shape)


@_nothing(says="the gradients of parameters are 0 / 0 for an empty batch")
def gradients_of_nothing_are_nan(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    results = right(grad_output, x, weight, **how)
    return change_each(results, lambda each: each if len(x) else each + np.asarray(np.nan, x.dtype))


@_nothing(says="grad_weight is what was in its memory before, for an empty batch")
def grad_weight_not_cleared(right: Right, grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad_output, x, weight, **how)
    return grad_x, grad_weight if len(x) else weight.copy(), grad_bias


@of_any(
    says="weight is changed in place, as by flipping the kernel",
    killed_by="inputs_unchanged",
    corner="after the call",
    history="mutated_input",
)
def weight_flipped_in_place(right: Right, x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    packed = weight if weight.flags.writeable else weight.copy()
    packed[...] = packed[..., ::-1].copy()
    return y


@of_any(
    says="a packed weight is found again by its identity, whatever it holds by now",
    killed_by="no_state",
    corner="after the weight was changed in place",
    remembers=True,
)
def weight_packed_once(right: Right, memory: dict[int, Any], x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    # The weight itself is kept too: no other array can come to its identity.
    _, packed = memory.setdefault(id(weight), (weight, weight.copy()))
    return right(x, packed, bias, **how)


@of_any(
    says="the plan of a convolution is made anew only for other shapes",
    killed_by="no_state",
    corner="when the attributes change and the shapes do not",
    remembers=True,
)
def plan_of_same_shapes(right: Right, memory: dict[Any, Any], x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    shapes = (x.shape, weight.shape)
    if shapes not in memory:
        memory.clear()
    return right(x, weight, bias, **memory.setdefault(shapes, how))


@of_any(
    says="the result is written to the buffer of the last call of this size",
    killed_by="no_alias",
    corner="in results of an earlier call",
    remembers=True,
)
def buffer_reused(right: Right, memory: dict[Any, Any], x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    y = right(x, weight, bias, **how)
    buffer = memory.setdefault((y.shape, y.dtype), y)
    buffer[...] = y
    return buffer
