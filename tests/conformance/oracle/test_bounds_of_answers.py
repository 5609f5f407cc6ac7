"""What the oracle allows for whole answers, against the derivations written out number by number.

The unit is coarse, the smallest number large and no size equals another, so that no part of a bound can be left out,
turned round or taken along the wrong axis without a difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from conformance.oracle import bounds, convolution, loss, optimisers, pointwise, pooling
from conformance.oracle.answer import Answer, Problem
from conformance.oracle.bounds import Rounding

Array = NDArray[Any]

UNIT, TINY = 2.0**-10, 2.0**-12
COARSE = Rounding(UNIT, TINY)
LOGITS = np.array([[0.5, -1.0, 2.0, 0.25], [3.0, 1.0, -2.0, 0.0], [-0.5, -1.5, -4.0, -0.25]])
GRAD = np.array([[1.0, -2.0, 0.5, 3.0], [-0.25, 1.5, 2.5, -1.0], [4.0, 0.75, -3.0, 0.125]])


def problem(operator: str, attributes: dict[str, Any] | None = None, **arrays: Array) -> Problem:
    return Problem(operator, arrays, attributes or {}, COARSE, {})


def gamma(count: int) -> float:
    return count * UNIT / (1 - count * UNIT)


def probabilities(row: Array) -> list[float]:
    powers = [math.exp(value) for value in row]
    return [power / sum(powers) for power in powers]


def softmax_errors(row: Array) -> list[float]:
    """Two of the distance from the maximum, two of it, a sum of n, two elementary functions and four, of y."""
    m, n = max(row), len(row)
    relative = [UNIT * (2 * abs(value - m) + 2 * abs(m) + n + 16 + 4) for value in row]
    return [y * error + TINY for y, error in zip(probabilities(row), relative, strict=True)]


def log_softmax_errors(row: Array) -> list[float]:
    m, n = max(row), len(row)
    return [UNIT * (3 * abs(value - m) + 2 * abs(m) + n + 16 + 8 * math.log(n)) for value in row]


def softmax_gradient_errors(row: Array, grad: Array) -> list[float]:
    y, errors, n = probabilities(row), softmax_errors(row), len(row)
    sizes = [abs(g) + sum(abs(grad[k]) * y[k] for k in range(n)) for g in grad]
    under_sum = sum(abs(grad[k]) * errors[k] for k in range(n))
    return [errors[i] * sizes[i] + y[i] * under_sum + gamma(n + 4) * y[i] * sizes[i] + TINY for i in range(n)]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_what_softmax_may_be_off_by(axis: int) -> None:
    (answer,) = loss.softmax(problem("softmax", {"axis": axis}, x=LOGITS))
    assert_allclose(answer.allowed, np.apply_along_axis(softmax_errors, axis, LOGITS), rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1])
def test_what_the_gradient_of_softmax_may_be_off_by(axis: int) -> None:
    (answer,) = loss.softmax_backward(problem("softmax", {"axis": axis}, grad_output=GRAD, x=LOGITS))
    rows = zip(np.moveaxis(LOGITS, axis, 1), np.moveaxis(GRAD, axis, 1), strict=True)
    want = np.moveaxis(np.array([softmax_gradient_errors(*row) for row in rows]), 1, axis)
    assert_allclose(answer.allowed, want, rtol=1e-12)


def test_the_gradient_of_softmax_over_an_axis_without_cells_is_as_empty() -> None:
    empty = np.zeros((3, 0))
    (answer,) = loss.softmax_backward(problem("softmax", {"axis": 1}, grad_output=empty, x=empty))
    assert answer.value.shape == answer.allowed.shape == (3, 0)


def test_a_single_logit_is_no_empty_one() -> None:
    (answer,) = loss.softmax(problem("softmax", {"axis": 1}, x=np.array([[7.0]])))
    assert answer.value.tolist() == [[1.0]]


WEIGHTS = np.array([[0.5, 0.25, -1.0, 2.0], [0.0, 1.0, 0.5, 0.0], [1.5, 0.0, 0.0, 0.75]])


def test_what_cross_entropy_may_be_off_by() -> None:
    (answer,) = loss.cross_entropy(problem("cross_entropy", logits=LOGITS, target=WEIGHTS))
    log_p = [[math.log(y) for y in probabilities(row)] for row in LOGITS]
    N, K = LOGITS.shape
    terms = sum(abs(WEIGHTS[n, k] * log_p[n][k]) for n in range(N) for k in range(K))
    inner = sum(abs(WEIGHTS[n, k]) * log_softmax_errors(LOGITS[n])[k] for n in range(N) for k in range(K))
    assert_allclose(answer.value, -sum(WEIGHTS[n, k] * log_p[n][k] for n in range(N) for k in range(K)) / N)
    assert_allclose(answer.allowed, (inner + gamma(N * K + 4) * terms) / N + TINY, rtol=1e-12)


def test_what_the_gradient_of_cross_entropy_may_be_off_by() -> None:
    (answer,) = loss.cross_entropy_backward(problem("cross_entropy", logits=LOGITS, target=WEIGHTS))
    N, K = LOGITS.shape
    for n in range(N):
        y, errors, size = probabilities(LOGITS[n]), softmax_errors(LOGITS[n]), sum(abs(WEIGHTS[n]))
        for k in range(K):
            assert_allclose(answer.value[n, k], (y[k] * sum(WEIGHTS[n]) - WEIGHTS[n, k]) / N)
            rounding = gamma(K + 4) * (y[k] * size + abs(WEIGHTS[n, k]))
            assert_allclose(answer.allowed[n, k], (size * errors[k] + rounding) / N + TINY, rtol=1e-12)


@pytest.mark.parametrize("backward", [pointwise.sigmoid_backward, pointwise.tanh_backward])
def test_the_derivative_of_a_saturating_function_may_be_off_by_twice_as_much(
    backward: Callable[[Problem], tuple[Answer, ...]],
) -> None:
    grad = np.array([-2.0, 0.5, 0.0])
    (answer,) = backward(problem("sigmoid", grad_output=grad, x=np.array([0.25, -1.0, 3.0])))
    assert_allclose(answer.allowed, [48 * UNIT * 2 + TINY, 48 * UNIT * 0.5 + TINY, TINY], rtol=1e-12)


def test_what_is_kept_may_be_off_by_an_update_of_itself() -> None:
    (answer,) = pointwise.dropout(problem("dropout", {"p": 0.75, "training": True}, x=np.array([-2.0, 0.5])))
    assert answer.value.tolist() == [-8.0, 2.0]
    assert_allclose(answer.allowed, [update_error(-8.0), update_error(2.0)], rtol=1e-12)


SIX = np.array([[[[1.0, -4.0, 2.0], [0.5, 3.0, -1.5]]]])  # one window of (2, 3) cells, their sizes 12 in all
WINDOW = {
    "kernel_size": (2, 3),
    "stride": None,
    "padding": 0,
    "dilation": 1,
    "ceil_mode": False,
    "count_include_pad": True,
}
ONE = np.array([[[[-2.0]]]])


def test_what_the_mean_of_a_window_may_be_off_by() -> None:
    (answer,) = pooling.avg_pool2d(problem("avg_pool2d", WINDOW, x=SIX))
    assert_allclose(answer.allowed, gamma(8) * 12 / 6 + 8 * TINY, rtol=1e-12)


def test_what_the_gradient_of_a_mean_may_be_off_by() -> None:
    (answer,) = pooling.avg_pool2d_backward(problem("avg_pool2d", WINDOW, grad_output=ONE, x=SIX))
    assert_allclose(answer.allowed, np.full(SIX.shape, gamma(8) * 2 / 6 + 8 * TINY), rtol=1e-12)
    (answer,) = pooling.global_avg_pool2d_backward(problem("global_avg_pool2d", grad_output=ONE, x=SIX))
    assert_allclose(answer.allowed, np.full(SIX.shape, gamma(3) * 2 / 6 + 3 * TINY), rtol=1e-12)


def test_what_the_gradient_of_a_maximum_may_be_off_by() -> None:
    (answer,) = pooling.max_pool2d_backward(problem("max_pool2d", WINDOW, grad_output=ONE, x=SIX))
    want = np.full(SIX.shape, 7 * TINY)
    want[0, 0, 1, 1] += gamma(7) * 2
    assert_allclose(answer.allowed, want, rtol=1e-12)


def test_a_bias_is_one_term_more() -> None:
    x, weight, bias = np.array([[1.0, -2.0]]), np.array([[3.0, 0.5]]), np.array([-4.0])
    (answer,) = pointwise.linear(problem("linear", x=x, weight=weight, bias=bias))
    assert_allclose(answer.allowed, [[gamma(4) * (3 + 1 + 4) + 4 * TINY]], rtol=1e-12)
    attributes = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    images = {"x": x.reshape(1, 1, 1, 2), "weight": weight.reshape(1, 1, 1, 2), "bias": bias}
    (answer,) = convolution.conv2d(problem("conv2d", attributes, **images))
    assert_allclose(answer.allowed, [[[[gamma(4) * (3 + 1 + 4) + 4 * TINY]]]], rtol=1e-12)


def update_error(*magnitudes: float) -> float:
    return 4 * UNIT * sum(map(abs, magnitudes)) + TINY


def test_what_an_update_with_momentum_may_be_off_by() -> None:
    arrays = {"param": np.array([3.0]), "grad": np.array([-0.5]), "velocity": np.array([2.0])}
    param, velocity = optimisers.momentum_update(problem("momentum_update", {"lr": 0.25, "momentum": 0.75}, **arrays))
    want = update_error(1.5, -0.5)
    assert_allclose(velocity.allowed, [want], rtol=1e-12)
    assert_allclose(param.allowed, [update_error(3.0, 0.25 * 1.0) + 0.25 * want], rtol=1e-12)


ADAM = {"lr": 0.25, "beta1": 0.75, "beta2": 0.5, "eps": 0.125}


def unbiased(average: float, error: float, beta: float, step: int) -> tuple[float, float]:
    correction = 1 - beta**step
    relative = UNIT * ((step + 8) * beta**step + 2) / correction
    return average / correction, error / correction + abs(average / correction) * relative


def adam_error(param: float, grad: float, m: float, v: float, step: int) -> float:
    m_hat, m_error = unbiased(0.75 * m + 0.25 * grad, update_error(m, grad), 0.75, step)
    v_hat, v_error = unbiased(0.5 * v + 0.5 * grad**2, update_error(v, grad**2), 0.5, step)
    root = math.sqrt(v_hat)
    root_error = min(math.sqrt(v_error), v_error / root if root else math.inf)
    direction = m_hat / (root + 0.125)
    direction_error = (m_error + abs(direction) * root_error) / max(root + 0.125 - root_error, 0.125)
    return update_error(param, 2 * 0.25 * direction) + 0.25 * direction_error


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("numbers", [(3.0, -0.5, 2.0, 4.0), (-1.0, 2.0, 0.0, 0.0), (0.5, 0.0, 1.0, 0.0)])
def test_what_adam_may_be_off_by(numbers: tuple[float, float, float, float], step: int) -> None:
    arrays = dict(zip(("param", "grad", "m", "v"), (np.array([number]) for number in numbers), strict=True))
    param, _, _ = optimisers.adam_update(problem("adam_update", {**ADAM, "step": step}, **arrays))
    assert_allclose(param.allowed, [adam_error(*numbers, step)], rtol=1e-12)


@pytest.mark.parametrize(
    "bound",
    [
        lambda zero: bounds.normwise(COARSE, 14, float(zero[0])),
        lambda zero: bounds.saturating(COARSE, zero),
        lambda zero: bounds.softmax(COARSE, zero, zero, 0),
        lambda zero: bounds.statistics(COARSE, 4, zero, zero, 1.0).mean,
        lambda zero: bounds.update(COARSE, zero),
    ],
)
def test_nothing_may_still_be_off_by_the_smallest_number(bound: Callable[[Array], Any]) -> None:
    assert_allclose(bound(np.zeros(1)), TINY, rtol=1e-12)


def test_the_reciprocal_deviation_takes_its_own_size_and_half_of_the_variances_error() -> None:
    error = bounds.statistics(COARSE, 4, np.array(0.5), np.array(12.0), 4.0)
    mean = 5 * UNIT / (1 - 5 * UNIT) * 0.5 + TINY
    drift = mean + 2 * UNIT * 0.5
    variance = gamma(8) * 12 + 2 * math.sqrt(12) * drift + drift**2
    assert_allclose(error.variance, variance, rtol=1e-12)
    assert_allclose(error.reciprocal, (variance / 16 / 2 + 4 * UNIT) / 4, rtol=1e-12)
