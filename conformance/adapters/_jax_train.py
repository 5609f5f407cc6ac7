"""Normalisation, dropout and the optimizers on JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import lax

from conformance.adapters._arguments import Array, channels, floats, integer, parameters, probability, rank
from conformance.adapters._jax_bridge import call, gradients


def _over_channels(vector: Any, like: Any) -> Any:
    return vector.reshape(-1, *[1] * (like.ndim - 2))


def _normalised(x: Any, gamma: Any, beta: Any, mean: Any, var: Any, eps: Any) -> Any:
    mean, var, gamma, beta = (_over_channels(vector, x) for vector in (mean, var, gamma, beta))
    return (x - mean) / jnp.sqrt(var + eps) * gamma + beta


def _statistics(x: Any) -> tuple[Any, Any]:
    axes = (0, *range(2, x.ndim))
    return x.mean(axes), x.var(axes)


def _batch_norm(x: Any, gamma: Any, beta: Any, mean: Any, var: Any, eps: Any, momentum: Any) -> Any:
    batch_mean, batch_var = _statistics(x)
    count = x.size // x.shape[1]
    new_mean = (1 - momentum) * mean + momentum * batch_mean
    new_var = (1 - momentum) * var + momentum * batch_var * (count / (count - 1))
    return _normalised(x, gamma, beta, batch_mean, batch_var, eps), new_mean, new_var


def _trained(x: Any, gamma: Any, beta: Any, eps: Any) -> Any:
    return _normalised(x, gamma, beta, *_statistics(x), eps)


def batch_norm(
    x: npt.ArrayLike,
    gamma: npt.ArrayLike,
    beta: npt.ArrayLike,
    running_mean: npt.ArrayLike,
    running_var: npt.ArrayLike,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """jnp.mean and jnp.var, for JAX itself has no batch normalisation."""
    image, scale, shift, mean, var = floats(
        "batch_norm", x=x, gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var
    )
    channels("batch_norm", image, training, gamma=scale, beta=shift, running_mean=mean, running_var=var)
    if not training:
        return call(_normalised, image, scale, shift, mean, var, eps), mean, var
    y, new_mean, new_var = call(_batch_norm, image, scale, shift, mean, var, eps, momentum)
    return y, new_mean, new_var


def batch_norm_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    gamma: npt.ArrayLike,
    running_mean: npt.ArrayLike,
    running_var: npt.ArrayLike,
    *,
    training: bool,
    eps: float,
) -> tuple[Array, ...]:
    """jnp.mean and jnp.var by vjp."""
    operator = "batch_norm_backward"
    image, scale, mean, var = floats(operator, x=x, gamma=gamma, running_mean=running_mean, running_var=running_var)
    channels(operator, image, training, gamma=scale, running_mean=mean, running_var=var)
    operands = image, scale, np.zeros_like(scale)
    if training:
        return gradients(operator, _trained, operands, grad_output, image.shape, rest=(eps,))
    return gradients(operator, _normalised, operands, grad_output, image.shape, rest=(mean, var, eps))


def _local_response_norm(x: Any, alpha: Any, beta: Any, k: Any, size: int) -> Any:
    around = ((0, 0), (size // 2, (size - 1) // 2), (0, 0), (0, 0))
    sums = lax.reduce_window(x * x, x.dtype.type(0), lax.add, (1, size, 1, 1), (1, 1, 1, 1), around)
    return x / (k + alpha / size * sums) ** beta


def local_response_norm(
    x: npt.ArrayLike, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """lax.reduce_window over the channels."""
    (image,) = floats("local_response_norm", x=x)
    rank("local_response_norm", "x", image, 4)
    how = (integer("local_response_norm", "size", size, 1),)
    return np.asarray(call(_local_response_norm, image, alpha, beta, k, how=how))


def local_response_norm_backward(
    grad_output: npt.ArrayLike, x: npt.ArrayLike, *, size: int, alpha: float, beta: float, k: float
) -> Array:
    """lax.reduce_window over the channels by vjp."""
    operator = "local_response_norm_backward"
    (image,) = floats(operator, x=x)
    rank(operator, "x", image, 4)
    how = (integer(operator, "size", size, 1),)
    rest = alpha, beta, k
    return gradients(operator, _local_response_norm, (image,), grad_output, image.shape, rest=rest, how=how)[0]


def _dropout(x: Any, p: Any, seed: Any, training: bool) -> Any:
    if not training:
        return x
    # drawn as float64 whatever x is, so that the mask is the same
    kept = jax.random.uniform(jax.random.key(seed), x.shape, jnp.float64) >= p
    return jnp.where(kept, x / (1 - p), 0)


def dropout(x: npt.ArrayLike, *, p: float, training: bool, seed: int) -> Array:
    """Drop cells by jax.random."""
    (values,) = floats("dropout", x=x)
    probability("dropout", p)
    return np.asarray(call(_dropout, values, p, integer("dropout", "seed", seed, 0), how=(training,)))


def dropout_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, *, p: float, training: bool, seed: int) -> Array:
    """Differentiate by vjp, through the same mask."""
    operator = "dropout_backward"
    (values,) = floats(operator, x=x)
    probability(operator, p)
    rest = p, integer(operator, "seed", seed, 0)
    return gradients(operator, _dropout, (values,), grad_output, values.shape, rest=rest, how=(training,))[0]


def _sgd(param: Any, grad: Any, lr: Any) -> Any:
    return param - lr * grad


def sgd_update(param: npt.ArrayLike, grad: npt.ArrayLike, *, lr: float) -> Array:
    """Step down, for JAX itself has no optimizers."""
    return np.asarray(call(_sgd, *parameters("sgd_update", param, grad=grad), lr))


def _momentum(param: Any, grad: Any, velocity: Any, lr: Any, momentum: Any) -> Any:
    moved = momentum * velocity + grad
    return param - lr * moved, moved


def momentum_update(
    param: npt.ArrayLike, grad: npt.ArrayLike, velocity: npt.ArrayLike, *, lr: float, momentum: float
) -> tuple[Array, Array]:
    """Step down, with momentum."""
    copies = parameters("momentum_update", param, grad=grad, velocity=velocity)
    new_param, new_velocity = call(_momentum, *copies, lr, momentum)
    return new_param, new_velocity


def _adam(param: Any, grad: Any, m: Any, v: Any, step: Any, lr: Any, beta1: Any, beta2: Any, eps: Any) -> Any:
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    corrected = (m / (1 - beta1**step)) / (jnp.sqrt(v / (1 - beta2**step)) + eps)
    return param - lr * corrected, m, v


def adam_update(
    param: npt.ArrayLike,
    grad: npt.ArrayLike,
    m: npt.ArrayLike,
    v: npt.ArrayLike,
    *,
    step: int,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    """Step down by Adam's rule."""
    copies = parameters("adam_update", param, grad=grad, m=m, v=v)
    count = integer("adam_update", "step", step, 1)
    new_param, first, second = call(_adam, *copies, count, lr, beta1, beta2, eps)
    return new_param, first, second
