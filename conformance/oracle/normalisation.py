"""Batch and local response normalisation from their formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.oracle import bounds
from conformance.oracle.answer import Answer, Problem, exact
from conformance.oracle.geometry import IllegalProblemError

Array = NDArray[Any]


@dataclass(frozen=True)
class _Channels:
    """The statistics that normalise each channel, shaped to broadcast against x, and how far they may be off."""

    count: int
    mean: Array
    variance: Array
    reciprocal: Array
    error: bounds.NormalisationError


def _axes(x: Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _per_channel(vector: Array, x: Array) -> Array:
    return vector.reshape(1, -1, *(1,) * (x.ndim - 2))


def _channels(problem: Problem) -> _Channels:
    x, eps = problem.arrays["x"], problem.attributes["eps"]
    if not problem.attributes["training"]:
        mean = _per_channel(problem.arrays["running_mean"], x)
        variance = _per_channel(problem.arrays["running_var"], x)
        reciprocal = 1 / np.sqrt(variance + eps)
        none = np.zeros(mean.shape)
        error = bounds.NormalisationError(none, none, 4 * problem.rounding.unit * reciprocal)
        return _Channels(x[:, 0].size, mean, variance, reciprocal, error)
    count = x[:, 0].size
    if count < 2:
        raise IllegalProblemError("training of batch_norm with fewer than two values per channel")
    mean = x.mean(axis=_axes(x), keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=_axes(x), keepdims=True)
    size = np.abs(x).mean(axis=_axes(x), keepdims=True)
    error = bounds.statistics(problem.rounding, count, size, variance, eps)
    return _Channels(count, mean, variance, 1 / np.sqrt(variance + eps), error)


def _normalised(problem: Problem, channels: _Channels) -> Answer:
    """Return (x - mean) / √(variance + eps) and its error."""
    x = problem.arrays["x"]
    centred = x - channels.mean
    # The folded form, x r - mean r, rounds numbers as large as x and mean themselves.
    rounding = 4 * problem.rounding.unit * (np.abs(x) + np.abs(channels.mean))
    allowed = (channels.error.mean + rounding) * channels.reciprocal + np.abs(centred) * channels.error.reciprocal
    return Answer(centred * channels.reciprocal, allowed + problem.rounding.tiny)


def batch_norm(problem: Problem) -> tuple[Answer, ...]:
    """Y = gamma (x - mean) / √(variance + eps) + beta, and the running statistics."""
    x = problem.arrays["x"]
    gamma, beta = (_per_channel(problem.arrays[name], x) for name in ("gamma", "beta"))
    channels = _channels(problem)
    normalised = _normalised(problem, channels)
    y = Answer(
        gamma * normalised.value + beta,
        np.abs(gamma) * normalised.allowed + bounds.update(problem.rounding, gamma * normalised.value, beta),
    )
    if not problem.attributes["training"]:
        return y, exact(problem.arrays["running_mean"]), exact(problem.arrays["running_var"])
    shrink = channels.count / (channels.count - 1)
    if problem.convention("batch_norm.running_var") == "biased":
        shrink = 1.0
    return (
        y,
        _running(problem, "running_mean", channels.mean, channels.error.mean),
        _running(problem, "running_var", shrink * channels.variance, shrink * channels.error.variance),
    )


def _running(problem: Problem, name: str, batch: Array, batch_error: Array) -> Answer:
    momentum, old = problem.attributes["momentum"], problem.arrays[name]
    new = momentum * batch.reshape(-1)
    kept = (1 - momentum) * old
    # 1 - momentum may have been rounded as a number near 1.
    error = momentum * batch_error.reshape(-1) + bounds.update(problem.rounding, old, new)
    return Answer(kept + new, error)


def batch_norm_backward(problem: Problem) -> tuple[Answer, ...]:
    """Differentiate through the statistics in training; outside it they are constants.

    With h = (x - mean) r: grad_beta = Σ g, grad_gamma = Σ g h, and in training
    grad_x = gamma r (g - mean(g) - h mean(g h)).
    """
    x, grad = problem.arrays["x"], problem.arrays["grad_output"]
    channels = _channels(problem)
    h = _normalised(problem, channels)
    axes, count = _axes(x), max(1, channels.count)
    growth = problem.rounding.gamma(count + 4)

    def total(terms: Array) -> Array:
        return np.asarray(terms.sum(axis=axes, keepdims=True))

    grad_beta = Answer(total(grad), growth * total(np.abs(grad)) + problem.rounding.tiny)
    gamma_error = growth * total(np.abs(grad * h.value)) + total(np.abs(grad) * h.allowed)
    grad_gamma = Answer(total(grad * h.value), gamma_error + problem.rounding.tiny)
    scale = _per_channel(problem.arrays["gamma"], x) * channels.reciprocal
    relative = channels.error.reciprocal / channels.reciprocal + 6 * problem.rounding.unit
    inner, inner_error, size = grad, np.zeros(x.shape), np.abs(grad)
    if problem.attributes["training"]:
        inner = grad - grad_beta.value / count - h.value * grad_gamma.value / count
        size = size + np.abs(grad_beta.value) / count + np.abs(h.value * grad_gamma.value) / count
        inner_error = (
            grad_beta.allowed + np.abs(h.value) * grad_gamma.allowed + h.allowed * np.abs(grad_gamma.value)
        ) / count
    allowed = np.abs(scale) * (relative * size + inner_error + 8 * problem.rounding.unit * size)
    return (
        Answer(scale * inner, allowed + problem.rounding.tiny),
        _flat(grad_gamma),
        _flat(grad_beta),
    )


def _flat(answer: Answer) -> Answer:
    return Answer(answer.value.reshape(-1), answer.allowed.reshape(-1))


def _neighbours(channels: int, size: int) -> Array:
    """Return which channel d lies in the window of channel c: c - ⌊size/2⌋ <= d <= c + ⌊(size - 1)/2⌋."""
    distance = np.arange(channels)[None, :] - np.arange(channels)[:, None]
    return ((distance >= -(size // 2)) & (distance <= (size - 1) // 2)).astype(np.float64)


def local_response_norm(problem: Problem) -> tuple[Answer, ...]:
    """Y = x / (k + alpha / size Σ x²)^beta."""
    x = problem.arrays["x"]
    base, _ = _base(problem)
    shrink = base ** -problem.attributes["beta"]
    relative = _shrink_error(problem, base, problem.attributes["beta"])
    return (Answer(x * shrink, np.abs(x) * shrink * relative + problem.rounding.tiny),)


def local_response_norm_backward(problem: Problem) -> tuple[Answer, ...]:
    """grad_x[d] = g[d] base[d]^-beta - 2 alpha beta / size x[d] Σ g[c] x[c] base[c]^(-beta-1), c whose window has d."""
    x, grad = problem.arrays["x"], problem.arrays["grad_output"]
    alpha, beta, size = (problem.attributes[name] for name in ("alpha", "beta", "size"))
    base, window = _base(problem)
    own = grad * base**-beta
    shared = grad * x * base ** (-beta - 1)
    factor = 2 * alpha * beta / size
    others = factor * x * np.einsum("nchw,cd->ndhw", shared, window)
    others_size = np.abs(factor * x) * np.einsum("nchw,cd->ndhw", np.abs(shared), window)
    own_error = np.abs(own) * _shrink_error(problem, base, beta)
    worst = float(np.max(_shrink_error(problem, base, beta + 1), initial=0.0))
    others_error = others_size * (worst + problem.rounding.gamma(size + 8))
    allowed = own_error + others_error + bounds.update(problem.rounding, own, others) + problem.rounding.tiny
    return (Answer(own - others, allowed),)


def _base(problem: Problem) -> tuple[Array, Array]:
    x = problem.arrays["x"]
    alpha, size, k = (problem.attributes[name] for name in ("alpha", "size", "k"))
    if size < 1:
        raise IllegalProblemError("size below 1")
    window = _neighbours(x.shape[1], size)
    return k + alpha / size * np.einsum("ndhw,cd->nchw", x**2, window), window


def _shrink_error(problem: Problem, base: Array, exponent: float) -> Array:
    # A sum of size squares, scaled and added to k: size + 4 roundings of positive numbers.
    return bounds.power(problem.rounding, base, exponent, problem.attributes["size"] + 4.0)
