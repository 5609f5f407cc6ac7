"""Softmax and the loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from _contract_checks import Array, floats, integer, quiet, rank, require, same_shape


def lines(x: Array, axis: object) -> Iterator[tuple[Any, ...]]:
    """Index every line along an axis."""
    number = integer("axis", axis, -x.ndim)
    require(number < x.ndim, "axis", f"an axis of shape {x.shape}", number)
    number %= x.ndim
    for i in np.ndindex(*x.shape[:number], *x.shape[number + 1 :]):
        yield (*i[:number], slice(None), *i[number:])


def shares(scores: Array) -> Array:
    """Softmax of one line."""
    highest = max(scores)
    result = np.zeros(len(scores), scores.dtype)
    total = scores.dtype.type(0)
    for j in range(len(scores)):
        result[j] = np.exp(scores[j] - highest)
        total += result[j]
    result /= total
    return result


@quiet
def softmax(x: npt.ArrayLike, *, axis: object = -1) -> Array:
    (scores,) = floats(x=x)
    y = np.zeros(scores.shape, scores.dtype)
    for line in lines(scores, axis):
        y[line] = shares(scores[line])
    return y


@quiet
def softmax_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, *, axis: object = -1) -> Array:
    scores, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, scores.shape)
    grad_x = np.zeros(scores.shape, scores.dtype)
    for line in lines(scores, axis):
        share, mean = shares(scores[line]), scores.dtype.type(0)
        for j in range(len(share)):
            mean += share[j] * slope[line][j]
        grad_x[line] = share * (slope[line] - mean)
    return grad_x


def weights_of(target: npt.ArrayLike, logits: Array) -> Array:
    """Check logits and target; turn labels into one-hot rows."""
    rank("logits", logits, 2)
    N, K = logits.shape
    require(N >= 1, "logits", "a batch of at least 1", f"shape {logits.shape}")
    given = np.asarray(target)
    if given.dtype.kind == "f":
        _, weights = floats(logits=logits, target=given)
        same_shape("target", weights, (N, K))
        return weights
    if given.dtype.kind not in "iu":
        raise TypeError(f"target must be integer labels or floating weights, got {given.dtype}")
    same_shape("target", given, (N,))
    one_hot = np.zeros((N, K), logits.dtype)
    for n in range(N):
        require(0 <= given[n] < K, "target", f"labels from 0 to {K - 1}", given[n])
        one_hot[n, given[n]] = 1
    return one_hot


@quiet
def cross_entropy(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    (scores,) = floats(logits=logits)
    weights = weights_of(target, scores)
    loss = scores.dtype.type(0)
    for n in range(scores.shape[0]):
        highest, total = max(scores[n]), scores.dtype.type(0)
        for score in scores[n]:
            total += np.exp(score - highest)
        for score, weight in zip(scores[n], weights[n], strict=True):
            if weight != 0:  # 0 × ∞, where logits lie further apart than the largest number
                loss += weight * (highest - score + np.log(total))
    return np.asarray(loss / scores.dtype.type(scores.shape[0]))


@quiet
def cross_entropy_backward(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    (scores,) = floats(logits=logits)
    weights = weights_of(target, scores)
    grad = np.zeros(scores.shape, scores.dtype)
    for n in range(scores.shape[0]):
        share, total = shares(scores[n]), scores.dtype.type(0)
        for weight in weights[n]:
            total += weight
        grad[n] = (share * total - weights[n]) / scores.dtype.type(scores.shape[0])
    return grad
