"""Linear layer, activations and the loss on JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import lax

from conformance.adapters._arguments import Array, axis_of, features, floats, labels_or_weights
from conformance.adapters._jax_bridge import call, gradients


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    return jnp.matmul(x, weight.T, precision=lax.Precision.HIGHEST) + bias


def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    """jnp.matmul."""
    samples, matrix, *vectors = floats("linear", x=x, weight=weight, bias=bias)
    features("linear", samples, matrix, *vectors)
    vector = vectors[0] if vectors else np.zeros(len(matrix), samples.dtype)
    return np.asarray(call(_linear, samples, matrix, vector))


def linear_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Array, ...]:
    """jnp.matmul by vjp."""
    samples, matrix = floats("linear_backward", x=x, weight=weight)
    features("linear_backward", samples, matrix)
    operands = samples, matrix, np.zeros(len(matrix), samples.dtype)
    return gradients("linear_backward", _linear, operands, grad_output, (len(samples), len(matrix)))


def _pointwise(operator: str, function: Callable[..., Any], x: npt.ArrayLike) -> Array:
    (values,) = floats(operator, x=x)
    return np.asarray(call(function, values))


def _pointwise_backward(
    operator: str, function: Callable[..., Any], grad_output: npt.ArrayLike, x: npt.ArrayLike
) -> Array:
    (values,) = floats(operator, x=x)
    return gradients(operator, function, (values,), grad_output, values.shape)[0]


def relu(x: npt.ArrayLike) -> Array:
    """jax.nn.relu."""
    return _pointwise("relu", jax.nn.relu, x)


def relu_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """jax.nn.relu by vjp."""
    return _pointwise_backward("relu_backward", jax.nn.relu, grad_output, x)


def sigmoid(x: npt.ArrayLike) -> Array:
    """jax.nn.sigmoid."""
    return _pointwise("sigmoid", jax.nn.sigmoid, x)


def sigmoid_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """jax.nn.sigmoid by vjp."""
    return _pointwise_backward("sigmoid_backward", jax.nn.sigmoid, grad_output, x)


def tanh(x: npt.ArrayLike) -> Array:
    """jnp.tanh."""
    return _pointwise("tanh", jnp.tanh, x)


def tanh_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """jnp.tanh by vjp."""
    return _pointwise_backward("tanh_backward", jnp.tanh, grad_output, x)


def _softmax(x: Any, axis: int) -> Any:
    return jax.nn.softmax(x, axis)


def softmax(x: npt.ArrayLike, *, axis: int = -1) -> Array:
    """jax.nn.softmax."""
    (scores,) = floats("softmax", x=x)
    return np.asarray(call(_softmax, scores, how=(axis_of("softmax", scores, axis),)))


def softmax_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, *, axis: int = -1) -> Array:
    """jax.nn.softmax by vjp."""
    (scores,) = floats("softmax_backward", x=x)
    how = (axis_of("softmax_backward", scores, axis),)
    return gradients("softmax_backward", _softmax, (scores,), grad_output, scores.shape, how=how)[0]


def _cross_entropy(logits: Any, target: Any) -> Any:
    logarithms = jax.nn.log_softmax(logits, 1)
    if target.ndim == 1:
        terms = jnp.take_along_axis(logarithms, target[:, None], 1)
    else:
        # a weight of 0 silences a logarithm of -inf
        terms = jnp.where(target == 0, 0, target * logarithms)
    return -terms.sum() / len(logits)


def cross_entropy(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    """jax.nn.log_softmax, and the mean of what the target picks."""
    (scores,) = floats("cross_entropy", logits=logits)
    return np.asarray(call(_cross_entropy, scores, labels_or_weights("cross_entropy", scores, target)))


def cross_entropy_backward(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    """jax.nn.log_softmax, and the mean of what the target picks, by vjp."""
    operator = "cross_entropy_backward"
    (scores,) = floats(operator, logits=logits)
    wanted = labels_or_weights(operator, scores, target)
    return gradients(operator, _cross_entropy, (scores,), np.ones((), scores.dtype), (), rest=(wanted,))[0]
