"""Mistakes in the cross-entropy loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def weights_of(logits: Any, target: Any) -> Any:
    """Return the target as weights; a label is 1 for its class."""
    return target if target.ndim == 2 else np.eye(logits.shape[1], dtype=logits.dtype)[target]


def probabilities(logits: Any) -> Any:
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _mean_loss(weights: Any, log_p: Any) -> Any:
    return -(weights * log_p).sum() / np.asarray(len(log_p), log_p.dtype)


@fault(
    "cross_entropy",
    says="the logarithm is taken of a softmax, which is 0 for an improbable class",
    killed_by="special_values",
    corner="logits far apart",
    history="softmax_shift",
)
def log_of_softmax(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(weights_of(logits, target), np.log(probabilities(logits)))


@fault(
    "cross_entropy",
    says="1e-7 is added to the probabilities before the logarithm",
    killed_by="special_values",
    corner="an improbable class",
    history="softmax_shift",
)
def guarded_logarithm(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(weights_of(logits, target), np.log(probabilities(logits) + np.asarray(1e-7, logits.dtype)))


@fault(
    "cross_entropy",
    says="the probabilities are clipped to lie above 1e-12",
    killed_by="special_values",
    corner="a very improbable class",
)
def clipped_probabilities(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(weights_of(logits, target), np.log(np.maximum(probabilities(logits), 1e-12)))


@fault(
    "cross_entropy",
    says="log Σ exp(logits) overflows, for the largest logit is not subtracted",
    killed_by="special_values",
    corner="large logits",
    history="softmax_shift",
)
def no_shift(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(weights_of(logits, target), logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))


@fault(
    "cross_entropy",
    says="the largest logit of the whole batch is subtracted from every sample",
    killed_by="values",
    corner="samples far apart",
    history="softmax_shift",
)
def maximum_of_batch(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    shifted = logits - logits.max()
    return _mean_loss(weights_of(logits, target), shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="it is worked out in single precision",
    killed_by="values",
    corner="float64",
    history="lower_precision",
)
def single_precision(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return right(logits.astype(np.float32), weights_of(logits, target).astype(np.float32)).astype(logits.dtype)


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="logits are read in the order in which they lie in memory",
    killed_by="layouts",
    corner="logits that are not contiguous",
)
def read_as_dense(right: Right, logits: Any, target: Any) -> Any:
    return right(logits.ravel(order="K").reshape(logits.shape), target)


@fault("cross_entropy", "cross_entropy_backward", says="the logits pass through a softmax first", killed_by="values")
def softmax_twice(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return right(probabilities(logits), target)


@fault(
    "cross_entropy",
    says="the entropy of the weights is subtracted (Kullback-Leibler divergence)",
    killed_by="values",
    corner="weights for several classes",
)
def divergence(right: Right, logits: Any, target: Any) -> Any:
    weights = weights_of(logits, target)
    return right(logits, target) - _mean_loss(weights, np.log(np.where(weights > 0, weights, 1)))


@fault("cross_entropy", says="logits are taken for log-probabilities, without a softmax", killed_by="values")
def no_softmax(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(weights_of(logits, target), logits)


@fault("cross_entropy", says="the logarithm is that to the base 2", killed_by="values")
def base_2(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target) / np.log(2).astype(logits.dtype)


@fault("cross_entropy", says="the loss is a float of Python", killed_by="dtype", corner="float32")
def python_float(right: Right, logits: Any, target: Any) -> Any:
    return float(right(logits, target))
