"""Mistakes in the cross-entropy loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def _weights(logits: Any, target: Any) -> Any:
    """Return the target as weights; a label is 1 for its class."""
    return target if target.ndim == 2 else np.eye(logits.shape[1], dtype=logits.dtype)[target]


def _probabilities(logits: Any) -> Any:
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _mean_loss(weights: Any, log_p: Any) -> Any:
    return -(weights * log_p).sum() / np.asarray(len(log_p), log_p.dtype)


def _total(logits: Any, target: Any) -> Any:
    """Return the sum of all weights."""
    return _weights(logits, target).sum()


@fault(
    "cross_entropy",
    says="the logarithm of a softmax is that of 0 for an improbable class",
    killed_by="special_values",
    corner="logits far apart",
    history="softmax_shift",
)
def log_of_softmax(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(_weights(logits, target), np.log(_probabilities(logits)))


@fault(
    "cross_entropy",
    says="1e-7 is added to the probabilities before the logarithm",
    killed_by="special_values",
    corner="an improbable class",
    history="softmax_shift",
)
def guarded_logarithm(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(_weights(logits, target), np.log(_probabilities(logits) + np.asarray(1e-7, logits.dtype)))


@fault(
    "cross_entropy",
    says="the probabilities are clipped to lie above 1e-12",
    killed_by="special_values",
    corner="a very improbable class",
)
def clipped_probabilities(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(_weights(logits, target), np.log(np.maximum(_probabilities(logits), 1e-12)))


@fault(
    "cross_entropy",
    says="log Σ exp(logits) overflows, for the largest logit is not subtracted",
    killed_by="special_values",
    corner="large logits",
    history="softmax_shift",
)
def no_shift(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(_weights(logits, target), logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))


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
    return _mean_loss(_weights(logits, target), shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="the mean is taken over N K numbers, not over N samples",
    killed_by="values",
    history="loss_mean",
)
def mean_of_cells(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target) / np.asarray(logits.shape[1], logits.dtype)


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="the samples are added up, and not divided by their number",
    killed_by="values",
    corner="more than one sample",
    history="loss_mean",
)
def sum_of_samples(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target) * np.asarray(len(logits), logits.dtype)


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="it is divided by the sum of the weights, not by the number of samples",
    killed_by="values",
    corner="weights that do not add up to 1",
    history="loss_mean",
)
def mean_by_weights(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target) * (len(logits) / _total(logits, target)).astype(logits.dtype)


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="samples with label 0 are left out, and the mean is taken over the others",
    killed_by="values",
    corner="label 0",
    history="loss_mean",
)
def label_0_ignored(right: Right, logits: Any, target: Any) -> Any:
    counted = target != 0 if target.ndim == 1 else np.ones(len(target), bool)
    weights = _weights(logits, target) * counted[:, None]
    return right(logits, weights) * np.asarray(len(logits) / max(1, counted.sum()), logits.dtype)


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="of a row of weights only the largest counts, as a label",
    killed_by="values",
    corner="weights for several classes",
)
def largest_weight(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return right(logits, target if target.ndim == 1 else target.argmax(axis=1))


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="weights are scaled to add up to 1",
    killed_by="values",
    corner="weights that do not add up to 1",
)
def weights_normalised(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    weights = _weights(logits, target)
    return right(logits, weights / weights.sum(axis=1, keepdims=True))


@fault("cross_entropy", "cross_entropy_backward", says="labels are counted from 1", killed_by="values")
def labels_from_1(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return right(logits, np.roll(_weights(logits, target), -int(target.ndim == 1), axis=1))


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="the place of a label, n K + label, is worked out in the labels' own type, and wraps around",
    killed_by="values",
    corner="labels in 8 bits",
    history="index_overflow",
)
def place_overflows(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    N, K = logits.shape
    labels = target if target.ndim == 1 else target.argmax(axis=1)
    one_hot = np.zeros_like(logits)
    np.put(one_hot, (np.arange(N).astype(labels.dtype) * np.asarray(K).astype(labels.dtype) + labels).astype(int), 1)
    return right(logits, one_hot if target.ndim == 1 else target)


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="labels of 8 bits are read as signed numbers",
    killed_by="values",
    corner="labels above 127",
    history="index_overflow",
)
def signed_labels(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    labels = target.astype(np.int8) if target.dtype == np.uint8 else target
    return right(logits, _weights(logits, labels))


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="weights are read transposed where that fits",
    killed_by="values",
    corner="as many samples as classes",
)
def transposed_square(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target.T if target.shape == logits.T.shape else target)


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
    return right(logits.astype(np.float32), _weights(logits, target).astype(np.float32)).astype(logits.dtype)


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="logits are read in the order in which they lie in memory",
    killed_by="layouts",
    corner="logits that are not contiguous",
)
def read_as_dense(right: Right, logits: Any, target: Any) -> Any:
    return right(logits.ravel(order="K").reshape(logits.shape), target)


@fault("cross_entropy", "cross_entropy_backward", says="a softmax goes before it", killed_by="values")
def softmax_twice(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return right(_probabilities(logits), target)


@fault(
    "cross_entropy",
    says="the entropy of the weights is subtracted (Kullback-Leibler divergence)",
    killed_by="values",
    corner="weights for several classes",
)
def divergence(right: Right, logits: Any, target: Any) -> Any:
    weights = _weights(logits, target)
    return right(logits, target) - _mean_loss(weights, np.log(np.where(weights > 0, weights, 1)))


@fault("cross_entropy", says="logits are taken for log-probabilities, without a softmax", killed_by="values")
def no_softmax(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return _mean_loss(_weights(logits, target), logits)


@fault("cross_entropy", says="the logarithm is that to the base 2", killed_by="values")
def base_2(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target) / np.log(2).astype(logits.dtype)


@fault("cross_entropy", says="one loss a sample comes back, not their mean", killed_by="shape")
def one_loss_a_sample(right: Right, logits: Any, target: Any) -> Any:
    return np.full(len(logits), right(logits, target))


@fault("cross_entropy", says="the loss is a float of Python", killed_by="dtype", corner="float32")
def python_float(right: Right, logits: Any, target: Any) -> Any:
    return float(right(logits, target))


@fault("cross_entropy_backward", says="the sign is that of the loss's opposite", killed_by="values")
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
    return (_probabilities(logits) - _weights(logits, target)) / np.asarray(len(logits), logits.dtype)


@fault("cross_entropy_backward", says="it passes through the softmax a second time", killed_by="values")
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
    weights, e = _weights(logits, target), np.exp(logits)
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
    weights = _weights(logits, target)
    seen = np.minimum(weights.sum(axis=0), 1) if target.ndim == 1 else weights
    p = _probabilities(logits) * weights.sum(axis=1, keepdims=True)
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
