"""Normalisation and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from _contract_checks import Array, floats, integer, quiet, rank, require, same_shape


def by_channel(x: Array, **vectors: Array) -> Array:
    """Check the vectors of a batch normalisation; see x as (N, C, pixels)."""
    rank("x", x, 2, 4)
    for name, vector in vectors.items():
        same_shape(name, vector, x.shape[1:2])
    return x.reshape(*x.shape[:2], int(np.prod(x.shape[2:])))


def moments(values: Array) -> tuple[Any, Any]:
    """Mean and biased variance of one channel (N, pixels), in two passes."""
    count = values.size
    require(count >= 2, "x", "2 or more values a channel in training", count)
    mean, variance = values.dtype.type(0), values.dtype.type(0)
    for i in np.ndindex(*values.shape):
        mean += values[i]
    mean /= values.dtype.type(count)
    for i in np.ndindex(*values.shape):
        variance += (values[i] - mean) ** 2
    return mean, variance / values.dtype.type(count)


@quiet
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
    image, scale, shift, old_mean, old_var = floats(
        x=x, gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var
    )
    planes = by_channel(image, gamma=scale, beta=shift, running_mean=old_mean, running_var=old_var)
    number = image.dtype.type
    y, new_mean, new_var = np.zeros(planes.shape, number), old_mean.copy(), old_var.copy()
    for c in range(image.shape[1]):
        mean, variance = old_mean[c], old_var[c]
        if training:
            mean, variance = moments(planes[:, c])
            count = planes[:, c].size
            unbiased = variance * number(count / (count - 1))
            new_mean[c] = number(1 - momentum) * old_mean[c] + number(momentum) * mean
            new_var[c] = number(1 - momentum) * old_var[c] + number(momentum) * unbiased
        y[:, c] = (planes[:, c] - mean) / np.sqrt(variance + number(eps)) * scale[c] + shift[c]
    return y.reshape(image.shape), new_mean, new_var


@quiet
def batch_norm_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    gamma: npt.ArrayLike,
    running_mean: npt.ArrayLike,
    running_var: npt.ArrayLike,
    *,
    training: bool,
    eps: float,
) -> tuple[Array, Array, Array]:
    image, slope, scale, old_mean, old_var = floats(
        x=x, grad_output=grad_output, gamma=gamma, running_mean=running_mean, running_var=running_var
    )
    planes = by_channel(image, gamma=scale, running_mean=old_mean, running_var=old_var)
    same_shape("grad_output", slope, image.shape)
    slopes, number = slope.reshape(planes.shape), image.dtype.type
    grad_x = np.zeros(planes.shape, number)
    grad_gamma, grad_beta = np.zeros(image.shape[1], number), np.zeros(image.shape[1], number)
    for c in range(image.shape[1]):
        mean, variance = moments(planes[:, c]) if training else (old_mean[c], old_var[c])
        root = np.sqrt(variance + number(eps))
        for n, i in np.ndindex(*planes[:, c].shape):
            grad_beta[c] += slopes[n, c, i]
            grad_gamma[c] += slopes[n, c, i] * ((planes[n, c, i] - mean) / root)
        for n, i in np.ndindex(*planes[:, c].shape):
            inner = slopes[n, c, i]
            if training:
                count, normal = number(planes[:, c].size), (planes[n, c, i] - mean) / root
                inner = inner - grad_beta[c] / count - normal * (grad_gamma[c] / count)
            grad_x[n, c, i] = scale[c] / root * inner
    return grad_x.reshape(image.shape), grad_gamma, grad_beta


def neighbours(c: int, size: int, channels: int) -> range:
    return range(max(0, c - size // 2), min(channels, c + (size - 1) // 2 + 1))


def crowding(x: Array, size: int, alpha: float, k: float) -> Array:
    """Sum k + alpha/size · Σ x² for each cell, over the channels around it."""
    rank("x", x, 4)
    integer("size", size, 1)
    total = np.zeros(x.shape, x.dtype)
    for n, c, h, w in np.ndindex(*x.shape):
        for near in neighbours(c, size, x.shape[1]):
            total[n, c, h, w] += x[n, near, h, w] * x[n, near, h, w]
    total *= alpha / size
    total += k
    return total


@quiet
def local_response_norm(
    x: npt.ArrayLike, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    (image,) = floats(x=x)
    base = crowding(image, size, alpha, k)
    y = np.zeros(image.shape, image.dtype)
    for i in np.ndindex(*image.shape):
        y[i] = image[i] / base[i] ** image.dtype.type(beta)
    return y


@quiet
def local_response_norm_backward(
    grad_output: npt.ArrayLike, x: npt.ArrayLike, *, size: int, alpha: float, beta: float, k: float
) -> Array:
    image, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, image.shape)
    base, number = crowding(image, size, alpha, k), image.dtype.type
    grad_x = np.zeros(image.shape, image.dtype)
    for n, c, h, w in np.ndindex(*image.shape):
        grad_x[n, c, h, w] += slope[n, c, h, w] / base[n, c, h, w] ** number(beta)
        pull = slope[n, c, h, w] * image[n, c, h, w] / base[n, c, h, w] ** number(beta + 1)
        for near in neighbours(c, size, image.shape[1]):
            grad_x[n, near, h, w] -= number(2 * alpha * beta / size) * image[n, near, h, w] * pull
    return grad_x


def kept(shape: tuple[int, ...], p: float, seed: object) -> Array:
    require(0 <= p < 1, "p", "in [0, 1)", p)
    generator = np.random.default_rng(integer("seed", seed, 0))
    mask = np.zeros(shape, bool)
    for i in np.ndindex(*shape):
        mask[i] = generator.random() >= p
    return mask


def scaled_where_kept(values: Array, p: float, training: bool, seed: object) -> Array:
    mask = kept(values.shape, p, seed)
    result = np.zeros(values.shape, values.dtype)
    for i in np.ndindex(*values.shape):
        if mask[i] or not training:
            result[i] = values[i] / values.dtype.type(1 - p) if training else values[i]
    return result


@quiet
def dropout(x: npt.ArrayLike, *, p: float, training: bool, seed: object) -> Array:
    (values,) = floats(x=x)
    return scaled_where_kept(values, p, training, seed)


@quiet
def dropout_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, *, p: float, training: bool, seed: object) -> Array:
    values, slope = floats(x=x, grad_output=grad_output)
    same_shape("grad_output", slope, values.shape)
    return scaled_where_kept(slope, p, training, seed)
