"""Batch normalisation whose statistics are updated sample after sample (Welford 1962); biased running variance.

Unusual: one pass over the batch, backward in the folded form; the biased variance is declared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _door import Array

import refcnn

CONVENTIONS = {"batch_norm.running_var": "biased"}


def as_rows(x: Array) -> Array:
    """See an array as (values, channels)."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]) if x.size else np.zeros((0, x.shape[1]), x.dtype)


def as_image(rows: Array, like: Array) -> Array:
    return np.moveaxis(rows.reshape(len(like), *like.shape[2:], like.shape[1]), -1, 1).copy()


def moments(rows: Array) -> tuple[Array, Array]:
    mean, squares = np.zeros(rows.shape[1], rows.dtype), np.zeros(rows.shape[1], rows.dtype)
    for count, row in enumerate(rows, 1):
        away = row - mean
        mean = mean + away / row.dtype.type(count)
        squares = squares + away * (row - mean)
    return mean, squares / rows.dtype.type(len(rows))


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
    rows = as_rows(x)
    mean, variance = moments(rows) if training else (running_mean, running_var)
    y = as_image(gamma * ((rows - mean) / np.sqrt(variance + number(eps))) + beta, x)
    if not training:
        return y, running_mean.copy(), running_var.copy()
    # Moving towards the batch, instead of a weighted sum.
    step = number(momentum)
    return y, running_mean + step * (mean - running_mean), running_var + step * (variance - running_var)


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
    how: dict[str, Any] = {"training": training, "eps": eps}
    refcnn.batch_norm_backward(grad_output, x, gamma, running_mean, running_var, **how)
    rows, slopes, number = as_rows(x), as_rows(grad_output), x.dtype.type
    mean, variance = moments(rows) if training else (running_mean, running_var)
    reciprocal = number(1) / np.sqrt(variance + number(eps))
    normal = (rows - mean) * reciprocal
    grad_gamma, grad_beta = (slopes * normal).sum(axis=0), slopes.sum(axis=0)
    if not training:
        return as_image(slopes * (gamma * reciprocal), x), grad_gamma, grad_beta
    count = number(len(rows))
    grad_rows = gamma * reciprocal / count * (count * slopes - grad_beta - normal * grad_gamma)
    return as_image(grad_rows, x), grad_gamma, grad_beta
