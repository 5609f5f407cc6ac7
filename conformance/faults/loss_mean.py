"""Mistakes in what the cross-entropy loss is a mean of, and in what is read as its target."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.loss import weights_of


def _total(logits: Any, target: Any) -> Any:
    """Return the sum of all weights."""
    return weights_of(logits, target).sum()


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
    weights = weights_of(logits, target) * counted[:, None]
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
    weights = weights_of(logits, target)
    return right(logits, weights / weights.sum(axis=1, keepdims=True))


@fault("cross_entropy", "cross_entropy_backward", says="labels are counted from 1", killed_by="values")
def labels_from_1(right: Right, logits: Any, target: Any) -> Any:
    right(logits, target)
    return right(logits, np.roll(weights_of(logits, target), -int(target.ndim == 1), axis=1))


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
    return right(logits, weights_of(logits, labels))


@fault(
    "cross_entropy",
    "cross_entropy_backward",
    says="weights are read transposed where that fits",
    killed_by="values",
    corner="as many samples as classes",
)
def transposed_square(right: Right, logits: Any, target: Any) -> Any:
    return right(logits, target.T if target.shape == logits.T.shape else target)


@fault("cross_entropy", says="one loss for each sample comes back, not their mean", killed_by="shape")
def one_loss_a_sample(right: Right, logits: Any, target: Any) -> Any:
    return np.full(len(logits), right(logits, target))
