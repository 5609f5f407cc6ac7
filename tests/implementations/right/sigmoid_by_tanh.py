"""Sigmoid had from tanh and tanh from sigmoid, with derivatives written through the value.

Unusual: near zero tanh is the difference of numbers near one, so that tiny results are off by many of their own units.
"""

from __future__ import annotations

import numpy as np
from _door import Array

import refcnn


def sigmoid(x: Array) -> Array:
    refcnn.sigmoid(x)
    half = x.dtype.type(0.5)
    return np.asarray(half + half * np.tanh(half * x))


def sigmoid_backward(grad_output: Array, x: Array) -> Array:
    refcnn.sigmoid_backward(grad_output, x)
    y = sigmoid(x)
    return np.asarray(grad_output * y * (1 - y))


def tanh(x: Array) -> Array:
    refcnn.tanh(x)
    two = x.dtype.type(2)
    # Beyond 50 tanh is one; the double of the largest number would overflow.
    return np.asarray(two / (1 + np.exp(-two * np.clip(x, -40, 40))) - 1)


def tanh_backward(grad_output: Array, x: Array) -> Array:
    refcnn.tanh_backward(grad_output, x)
    y = tanh(x)
    return np.asarray(grad_output * (1 - y * y))
