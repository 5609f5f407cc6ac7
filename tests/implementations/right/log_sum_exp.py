"""Softmax as the exponential of its logarithm, and cross-entropy as log Σ exp x less the logit, weighted.

Unusual: the loss rounds numbers as large as the logits; the backward function of softmax multiplies by the whole
Jacobian diag(y) - y yᵀ.
"""

from __future__ import annotations

import numpy as np
from _door import Array

import refcnn


def log_softmax(x: Array, axis: int) -> Array:
    highest = x.max(axis=axis, keepdims=True)
    return np.asarray((x - highest) - np.log(np.exp(x - highest).sum(axis=axis, keepdims=True)))


def softmax(x: Array, *, axis: int = -1) -> Array:
    refcnn.softmax(x, axis=axis)
    return np.exp(log_softmax(x, axis)) if x.size else x.copy()


def softmax_backward(grad_output: Array, x: Array, *, axis: int = -1) -> Array:
    refcnn.softmax_backward(grad_output, x, axis=axis)
    if x.size == 0:
        return x.copy()
    y, slope = np.moveaxis(softmax(x, axis=axis), axis, -1), np.moveaxis(grad_output, axis, -1)
    jacobian = y[..., :, None] * np.eye(y.shape[-1], dtype=x.dtype) - y[..., :, None] * y[..., None, :]
    return np.array(np.moveaxis((jacobian @ slope[..., None])[..., 0], -1, axis))


def weights(logits: Array, target: Array) -> Array:
    return target if target.ndim == 2 else np.eye(logits.shape[1], dtype=logits.dtype)[target.astype(np.int64)]


def cross_entropy(logits: Array, target: Array) -> Array:
    refcnn.cross_entropy(logits, target)
    highest = logits.max(axis=1, keepdims=True)
    log_sum = highest + np.log(np.exp(logits - highest).sum(axis=1, keepdims=True))
    return np.asarray((weights(logits, target) * (log_sum - logits)).sum(axis=1).mean())


def cross_entropy_backward(logits: Array, target: Array) -> Array:
    refcnn.cross_entropy_backward(logits, target)
    weight = weights(logits, target)
    y = np.exp(log_softmax(logits, 1))
    return np.asarray((y * weight.sum(axis=1, keepdims=True) - weight) / logits.dtype.type(len(logits)))
