"""Softmax and cross-entropy from their formulas, written through logarithms that cannot overflow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.oracle import bounds
from conformance.oracle.answer import Answer, Problem
from conformance.oracle.geometry import IllegalProblemError

Array = NDArray[Any]


def _log_softmax(x: Array, axis: int) -> Array:
    if x.size == 0:
        return x.copy()
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


def softmax(problem: Problem) -> tuple[Answer, ...]:
    """Y = exp(log softmax(x))."""
    x, axis = problem.arrays["x"], _axis(problem)
    y = np.exp(_log_softmax(x, axis))
    return (Answer(y, bounds.softmax(problem.rounding, y, x, axis)),)


def softmax_backward(problem: Problem) -> tuple[Answer, ...]:
    """grad_x = Σ_k grad_k y_k (δ_ik - y_i)."""
    grad, x, axis = problem.arrays["grad_output"], problem.arrays["x"], _axis(problem)
    y = np.exp(_log_softmax(x, axis))
    y_error = bounds.softmax(problem.rounding, y, x, axis)
    grad_x = y * (grad - (grad * y).sum(axis=axis, keepdims=True))
    size = np.abs(grad) + (np.abs(grad) * y).sum(axis=axis, keepdims=True)
    # y enters twice, once outside and once under the sum, whose own rounding is γ(n + 2).
    under_sum = y * (np.abs(grad) * y_error).sum(axis=axis, keepdims=True)
    rounding = problem.rounding.gamma(x.shape[axis] + 4) * y * size
    return (Answer(grad_x, y_error * size + under_sum + rounding + problem.rounding.tiny),)


def _axis(problem: Problem) -> int:
    axis: int = problem.attributes["axis"]
    if not -problem.arrays["x"].ndim <= axis < problem.arrays["x"].ndim:
        raise IllegalProblemError("axis out of range")
    return axis


def _weights(problem: Problem) -> Array:
    """Return the target as weights: a label is the weight 1 of its class."""
    logits, target = problem.arrays["logits"], problem.arrays["target"]
    if len(logits) == 0:
        raise IllegalProblemError("cross_entropy of an empty batch")
    if target.ndim == 2:
        return target
    weights = np.zeros(logits.shape)
    weights[np.arange(len(logits)), target.astype(np.int64)] = 1
    return weights


def cross_entropy(problem: Problem) -> tuple[Answer, ...]:
    """Loss = -1/N Σ_n Σ_k weight[n,k] log softmax(logits[n])[k]."""
    logits, weight = problem.arrays["logits"], _weights(problem)
    log_p = _log_softmax(logits, -1)
    loss = -(weight * log_p).sum() / len(logits)
    terms = np.abs(weight * log_p)
    error = (np.abs(weight) * bounds.log_softmax(problem.rounding, logits)).sum() + (
        problem.rounding.gamma(logits.size + 4) * terms.sum()
    )
    return (Answer(np.asarray(loss), np.asarray(error / len(logits) + problem.rounding.tiny)),)


def cross_entropy_backward(problem: Problem) -> tuple[Answer, ...]:
    """Grad = (softmax(logits) Σ_k weight[n,k] - weight) / N."""
    logits, weight = problem.arrays["logits"], _weights(problem)
    y = np.exp(_log_softmax(logits, -1))
    total = weight.sum(axis=1, keepdims=True)
    size = np.abs(weight).sum(axis=1, keepdims=True)
    rounding = problem.rounding.gamma(logits.shape[1] + 4) * (y * size + np.abs(weight))
    error = size * bounds.softmax(problem.rounding, y, logits, -1) + rounding
    grad = (y * total - weight) / len(logits)
    return (Answer(grad, error / len(logits) + problem.rounding.tiny),)
