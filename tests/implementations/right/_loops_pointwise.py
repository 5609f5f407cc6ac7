"""Linear layer and activations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from _contract_checks import Array, fits, floats, quiet, same_shape


@quiet
def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    rows, matrix = floats(x=x, weight=weight)
    fits(rows, matrix)
    y = np.zeros((rows.shape[0], matrix.shape[0]), rows.dtype)
    for n, o in np.ndindex(*y.shape):
        for d in range(rows.shape[1]):
            y[n, o] += rows[n, d] * matrix[o, d]
    if bias is not None:
        _, vector = floats(x=x, bias=bias)
        same_shape("bias", vector, matrix.shape[:1])
        y += vector
    return y


@quiet
def linear_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Array, Array, Array]:
    rows, matrix, slope = floats(x=x, weight=weight, grad_output=grad_output)
    fits(rows, matrix)
    same_shape("grad_output", slope, (rows.shape[0], matrix.shape[0]))
    grad_x, grad_weight = np.zeros(rows.shape, rows.dtype), np.zeros(matrix.shape, rows.dtype)
    grad_bias = np.zeros(matrix.shape[0], rows.dtype)
    for n, o in np.ndindex(*slope.shape):
        grad_bias[o] += slope[n, o]
        for d in range(rows.shape[1]):
            grad_x[n, d] += slope[n, o] * matrix[o, d]
            grad_weight[o, d] += slope[n, o] * rows[n, d]
    return grad_x, grad_weight, grad_bias


def relu(x: npt.ArrayLike) -> Array:
    (values,) = floats(x=x)
    y = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        if not values[i] <= 0:  # a NaN stays
            y[i] = values[i]
    return y


def relu_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    values, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, values.shape)
    grad_x = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        if values[i] > 0:
            grad_x[i] = slope[i]
    return grad_x


@quiet
def sigmoid(x: npt.ArrayLike) -> Array:
    (values,) = floats(x=x)
    y = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        small = np.exp(-abs(values[i]))
        y[i] = small / (1 + small) if values[i] < 0 else 1 / (1 + small)
    return y


@quiet
def sigmoid_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    values, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, values.shape)
    grad_x = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        small = np.exp(-abs(values[i]))
        grad_x[i] = slope[i] * (small / (1 + small) / (1 + small))
    return grad_x


def tanh(x: npt.ArrayLike) -> Array:
    (values,) = floats(x=x)
    y = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        y[i] = np.tanh(values[i])
    return y


@quiet
def tanh_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    values, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, values.shape)
    grad_x = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        small = np.exp(-2 * abs(values[i]))
        grad_x[i] = slope[i] * (4 * small / (1 + small) / (1 + small))
    return grad_x
