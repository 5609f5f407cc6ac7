"""Mistakes in what the functions that training takes refuse: the loss, normalisation, dropout and the updates."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.refusals import UPDATES, floating


@fault("cross_entropy", "cross_entropy_backward", says="integer logits are accepted", killed_by="refusals")
def integer_logits(right: Right, logits: Any, target: Any) -> Any:
    return right(floating(logits), target)


@fault("batch_norm_backward", says="a grad_output that broadcasts to x is accepted", killed_by="refusals")
def gradient_of_batch_norm_broadcast(right: Right, grad: Any, x: Any, *vectors: Any, **how: Any) -> Any:
    return right(np.broadcast_to(grad, x.shape), x, *vectors, **how)


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


@fault("cross_entropy", says="a label of no class ends in an IndexError", killed_by="refusals")
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


@fault(
    "cross_entropy", says="an empty batch has a loss, be it NaN or 0", killed_by="refusals", corner="for an empty batch"
)
def empty_loss(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target) if len(logits) else np.asarray(np.nan, logits.dtype)


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
    "batch_norm", says="surplus numbers of running_var are left out", killed_by="refusals", corner="only in running_var"
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
    says="p is checked in training only",
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


@fault(*UPDATES, says="a grad that broadcasts to param is accepted", killed_by="refusals")
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
