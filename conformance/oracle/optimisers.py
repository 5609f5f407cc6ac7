"""Parameter updates from their formulas, with the error that follows through them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.oracle import bounds
from conformance.oracle.answer import Answer, Problem

Array = NDArray[Any]


def sgd_update(problem: Problem) -> tuple[Answer, ...]:
    """Move against the gradient: param - lr grad."""
    param, move = problem.arrays["param"], problem.attributes["lr"] * problem.arrays["grad"]
    return (Answer(param - move, bounds.update(problem.rounding, param, move)),)


def momentum_update(problem: Problem) -> tuple[Answer, ...]:
    """Gather speed: velocity = momentum velocity + grad, then param - lr velocity."""
    param, grad, old = (problem.arrays[name] for name in ("param", "grad", "velocity"))
    lr, momentum = problem.attributes["lr"], problem.attributes["momentum"]
    velocity = Answer(momentum * old + grad, bounds.update(problem.rounding, momentum * old, grad))
    move = lr * velocity.value
    allowed = bounds.update(problem.rounding, param, move) + lr * velocity.allowed
    return Answer(param - move, allowed), velocity


def adam_update(problem: Problem) -> tuple[Answer, ...]:
    """Scale each step: param - lr m̂ / (√v̂ + eps), with moving averages m and v freed of their bias."""
    param, grad, old_m, old_v = (problem.arrays[name] for name in ("param", "grad", "m", "v"))
    lr, eps = problem.attributes["lr"], problem.attributes["eps"]
    m = _average(problem, old_m, grad, "beta1")
    v = _average(problem, old_v, grad**2, "beta2")
    m_hat = _unbiased(problem, m, "beta1")
    v_hat = _unbiased(problem, v, "beta2")
    root = np.sqrt(v_hat.value)
    # The root of a number off by e is off by at most √e, and by about e / (2 root) where that is less.
    smallest = np.finfo(np.float64).tiny
    root_error = np.minimum(np.sqrt(v_hat.allowed), v_hat.allowed / np.maximum(root, smallest))
    direction = m_hat.value / (root + eps)
    direction_error = (m_hat.allowed + np.abs(direction) * root_error) / np.maximum(root + eps - root_error, eps)
    allowed = bounds.update(problem.rounding, param, 2 * lr * direction) + lr * direction_error
    return Answer(param - lr * direction, allowed), m, v


def _average(problem: Problem, old: Array, new: Array, name: str) -> Answer:
    """Return beta old + (1 - beta) new, also written old + (1 - beta) (new - old); 1 - beta may have been rounded."""
    beta = problem.attributes[name]
    return Answer(beta * old + (1 - beta) * new, bounds.update(problem.rounding, old, new))


def _unbiased(problem: Problem, average: Answer, name: str) -> Answer:
    """Return average / (1 - beta**step); a rounded beta makes beta**step off by step roundings."""
    beta, step = problem.attributes[name], problem.attributes["step"]
    correction = 1 - beta**step
    relative = problem.rounding.unit * ((step + 8) * beta**step + 2) / correction
    value = average.value / correction
    return Answer(value, average.allowed / correction + np.abs(value) * relative)
