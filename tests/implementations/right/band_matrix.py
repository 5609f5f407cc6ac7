"""Local response normalisation as a product with a band matrix, its power through exp and log."""

from __future__ import annotations

import numpy as np
from _door import Array

import refcnn


def band(channels: int, size: int, dtype: np.dtype[np.floating]) -> Array:
    """Return the matrix whose row c is 1 from c - ⌊size/2⌋ to c + ⌊(size - 1)/2⌋."""
    ones = np.ones((channels, channels), dtype)
    return np.triu(np.tril(ones, (size - 1) // 2), -(size // 2))


def power(base: Array, exponent: float) -> Array:
    return np.asarray(np.exp(base.dtype.type(exponent) * np.log(base)))


def crowd(x: Array, size: int, alpha: float, k: float) -> Array:
    number = x.dtype.type
    # The band (c, d) against the squares (n, d, pixels).
    squares = band(x.shape[1], size, x.dtype) @ (x * x).reshape(*x.shape[:2], -1)
    return np.asarray(number(k) + number(alpha / size) * squares.reshape(x.shape))


def local_response_norm(x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    y = refcnn.local_response_norm(x, size=size, alpha=alpha, beta=beta, k=k)
    return np.asarray(x * power(crowd(x, size, alpha, k), -beta)) if x.size else y


def local_response_norm_backward(
    grad_output: Array, x: Array, *, size: int, alpha: float, beta: float, k: float
) -> Array:
    grad = refcnn.local_response_norm_backward(grad_output, x, size=size, alpha=alpha, beta=beta, k=k)
    if x.size == 0:
        return grad
    base, number = crowd(x, size, alpha, k), x.dtype.type
    shared = (grad_output * x * power(base, -beta - 1)).reshape(*x.shape[:2], -1)
    others = (band(x.shape[1], size, x.dtype).T @ shared).reshape(x.shape)
    return np.asarray(grad_output * power(base, -beta) - number(2 * alpha * beta / size) * x * others)
