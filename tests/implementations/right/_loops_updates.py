"""Optimisers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from _contract_checks import Array, floats, integer, quiet, same_shape


def of_one_shape(**arrays: npt.ArrayLike) -> list[Array]:
    result = floats(**arrays)
    for name, value in zip(arrays, result, strict=True):
        same_shape(name, value, result[0].shape)
    return result


@quiet
def sgd_update(param: npt.ArrayLike, grad: npt.ArrayLike, *, lr: float) -> Array:
    old, slope = of_one_shape(param=param, grad=grad)
    new = np.zeros(old.shape, old.dtype)
    for i in np.ndindex(*old.shape):
        new[i] = old[i] - old.dtype.type(lr) * slope[i]
    return new


@quiet
def momentum_update(
    param: npt.ArrayLike, grad: npt.ArrayLike, velocity: npt.ArrayLike, *, lr: float, momentum: float
) -> tuple[Array, Array]:
    old, slope, speed = of_one_shape(param=param, grad=grad, velocity=velocity)
    new, faster, number = np.zeros(old.shape, old.dtype), np.zeros(old.shape, old.dtype), old.dtype.type
    for i in np.ndindex(*old.shape):
        faster[i] = number(momentum) * speed[i] + slope[i]
        new[i] = old[i] - number(lr) * faster[i]
    return new, faster


@quiet
def adam_update(
    param: npt.ArrayLike,
    grad: npt.ArrayLike,
    m: npt.ArrayLike,
    v: npt.ArrayLike,
    *,
    step: object,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    old, slope, first, second = of_one_shape(param=param, grad=grad, m=m, v=v)
    count, number = integer("step", step, 1), old.dtype.type
    new, mean, square = (np.zeros(old.shape, old.dtype) for _ in range(3))
    for i in np.ndindex(*old.shape):
        mean[i] = number(beta1) * first[i] + number(1 - beta1) * slope[i]
        square[i] = number(beta2) * second[i] + number(1 - beta2) * slope[i] * slope[i]
        mean_hat = mean[i] / number(1 - beta1**count)
        square_hat = square[i] / number(1 - beta2**count)
        new[i] = old[i] - number(lr) * mean_hat / (np.sqrt(square_hat) + number(eps))
    return new, mean, square
