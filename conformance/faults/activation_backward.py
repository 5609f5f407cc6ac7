"""Mistakes in the gradients of activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


@fault("relu_backward", says="the derivative at 0 is 1 (x >= 0 for x > 0)", killed_by="values", corner="x is 0")
def one_at_0(right: Right, grad_output: Any, x: Any) -> Any:
    return np.where(x == 0, grad_output, right(grad_output, x))


@fault("relu_backward", says="the derivative at 0 is one half", killed_by="values", corner="x is 0")
def one_half_at_0(right: Right, grad_output: Any, x: Any) -> Any:
    return np.where(x == 0, grad_output / 2, right(grad_output, x))


@fault("relu_backward", says="the mask is the sign bit, which +0 has not set", killed_by="values", corner="x is +0")
def sign_bit(right: Right, grad_output: Any, x: Any) -> Any:
    return np.where((x == 0) & ~np.signbit(x), grad_output, right(grad_output, x))


@fault("relu_backward", says="the mask is that of the gradient, not of x", killed_by="values")
def mask_of_gradient(right: Right, grad_output: Any, x: Any) -> Any:
    return right(right(grad_output, np.ones_like(x)), grad_output)


@fault("relu_backward", says="negative gradients are cut off as well (guided backpropagation)", killed_by="values")
def guided(right: Right, grad_output: Any, x: Any) -> Any:
    return np.maximum(right(grad_output, x), 0)


@fault(
    "relu_backward",
    says="the mask is kept from the first call with arrays of a shape",
    killed_by="no_state",
    corner="a later call with the same shape",
    remembers=True,
)
def stale_mask(right: Right, memory: dict[Any, Any], grad_output: Any, x: Any) -> Any:
    return right(grad_output, memory.setdefault((x.shape, x.dtype), x.copy()))


@fault("sigmoid_backward", says="x is taken for sigmoid(x)", killed_by="values")
def x_for_y(right: Right, grad_output: Any, x: Any) -> Any:
    return right(grad_output, x * 0) * 4 * x * (1 - x)


@fault("sigmoid_backward", says="the factor 1 - y is left out", killed_by="values")
def y_alone(right: Right, grad_output: Any, x: Any) -> Any:
    right(grad_output, x)
    return grad_output * right.sigmoid(x)


@fault("sigmoid_backward", "tanh_backward", says="grad_output is left out", killed_by="values")
def gradient_left_out(right: Right, grad_output: Any, x: Any) -> Any:
    right(grad_output, x)
    return right(np.ones_like(grad_output), x)


@fault(
    "sigmoid_backward",
    says="exp(-x) / (1 + exp(-x))² overflows",
    killed_by="values",
    corner="large negative x",
)
def overflow_of_slope(right: Right, grad_output: Any, x: Any) -> Any:
    right(grad_output, x)
    return grad_output * (np.exp(-x) / (1 + np.exp(-x)) ** 2)


@fault("tanh_backward", says="tanh(x) is not squared in 1 - tanh(x)²", killed_by="values")
def not_squared(right: Right, grad_output: Any, x: Any) -> Any:
    right(grad_output, x)
    return grad_output * (1 - right.tanh(x))


@fault("tanh_backward", says="1 / cosh(x) is not squared", killed_by="values")
def secant_not_squared(right: Right, grad_output: Any, x: Any) -> Any:
    right(grad_output, x)
    return grad_output / np.cosh(x)


@fault("tanh_backward", says="x is taken for tanh(x)", killed_by="values")
def x_for_tanh(right: Right, grad_output: Any, x: Any) -> Any:
    right(grad_output, x)
    return grad_output * (1 - x**2)


@fault("tanh_backward", says="tanh(x) = 2 sigmoid(2 x) - 1 is differentiated without the inner 2", killed_by="values")
def inner_2_left_out(right: Right, grad_output: Any, x: Any) -> Any:
    return right(grad_output, x) / 2
