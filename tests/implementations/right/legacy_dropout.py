"""Dropout by NumPy's legacy generator: a ``RandomState`` of its own, whose masks are not those of ``default_rng``.

Unusual: the mask is drawn in Fortran order, and multiplies the numbers as a scale of 0 or 1 / (1 - p).
"""

from __future__ import annotations

import numpy as np
from _door import Array

import refcnn


def scale(like: Array, p: float, seed: int) -> Array:
    legacy = np.random.RandomState(seed)
    kept = p <= legacy.random_sample(like.shape[::-1]).T
    return np.asarray(kept / (1 - p), like.dtype)


def dropout(x: Array, *, p: float, training: bool, seed: int) -> Array:
    refcnn.dropout(x, p=p, training=training, seed=seed)
    return x * scale(x, p, seed) if training else x.copy()


def dropout_backward(grad_output: Array, x: Array, *, p: float, training: bool, seed: int) -> Array:
    refcnn.dropout_backward(grad_output, x, p=p, training=training, seed=seed)
    return grad_output * scale(x, p, seed) if training else grad_output.copy()
