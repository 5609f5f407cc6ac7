"""Mistakes in what is refused; those of training and of functions with windows are beside this file."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault

_ACTIVATIONS = ("relu", "sigmoid", "tanh")
_DENSE = (*_ACTIVATIONS, "softmax", "local_response_norm", "dropout", "global_avg_pool2d", "linear")
UPDATES = ("sgd_update", "momentum_update", "adam_update")


def floating(array: Any) -> Any:
    return array.astype(np.result_type(array, np.float32))


@fault(
    *_DENSE,
    *(f"{name}_backward" for name in _DENSE),
    "batch_norm",
    *UPDATES,
    says="integer arrays are accepted",
    killed_by="refusals",
)
def integers_accepted(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*map(floating, arrays), **how)


@fault(
    *(f"{name}_backward" for name in (*_ACTIVATIONS, "softmax", "local_response_norm", "dropout")),
    says="a grad_output that broadcasts to x is accepted",
    killed_by="refusals",
)
def gradient_broadcast(right: Right, grad: Any, x: Any, **how: Any) -> Any:
    return right(np.broadcast_to(grad, x.shape), x, **how)


@fault(
    "relu_backward",
    "softmax_backward",
    "global_avg_pool2d_backward",
    says="a grad_output of one number is taken for all",
    killed_by="refusals",
    corner="only for a grad_output of one number",
)
def gradient_of_one_number(right: Right, grad: Any, x: Any, **how: Any) -> Any:
    shape = (*x.shape[:2], 1, 1) if x.ndim == 4 else x.shape
    return right(np.broadcast_to(grad, shape) if grad.size == 1 else grad, x, **how)


@fault(
    "tanh_backward",
    "dropout_backward",
    "local_response_norm_backward",
    says="a grad_output of another shape is read in order",
    killed_by="refusals",
    corner="only where it holds as many numbers",
)
def gradient_reshaped(right: Right, grad: Any, x: Any, **how: Any) -> Any:
    return right(grad.reshape(x.shape), x, **how)


@fault("linear_backward", says="a grad_output that broadcasts to the output is accepted", killed_by="refusals")
def gradient_of_linear_broadcast(right: Right, grad: Any, x: Any, weight: Any) -> Any:
    return right(np.broadcast_to(grad, (len(x), len(weight))), x, weight)


@fault(
    "linear", says="a bias of one number serves all outputs", killed_by="refusals", corner="for a bias of one number"
)
def bias_of_one_number(right: Right, x: Any, weight: Any, *bias: Any) -> Any:
    return right(x, weight, *(np.resize(each, len(weight) if each.size == 1 else each.shape) for each in bias))


@fault("linear", says="surplus numbers of a bias are left out", killed_by="refusals")
def bias_too_long(right: Right, x: Any, weight: Any, *bias: Any) -> Any:
    return right(x, weight, *(each[: len(weight)] for each in bias))


@fault("linear", says="a bias may have a row for each sample", killed_by="refusals", corner="for a bias of two axes")
def bias_for_each_sample(right: Right, x: Any, weight: Any, *bias: Any) -> Any:
    rows = [each for each in bias if each.ndim == 2]
    return right(x, weight, *(each for each in bias if each.ndim == 1)) + sum(rows)


@fault("linear", says="a weight that is transposed is turned round", killed_by="refusals")
def weight_turned(right: Right, x: Any, weight: Any, *bias: Any) -> Any:
    return right(x, weight if weight.shape[-1] == x.shape[-1] else weight.T, *bias)


@fault("linear", says="features that the weight does not have are left out", killed_by="refusals")
def features_left_out(right: Right, x: Any, weight: Any, *bias: Any) -> Any:
    return right(x[:, : weight.shape[-1]], weight, *bias)


@fault("softmax", "softmax_backward", says="an axis that x does not have is wrapped around", killed_by="refusals")
def axis_wrapped(right: Right, *arrays: Any, axis: int = -1) -> Any:
    return right(*arrays, axis=axis % arrays[-1].ndim)


@fault(
    "softmax",
    "softmax_backward",
    says="an axis before the first is taken for the first",
    killed_by="refusals",
    corner="only with a negative axis",
)
def axis_before_first(right: Right, *arrays: Any, axis: int = -1) -> Any:
    return right(*arrays, axis=max(axis, -arrays[-1].ndim))


@fault("softmax", says="an axis that x does not have ends in an IndexError", killed_by="refusals")
def axis_index_error(right: Right, x: Any, *, axis: int = -1) -> Any:
    return right(x, axis=range(-x.ndim, x.ndim)[axis + x.ndim])


@fault(
    "linear",
    "batch_norm",
    "cross_entropy_backward",
    "sgd_update",
    says="bad input raises an AssertionError",
    killed_by="refusals",
)
def assertion(right: Right, *arrays: Any, **how: Any) -> Any:
    try:
        return right(*arrays, **how)
    except ValueError as error:
        raise AssertionError(str(error)) from error


@fault(
    "linear_backward", "softmax_backward", "adam_update", says="bad input raises a RuntimeError", killed_by="refusals"
)
def runtime_error(right: Right, *arrays: Any, **how: Any) -> Any:
    try:
        return right(*arrays, **how)
    except (ValueError, TypeError) as error:
        raise RuntimeError(str(error)) from error


@fault(
    "global_avg_pool2d",
    says="an image without a batch axis is taken for a batch of one",
    killed_by="refusals",
    corner="only for images of three axes",
)
def batch_axis_added(right: Right, x: Any) -> Any:
    return right(x.reshape(-1, *x.shape[-3:]))
