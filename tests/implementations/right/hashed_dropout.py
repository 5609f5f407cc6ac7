"""Dropout without a generator: each cell's number is a hash of the seed and of its position (SplitMix64).

Unusual: the masks are others than NumPy's for the same seed, and any part of one can be had alone.
"""

from __future__ import annotations

import numpy as np
from _door import Array

import refcnn


def mixed(values: Array) -> Array:
    """Finalise as Steele, Lea and Flood (2014) do; the products wrap around."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def kept(shape: tuple[int, ...], p: float, seed: int) -> Array:
    start = mixed(np.asarray([seed], np.uint64))
    count = np.arange(1, 1 + int(np.prod(shape)), dtype=np.uint64)
    uniform = (mixed(start + count * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)) * 2.0**-53
    return np.asarray(uniform >= p).reshape(shape)


def masked(values: Array, p: float, training: bool, seed: int) -> Array:
    if not training:
        return values.copy()
    return np.asarray(np.where(kept(values.shape, p, seed), values / values.dtype.type(1 - p), 0), values.dtype)


def dropout(x: Array, *, p: float, training: bool, seed: int) -> Array:
    refcnn.dropout(x, p=p, training=training, seed=seed)
    return masked(x, p, training, seed)


def dropout_backward(grad_output: Array, x: Array, *, p: float, training: bool, seed: int) -> Array:
    refcnn.dropout_backward(grad_output, x, p=p, training=training, seed=seed)
    return masked(grad_output, p, training, seed)
