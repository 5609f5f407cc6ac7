"""Mistakes in what is refused; those of functions with windows are beside this file."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault

_ACTIVATIONS = ("relu", "sigmoid", "tanh")
_DENSE = (*_ACTIVATIONS, "softmax", "local_response_norm", "dropout", "global_avg_pool2d", "linear")
_UPDATES = ("sgd_update", "momentum_update", "adam_update")


def _floating(array: Any) -> Any:
    return array.astype(np.result_type(array, np.float32))


@fault(
    *_DENSE,
    *(f"{name}_backward" for name in _DENSE),
    "batch_norm",
    *_UPDATES,
    says="integer arrays are computed in float64",
    killed_by="refusals",
)
def integers_accepted(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*map(_floating, arrays), **how)


@fault("cross_entropy", "cross_entropy_backward", says="integer logits are computed in float64", killed_by="refusals")
def integer_logits(right: Right, logits: Any, target: Any) -> Any:
    return right(_floating(logits), target)


@fault(*_ACTIVATIONS, "softmax", "sgd_update", says="integer arrays give integers, truncated", killed_by="refusals")
def integers_truncated(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*map(_floating, arrays), **how).astype(arrays[0].dtype)


@fault(
    *(f"{name}_backward" for name in (*_ACTIVATIONS, "softmax", "local_response_norm", "dropout")),
    says="a grad_output that broadcasts to x is accepted",
    killed_by="refusals",
)
def gradient_broadcast(right: Right, grad: Any, x: Any, **how: Any) -> Any:
    return right(np.broadcast_to(grad, x.shape), x, **how)


@fault("batch_norm_backward", says="a grad_output that broadcasts to x is accepted", killed_by="refusals")
def gradient_of_batch_norm_broadcast(right: Right, grad: Any, x: Any, *vectors: Any, **how: Any) -> Any:
    return right(np.broadcast_to(grad, x.shape), x, *vectors, **how)


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


@fault("linear", says="what a bias has too much is left out", killed_by="refusals")
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
    "cross_entropy",
    "cross_entropy_backward",
    says="negative labels count from the end",
    killed_by="refusals",
    corner="only for labels of at least -K",
)
def negative_labels(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, np.where((target < 0) & (target.ndim == 1), target + logits.shape[1], target))


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="labels that are too large stand for the last class",
    killed_by="refusals",
)
def labels_too_large(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, np.minimum(target, logits.shape[1] - 1) if target.ndim == 1 else target)


@fault("cross_entropy", says="samples with the label -100 are left out", killed_by="refusals", corner="with label -100")
def label_ignored(right: Right, logits: Any, target: Any) -> Any:
    kept = (target != -100).reshape(len(target), -1).all(axis=1)
    return right(logits[kept] if len(kept) == len(logits) else logits, target[kept])


@fault("cross_entropy", says="a label that is none ends in an IndexError", killed_by="refusals")
def label_index_error(right: Right, logits: Any, target: Any) -> Any:
    wrong = np.flatnonzero((target < 0) | (target >= logits.shape[1])) if target.ndim == 1 else np.arange(0)
    return right(logits, target) if wrong.size == 0 else logits[0, wrong + logits.shape[1]]


@fault("cross_entropy", says="weights that broadcast are accepted", killed_by="refusals")
def weights_broadcast(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, np.broadcast_to(target, logits.shape) if target.ndim == 2 else target)


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="one label serves the whole batch",
    killed_by="refusals",
    corner="only for one label",
)
def one_label(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, np.repeat(target, len(logits), axis=0) if target.shape == (1,) else target)


@fault("cross_entropy", says="labels beyond the batch are left out", killed_by="refusals")
def labels_left_out(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target[: len(logits)] if target.ndim == 1 else target)


@fault("cross_entropy", says="the loss of an empty batch is NaN", killed_by="refusals", corner="for an empty batch")
def empty_loss_nan(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target) if len(logits) else np.asarray(np.nan, logits.dtype)


@fault("cross_entropy", says="the loss of an empty batch is 0", killed_by="refusals", corner="for an empty batch")
def empty_loss_zero(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target) if len(logits) else np.asarray(0, logits.dtype)


@fault(
    "cross_entropy_backward",
    says="an empty batch gives an empty gradient",
    killed_by="refusals",
    corner="for an empty batch",
)
def empty_loss_gradient(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target) if len(logits) else np.zeros_like(logits)


def _values(x: Any) -> int:
    """Return how many values a channel has."""
    return int(x.size // max(x.shape[1], 1)) if x.ndim > 1 else 2


@fault(
    "batch_norm",
    says="one value a channel is its own mean, with variance 0",
    killed_by="refusals",
    corner="only for one value a channel",
)
def one_value(right: Right, x: Any, *vectors: Any, training: bool, **how: Any) -> Any:
    y, *statistics = right(
        np.repeat(x, 2, axis=0) if training and _values(x) == 1 else x, *vectors, training=training, **how
    )
    return y[: len(x)], *statistics


@fault(
    "batch_norm",
    "batch_norm_backward",
    says="one value a channel is treated as outside training",
    killed_by="refusals",
    corner="only for one value a channel",
)
def one_value_outside_training(right: Right, *arrays: Any, training: bool, **how: Any) -> Any:
    x = max(arrays[:2], key=np.ndim)
    return right(*arrays, training=training and _values(x) > 1, **how)


@fault(
    "batch_norm", says="an empty batch in training changes nothing", killed_by="refusals", corner="for an empty batch"
)
def empty_batch(right: Right, x: Any, *vectors: Any, training: bool, **how: Any) -> Any:
    return right(x, *vectors, training=training and len(x) > 0, **how)


@fault(
    "batch_norm", says="a gamma of one number serves all channels", killed_by="refusals", corner="only for that gamma"
)
def gamma_of_one_number(right: Right, x: Any, gamma: Any, *vectors: Any, **how: Any) -> Any:
    return right(x, np.resize(gamma, x.shape[1] if gamma.size == 1 else gamma.shape), *vectors, **how)


@fault(
    "batch_norm", says="what running_var has too much is left out", killed_by="refusals", corner="only in running_var"
)
def long_running_var(right: Right, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, **how: Any) -> Any:
    return right(x, gamma, beta, mean, var[: gamma.size], **how)


@fault("dropout", "dropout_backward", says="a p of 1 drops everything", killed_by="refusals", corner="only with p = 1")
def p_of_one(right: Right, values: Any, *arrays: Any, p: float, **how: Any) -> Any:
    answer = right(values, *arrays, p=0.0 if p == 1 else p, **how)
    return np.where(p == 1, 0 * values, answer).astype(values.dtype)


@fault("dropout", "dropout_backward", says="a negative p is taken for 0", killed_by="refusals")
def negative_p(right: Right, *arrays: Any, p: float, **how: Any) -> Any:
    return right(*arrays, p=max(p, 0.0), **how)


@fault("dropout", says="a p above 1 is taken for a percentage", killed_by="refusals", corner="only above p = 1")
def percentage(right: Right, x: Any, *, p: float, **how: Any) -> Any:
    return right(x, p=p / 100 if p > 1 else p, **how)


@fault(
    "dropout",
    "dropout_backward",
    says="p is looked at in training only",
    killed_by="refusals",
    corner="outside training",
)
def p_unchecked(right: Right, *arrays: Any, p: float, training: bool, seed: int) -> Any:
    return right(*arrays, p=p if training else 0.0, training=training, seed=seed)


@fault("adam_update", says="a step of 0 is taken for the first", killed_by="refusals", corner="only for step 0")
def step_of_zero(right: Right, *arrays: Any, step: int, **how: Any) -> Any:
    return right(*arrays, step=step or 1, **how)


@fault("adam_update", says="the sign of the step is dropped", killed_by="refusals", corner="only for a negative step")
def negative_step(right: Right, *arrays: Any, step: int, **how: Any) -> Any:
    return right(*arrays, step=abs(step), **how)


@fault("adam_update", says="a step of 0 divides by zero", killed_by="refusals", corner="only for step 0")
def step_division(right: Right, *arrays: Any, step: int, **how: Any) -> Any:
    return right(*arrays, step=step * (step // step), **how)


@fault(*_UPDATES, says="a grad that broadcasts to param is accepted", killed_by="refusals")
def grad_broadcast(right: Right, param: Any, grad: Any, *memory: Any, **how: Any) -> Any:
    return right(param, np.broadcast_to(grad, param.shape), *memory, **how)


@fault(
    "sgd_update",
    says="a param of one number takes the shape of grad",
    killed_by="refusals",
    corner="only for that param",
)
def param_broadcast(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    return right(np.broadcast_to(param, grad.shape) if param.size == 1 else param, grad, lr=lr)


@fault("sgd_update", "adam_update", says="a grad of another shape is read in order", killed_by="refusals")
def grad_reshaped(right: Right, param: Any, grad: Any, *memory: Any, **how: Any) -> Any:
    return right(param, grad.reshape(param.shape), *memory, **how)


@fault("momentum_update", "adam_update", says="a memory that broadcasts to param is accepted", killed_by="refusals")
def memory_broadcast(right: Right, param: Any, grad: Any, *memory: Any, **how: Any) -> Any:
    return right(param, grad, *(np.broadcast_to(each, param.shape) for each in memory), **how)


@fault("adam_update", says="a v of one number serves all of param", killed_by="refusals", corner="only for that v")
def v_broadcast(right: Right, param: Any, grad: Any, m: Any, v: Any, **how: Any) -> Any:
    return right(param, grad, m, np.broadcast_to(v, param.shape) if v.size == 1 else v, **how)


@fault(
    "linear",
    "batch_norm",
    "cross_entropy_backward",
    "sgd_update",
    says="bad input fails an assertion",
    killed_by="refusals",
)
def assertion(right: Right, *arrays: Any, **how: Any) -> Any:
    try:
        return right(*arrays, **how)
    except ValueError as error:
        raise AssertionError(str(error)) from error


@fault("linear_backward", "softmax_backward", "adam_update", says="bad input is a RuntimeError", killed_by="refusals")
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
