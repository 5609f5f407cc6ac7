"""Batch normalisation folded into y = scale·x + shift, with the two-pass variance corrected by what the mean missed.

Unusual: a large mean is subtracted after it was multiplied; the backward function goes through grad_mean and grad_var.
"""

from __future__ import annotations

import numpy as np
from _door import Array

import refcnn


def vector(values: Array, like: Array) -> Array:
    return values.reshape(1, -1, *(1,) * (like.ndim - 2))


def moments(x: Array) -> tuple[Array, Array, tuple[int, ...]]:
    """Return mean and biased variance of each channel, and the axes of the batch."""
    axes = (0, *range(2, x.ndim))
    mean = x.mean(axis=axes)
    away = x - vector(mean, x)
    count = x.dtype.type(x[:, 0].size)
    missed = away.sum(axis=axes)
    return mean, np.asarray(((away * away).sum(axis=axes) - missed * missed / count) / count), axes


def batch_norm(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    refcnn.batch_norm(x, gamma, beta, running_mean, running_var, training=training, momentum=momentum, eps=eps)
    number = x.dtype.type
    mean, variance = running_mean, running_var
    if training:
        mean, variance, _ = moments(x)
    scale = gamma / np.sqrt(variance + number(eps))
    y = x * vector(scale, x) + vector(beta - mean * scale, x)
    if not training:
        return y, running_mean.copy(), running_var.copy()
    count = x[:, 0].size
    unbiased = variance * number(count / (count - 1))
    keep, take = number(1 - momentum), number(momentum)
    return y, keep * running_mean + take * mean, keep * running_var + take * unbiased


def batch_norm_backward(
    grad_output: Array,
    x: Array,
    gamma: Array,
    running_mean: Array,
    running_var: Array,
    *,
    training: bool,
    eps: float,
) -> tuple[Array, Array, Array]:
    refcnn.batch_norm_backward(grad_output, x, gamma, running_mean, running_var, training=training, eps=eps)
    number, axes = x.dtype.type, (0, *range(2, x.ndim))
    mean, variance = running_mean, running_var
    if training:
        mean, variance, _ = moments(x)
    root = np.sqrt(variance + number(eps))
    normal = (x - vector(mean, x)) / vector(root, x)
    grad_gamma, grad_beta = (grad_output * normal).sum(axis=axes), grad_output.sum(axis=axes)
    grad_x = grad_output * vector(gamma / root, x)
    if training:
        count = number(x[:, 0].size)
        # By the variance: Σ g gamma (x - mean) · -1/2 root^-3, and dvariance/dx = 2 (x - mean) / n.
        through_variance = normal * vector(gamma / root * grad_gamma / count, x)
        grad_x = grad_x - vector(gamma / root * grad_beta / count, x) - through_variance
    return grad_x, grad_gamma, grad_beta
