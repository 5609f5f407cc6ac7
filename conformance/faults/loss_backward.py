"""Mistakes in the gradient of the cross-entropy loss alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.loss import probabilities, weights_of


@fault("cross_entropy_backward", says="the gradient has the opposite sign", killed_by="values")
def sign(right: Right, logits: Any, target: Any) -> Any:
    return -right(logits, target)


@fault(
    "cross_entropy_backward",
    says="softmax - target is taken for the gradient whatever the weights add up to",
    killed_by="values",
    corner="weights that do not add up to 1",
)
def weights_taken_for_probabilities(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return (probabilities(logits) - weights_of(logits, target)) / np.asarray(len(logits), logits.dtype)


@fault("cross_entropy_backward", says="the gradient passes back through the softmax a second time", killed_by="values")
def through_softmax_again(right: Right, logits: Any, target: Any) -> Any:
    return right.softmax_backward(right(logits, target), logits, axis=1)


@fault(
    "cross_entropy_backward",
    says="exp(logits) overflows, for the largest logit is not subtracted",
    killed_by="special_values",
    corner="large logits",
    history="softmax_shift",
)
def no_shift_in_gradient(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    weights, e = weights_of(logits, target), np.exp(logits)
    grad = e / e.sum(axis=1, keepdims=True) * weights.sum(axis=1, keepdims=True) - weights
    return grad / np.asarray(len(logits), logits.dtype)


@fault(
    "cross_entropy_backward",
    says="grad[:, labels] -= 1 takes 1 off for every label in every sample",
    killed_by="values",
    corner="more than one sample",
)
def every_label_in_every_sample(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    weights = weights_of(logits, target)
    seen = np.minimum(weights.sum(axis=0), 1) if target.ndim == 1 else weights
    p = probabilities(logits) * weights.sum(axis=1, keepdims=True)
    return (p - seen) / np.asarray(len(logits), logits.dtype)


@fault(
    "cross_entropy_backward",
    says="the labels are kept from the first call with logits of a shape",
    killed_by="no_state",
    corner="a later call with the same shape",
    remembers=True,
)
def stale_labels(right: Right, memory: dict[Any, Any], logits: Any, target: Any) -> Any:
    return right(logits, memory.setdefault((logits.shape, target.shape, logits.dtype), target.copy()))
