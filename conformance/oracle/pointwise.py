"""Linear maps, activations and dropout from their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.oracle import bounds
from conformance.oracle.answer import Answer, Problem, exact

Array = NDArray[Any]


def _product(problem: Problem, letters: str, a: Array, b: Array, terms: int) -> Answer:
    magnitude = np.einsum(letters, np.abs(a), np.abs(b))
    return Answer(np.einsum(letters, a, b), bounds.sum_of_products(problem.rounding, terms, magnitude))


def linear(problem: Problem) -> tuple[Answer, ...]:
    """y[n,o] = bias[o] + Σ weight[o,i] x[n,i]."""
    x, weight = problem.arrays["x"], problem.arrays["weight"]
    bias = problem.arrays.get("bias")
    if bias is None:
        return (_product(problem, "ni,oi->no", x, weight, x.shape[1]),)
    one = np.ones((len(x), 1))
    return (_product(problem, "ni,oi->no", np.hstack([x, one]), np.hstack([weight, bias[:, None]]), x.shape[1] + 1),)


def linear_backward(problem: Problem) -> tuple[Answer, ...]:
    """Contract the gradient with the other factor."""
    grad, x, weight = (problem.arrays[name] for name in ("grad_output", "x", "weight"))
    N, F = grad.shape
    return (
        _product(problem, "no,oi->ni", grad, weight, F),
        _product(problem, "no,ni->oi", grad, x, N),
        _product(problem, "no,n->o", grad, np.ones(N), N),
    )


def relu(problem: Problem) -> tuple[Answer, ...]:
    """Return x where it is positive or not a number, else 0."""
    x = problem.arrays["x"]
    return (exact(np.where(x <= 0, 0.0, x)),)


def relu_backward(problem: Problem) -> tuple[Answer, ...]:
    """Pass the gradient where x is positive."""
    return (exact(np.where(problem.arrays["x"] > 0, problem.arrays["grad_output"], 0.0)),)


def sigmoid(problem: Problem) -> tuple[Answer, ...]:
    """Return 1 / (1 + exp(-x)), with an argument of exp that is never positive."""
    x = problem.arrays["x"]
    return (Answer(_sigmoid(x), bounds.saturating(problem.rounding, np.ones(x.shape))),)


def _sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x < 0, small, 1.0) / (1.0 + small))


def sigmoid_backward(problem: Problem) -> tuple[Answer, ...]:
    """Multiply by sigmoid(x) sigmoid(-x)."""
    grad, x = problem.arrays["grad_output"], problem.arrays["x"]
    return (Answer(grad * _sigmoid(x) * _sigmoid(-x), bounds.saturating(problem.rounding, 2 * np.abs(grad))),)


def tanh(problem: Problem) -> tuple[Answer, ...]:
    """Return (1 - e) / (1 + e) with e = exp(-2 abs(x)), given the sign of x."""
    x = problem.arrays["x"]
    return (Answer(_tanh(x), bounds.saturating(problem.rounding, np.ones(x.shape))),)


def _tanh(x: Array) -> Array:
    return np.asarray(np.sign(x) * -np.expm1(-2 * np.abs(x)) / (1.0 + np.exp(-2 * np.abs(x))))


def tanh_backward(problem: Problem) -> tuple[Answer, ...]:
    """Multiply by 1 - tanh(x)², written as 4 sigmoid(2 x) sigmoid(-2 x)."""
    grad, x = problem.arrays["grad_output"], problem.arrays["x"]
    slope = 4 * _sigmoid(2 * x) * _sigmoid(-2 * x)
    return (Answer(grad * slope, bounds.saturating(problem.rounding, 2 * np.abs(grad))),)


def dropout(problem: Problem) -> tuple[Answer, ...]:
    """Return x outside training; in training, what a cell holds if it is kept."""
    return (_kept(problem, problem.arrays["x"]),)


def dropout_backward(problem: Problem) -> tuple[Answer, ...]:
    """Treat the gradient as dropout treats x."""
    return (_kept(problem, problem.arrays["grad_output"]),)


def _kept(problem: Problem, value: Array) -> Answer:
    if not problem.attributes["training"]:
        return exact(value)
    kept = value / (1 - problem.attributes["p"])
    return Answer(kept, bounds.update(problem.rounding, kept))
