"""Mistakes in the gradient of softmax alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.softmax import weights_of


@fault("softmax_backward", says="the inner product of grad_output and softmax(x) is not subtracted", killed_by="values")
def no_inner_product(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    return grad_output * right.softmax(x, axis=axis)


@fault("softmax_backward", says="only the diagonal y (1 - y) of its derivative is taken", killed_by="values")
def diagonal(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    y = right.softmax(x, axis=axis)
    return grad_output * y * (1 - y)


@fault(
    "softmax_backward", says="the sum of grad_output is subtracted, without the factor softmax(x)", killed_by="values"
)
def plain_sum(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    return right.softmax(x, axis=axis) * (grad_output - grad_output.sum(axis=axis, keepdims=True))


@fault("softmax_backward", says="the outer factor softmax(x) is left out", killed_by="values")
def outer_factor_left_out(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    return grad_output - (grad_output * right.softmax(x, axis=axis)).sum(axis=axis, keepdims=True)


@fault(
    "softmax_backward",
    says="the inner product runs over the whole array",
    killed_by="values",
    corner="more than one row",
)
def inner_product_of_all(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    y = right.softmax(x, axis=axis)
    return y * (grad_output - (grad_output * y).sum())


@fault(
    "softmax_backward",
    says="the inner product runs along the last axis, not along axis",
    killed_by="values",
    corner="an axis other than the last",
)
def inner_product_of_last_axis(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    y = right.softmax(x, axis=axis)
    return y * (grad_output - (grad_output * y).sum(axis=-1, keepdims=True))


@fault(
    "softmax_backward",
    says="grad_output is read transposed where that fits",
    killed_by="values",
    corner="as many rows as columns",
)
def transposed_square(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    return right(grad_output.T if x.shape == x.T.shape == grad_output.shape else grad_output, x, axis=axis)


@fault("softmax_backward", says="x is taken for softmax(x)", killed_by="values")
def x_for_y(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    return x * (grad_output - (grad_output * x).sum(axis=axis, keepdims=True))


@fault(
    "softmax_backward",
    says="exp(x) overflows, for the softmax in the gradient does not subtract the largest logit",
    killed_by="special_values",
    corner="large logits",
    history="softmax_shift",
)
def no_shift_in_gradient(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    y = weights_of(x, 0, axis)
    return y * (grad_output - (grad_output * y).sum(axis=axis, keepdims=True))


@fault(
    "softmax_backward",
    says="softmax(x) is kept from the first call with arrays of a shape",
    killed_by="no_state",
    corner="a later call with the same shape",
    remembers=True,
)
def stale_softmax(right: Right, memory: dict[Any, Any], grad_output: Any, x: Any, axis: int) -> Any:
    return right(grad_output, memory.setdefault((x.shape, x.dtype), x.copy()), axis=axis)


@fault(
    "softmax_backward",
    says="grad_output is changed in place, as by centring it",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def centres_its_input(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    grad_x = right(grad_output, x, axis=axis)
    np.copyto(grad_output if grad_output.flags.writeable else grad_x.copy(), grad_output - grad_output.mean())
    return grad_x
