"""What the oracle allows for normalisations, against the derivations written out number by number.

As in `test_bounds_of_answers`, with the bounds of statistics and powers, which `test_bounds` holds to their formulas.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from conformance.oracle import bounds, normalisation
from conformance.oracle.answer import Problem
from conformance.oracle.bounds import Rounding

Array = NDArray[Any]

UNIT, TINY = 2.0**-12, 2.0**-14
COARSE = Rounding(UNIT, TINY)
EPS = 0.25
X = np.array([[[[1.0, -2.0, 4.0]], [[0.5, 3.0, -1.5]]], [[[0.25, 5.0, -3.0]], [[2.0, -2.5, 1.25]]]])  # (2, 2, 1, 3)
GRAD = np.array([[[[0.5, 1.0, -2.0]], [[1.5, -0.5, 2.5]]], [[[-1.0, 0.75, 3.0]], [[0.125, -4.0, 1.0]]]])
GAMMA, BETA = [-1.5, 2.0], [0.5, -3.0]
OLD_MEAN, OLD_VARIANCE = [0.5, -0.25], [2.0, 3.0]
ARRAYS = {
    name: np.array(numbers)
    for name, numbers in {
        "gamma": GAMMA,
        "beta": BETA,
        "running_mean": OLD_MEAN,
        "running_var": OLD_VARIANCE,
    }.items()
} | {"x": X, "grad_output": GRAD}


def problem(operator: str, **attributes: Any) -> Problem:
    return Problem(operator, ARRAYS, attributes, COARSE, {})


def gamma(count: int) -> float:
    return count * UNIT / (1 - count * UNIT)


def update_error(*magnitudes: float) -> float:
    return 4 * UNIT * sum(map(abs, magnitudes)) + TINY


class Channel(NamedTuple):
    """The numbers of a channel, its statistics, and how far they may be off."""

    x: list[float]
    g: list[float]
    mean: float
    variance: float
    mean_error: float
    variance_error: float
    reciprocal_error: float

    @property
    def reciprocal(self) -> float:
        return 1 / math.sqrt(self.variance + EPS)

    def normalised(self, i: int) -> tuple[float, float]:
        """Return h and its error, as if x r and mean r were rounded on their own."""
        centred = self.x[i] - self.mean
        folded = 4 * UNIT * (abs(self.x[i]) + abs(self.mean))
        error = (self.mean_error + folded) * self.reciprocal + abs(centred) * self.reciprocal_error + TINY
        return centred * self.reciprocal, error


def channel(c: int, training: bool) -> Channel:
    x, g = X[:, c].ravel().tolist(), GRAD[:, c].ravel().tolist()
    if not training:
        r = 1 / math.sqrt(OLD_VARIANCE[c] + EPS)
        return Channel(x, g, OLD_MEAN[c], OLD_VARIANCE[c], 0.0, 0.0, 4 * UNIT * r)
    mean = sum(x) / 6
    variance = sum((value - mean) ** 2 for value in x) / 6
    size = sum(map(abs, x)) / 6
    error = bounds.statistics(COARSE, 6, np.array(size), np.array(variance), EPS)
    return Channel(x, g, mean, variance, float(error.mean), float(error.variance), float(error.reciprocal))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("c", [0, 1])
def test_what_batch_norm_may_be_off_by(c: int, training: bool) -> None:
    y, mean, variance = normalisation.batch_norm(problem("batch_norm", training=training, momentum=0.25, eps=EPS))
    mine = channel(c, training)
    for i, allowed in enumerate(y.allowed[:, c].ravel()):
        h, error = mine.normalised(i)
        assert_allclose(allowed, abs(GAMMA[c]) * error + update_error(GAMMA[c] * h, BETA[c]), rtol=1e-12)
    if not training:
        assert mean.allowed[c] == variance.allowed[c] == 0
        return
    assert_allclose(mean.allowed[c], 0.25 * mine.mean_error + update_error(OLD_MEAN[c], 0.25 * mine.mean), rtol=1e-12)
    unbiased, error = 6 / 5 * mine.variance, 6 / 5 * mine.variance_error
    want = 0.25 * error + update_error(OLD_VARIANCE[c], 0.25 * unbiased)
    assert_allclose(variance.allowed[c], want, rtol=1e-12)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("c", [0, 1])
def test_what_the_gradients_of_batch_norm_may_be_off_by(c: int, training: bool) -> None:
    answers = normalisation.batch_norm_backward(problem("batch_norm", training=training, momentum=0.25, eps=EPS))
    grad_x, grad_gamma, grad_beta = (answer.allowed for answer in answers)
    mine = channel(c, training)
    g, (h, errors) = mine.g, zip(*(mine.normalised(i) for i in range(6)), strict=True)
    beta_error = gamma(10) * sum(map(abs, g)) + TINY
    gamma_error = gamma(10) * sum(abs(g[i] * h[i]) for i in range(6)) + sum(abs(g[i]) * errors[i] for i in range(6))
    gamma_error += TINY
    assert_allclose(grad_beta[c], beta_error, rtol=1e-12)
    assert_allclose(grad_gamma[c], gamma_error, rtol=1e-12)
    total, along = sum(g), sum(g[i] * h[i] for i in range(6))
    for i, allowed in enumerate(grad_x[:, c].ravel()):
        size, inner = abs(g[i]), 0.0
        if training:
            size += (abs(total) + abs(h[i] * along)) / 6
            inner = (beta_error + abs(h[i]) * gamma_error + errors[i] * abs(along)) / 6
        relative = mine.reciprocal_error / mine.reciprocal + 6 * UNIT
        want = abs(GAMMA[c]) * mine.reciprocal * (relative * size + inner + 8 * UNIT * size) + TINY
        assert_allclose(allowed, want, rtol=1e-12)


def test_an_empty_batch_has_gradients_of_zero_in_what_all_samples_share() -> None:
    arrays = {name: array[:0] if array.ndim > 1 else array for name, array in ARRAYS.items()}
    empty = Problem("batch_norm", arrays, {"training": False, "momentum": 0.25, "eps": EPS}, COARSE, {})
    grad_x, grad_gamma, grad_beta = normalisation.batch_norm_backward(empty)
    assert grad_x.value.shape == (0, 2, 1, 3)
    assert grad_gamma.value.tolist() == grad_beta.value.tolist() == [0.0, 0.0]


LRN = {"size": 3, "alpha": 0.5, "beta": 0.75, "k": 2.0}
DEEP = np.array([1.0, -2.0, 4.0, 0.5, -3.0])
DEEP_GRAD = np.array([0.5, 1.5, -1.0, 2.0, 0.25])


def base(c: int) -> float:
    return 2.0 + 0.5 / 3 * sum(float(DEEP[d]) ** 2 for d in range(max(0, c - 1), min(4, c + 1) + 1))


def power_error(c: int, exponent: float) -> float:
    return float(bounds.power(COARSE, np.array(base(c)), exponent, 3 + 4.0))


def deep(operator: str) -> Problem:
    arrays = {"x": DEEP.reshape(1, 5, 1, 1), "grad_output": DEEP_GRAD.reshape(1, 5, 1, 1)}
    return Problem(operator, arrays, LRN, COARSE, {})


def test_what_a_response_norm_may_be_off_by() -> None:
    (answer,) = normalisation.local_response_norm(deep("local_response_norm"))
    want = [abs(DEEP[c]) * base(c) ** -0.75 * power_error(c, 0.75) + TINY for c in range(5)]
    assert_allclose(answer.allowed.ravel(), want, rtol=1e-12)


def test_what_the_gradient_of_a_response_norm_may_be_off_by() -> None:
    (answer,) = normalisation.local_response_norm_backward(deep("local_response_norm"))
    worst = max(power_error(c, 1.75) for c in range(5))
    for d in range(5):
        own = DEEP_GRAD[d] * base(d) ** -0.75
        near = range(max(0, d - 1), min(4, d + 1) + 1)
        shared = {c: DEEP_GRAD[c] * DEEP[c] * base(c) ** -1.75 for c in near}
        factor = 2 * 0.5 * 0.75 / 3 * DEEP[d]
        others, size = factor * sum(shared.values()), abs(factor) * sum(map(abs, shared.values()))
        assert_allclose(answer.value.ravel()[d], own - others, rtol=1e-12)
        want = abs(own) * power_error(d, 0.75) + size * (worst + gamma(3 + 8)) + update_error(own, others) + TINY
        assert_allclose(answer.allowed.ravel()[d], want, rtol=1e-12)


def test_the_gradient_of_a_response_norm_of_no_sample_is_as_empty() -> None:
    arrays = {"x": np.zeros((0, 5, 1, 1)), "grad_output": np.zeros((0, 5, 1, 1))}
    (answer,) = normalisation.local_response_norm_backward(Problem("local_response_norm", arrays, LRN, COARSE, {}))
    assert answer.value.shape == answer.allowed.shape == (0, 5, 1, 1)
