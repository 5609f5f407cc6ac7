"""Updates in other forms: averages that move towards the gradient, and Adam with its corrections folded into the step.

Unusual: lr √(1 - beta2ᵗ) / (1 - beta1ᵗ) is the step, and eps √(1 - beta2ᵗ) what is added to √v. With eps itself, as in
section 2 of Kingma and Ba (2015), it would be another update.
"""

from __future__ import annotations

import math

import numpy as np
from _door import Array

import refcnn


def towards(old: Array, new: Array, share: float) -> Array:
    return np.asarray(old + old.dtype.type(share) * (new - old))


def sgd_update(param: Array, grad: Array, *, lr: float) -> Array:
    refcnn.sgd_update(param, grad, lr=lr)
    return np.asarray(param + grad * param.dtype.type(-lr))


def momentum_update(param: Array, grad: Array, velocity: Array, *, lr: float, momentum: float) -> tuple[Array, Array]:
    refcnn.momentum_update(param, grad, velocity, lr=lr, momentum=momentum)
    faster = grad + param.dtype.type(momentum) * velocity
    # In three terms, of which the last two make the new velocity.
    number = param.dtype.type
    return param - number(lr) * grad - number(lr * momentum) * velocity, faster


def adam_update(
    param: Array,
    grad: Array,
    m: Array,
    v: Array,
    *,
    step: int,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    refcnn.adam_update(param, grad, m, v, step=step, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    number = param.dtype.type
    mean, square = towards(m, grad, 1 - beta1), towards(v, grad * grad, 1 - beta2)
    root = math.sqrt(-math.expm1(step * math.log(beta2)))
    stride = lr * root / (1 - beta1**step)
    return param - number(stride) * (mean / (np.sqrt(square) + number(eps * root))), mean, square
