"""The oracle's normalisations equal statistics in exact fractions, Jacobians written out, and loops over channels."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.calling import backward, forward
from conformance.case import Case
from conformance.corners import SIZES, SPECIAL
from conformance.oracle import answers
from conformance.plan import Plan

Array = NDArray[Any]


def batch_norm_cases() -> list[Case]:
    return [*Plan("quick").grid("batch_norm"), *SPECIAL["batch_norm"], *SIZES["batch_norm"][:8]]


def channel(x: Array, c: int) -> list[Fraction]:
    return [Fraction(float(value)) for value in x[:, c].flat]


def exact_statistics(values: list[Fraction]) -> tuple[Fraction, Fraction]:
    """Return the mean and the sum of squared distances from it, without any rounding."""
    mean = sum(values) / Fraction(len(values))
    return mean, sum(((value - mean) ** 2 for value in values), Fraction(0))


def statistics(case: Case, arrays: Any, c: int) -> tuple[float, float]:
    """Return the mean and the variance that normalise a channel."""
    if not case.attributes["training"]:
        return float(arrays["running_mean"][c]), float(arrays["running_var"][c])
    mean, squares = exact_statistics(channel(arrays["x"], c))
    return float(mean), float(squares / arrays["x"][:, c].size)


def test_batch_norm_normalises_with_exact_statistics() -> None:
    for case in batch_norm_cases():
        arrays, eps = forward(case).arrays, case.all_attributes["eps"]
        y = answers("batch_norm", case, arrays, {})[0].value
        x = arrays["x"].astype(np.float64)
        for c in range(x.shape[1]):
            mean, variance = statistics(case, arrays, c)
            want = float(arrays["gamma"][c]) * (x[:, c] - mean) / np.sqrt(variance + eps) + float(arrays["beta"][c])
            # The mean may be off by a unit in the last place of the largest x, divided by the deviation.
            tolerance = 1e-14 + 1e-15 * np.abs(x[:, c]).max() / np.sqrt(variance + eps)
            np.testing.assert_allclose(y[:, c], want, rtol=1e-10, atol=tolerance, err_msg=case.describe())


@pytest.mark.parametrize(("convention", "lost"), [("unbiased", 1), ("biased", 0)])
def test_running_statistics_are_a_weighted_mean_of_old_and_batch(convention: str, lost: int) -> None:
    for case in batch_norm_cases():
        arrays, momentum = forward(case).arrays, Fraction(case.all_attributes["momentum"])
        _, mean, variance = answers("batch_norm", case, arrays, {"batch_norm.running_var": convention})
        for c in range(len(arrays["gamma"])):
            old_mean, old_variance = (Fraction(float(arrays[n][c])) for n in ("running_mean", "running_var"))
            want = old_mean, old_variance
            if case.attributes["training"]:
                values = channel(arrays["x"], c)
                batch_mean, squares = exact_statistics(values)
                want = (
                    (1 - momentum) * old_mean + momentum * batch_mean,
                    (1 - momentum) * old_variance + momentum * squares / (len(values) - lost),
                )
            size = max(1.0, float(np.abs(arrays["x"][:, c]).max()))
            # A few roundings of numbers as large as x; the variance takes the mean's error times the deviation.
            np.testing.assert_allclose(mean.value[c], float(want[0]), rtol=1e-14, atol=1e-15 * size)
            np.testing.assert_allclose(
                variance.value[c], float(want[1]), rtol=1e-13, atol=1e-15 * size, err_msg=case.describe()
            )


def jacobian(h: Array, reciprocal: float, training: bool) -> Array:
    """d h[i] / d x[j] = r (δ_ij - 1/n - h_i h_j / n), or r δ_ij where the statistics are constants."""
    n = len(h)
    matrix = np.eye(n) - (1 / n + np.outer(h, h) / n if training else 0.0)
    return np.asarray(matrix * reciprocal)


def test_the_gradients_of_batch_norm_are_its_jacobian_written_out() -> None:
    for case in Plan("quick").grid("batch_norm"):
        arrays = backward(case).arrays
        grad_x, grad_gamma, grad_beta = (a.value for a in answers("batch_norm_backward", case, arrays, {}))
        x, grad = arrays["x"].astype(np.float64), arrays["grad_output"].astype(np.float64)
        for c in range(x.shape[1]):
            mean, variance = statistics(case, arrays, c)
            reciprocal = 1 / np.sqrt(variance + case.all_attributes["eps"])
            h, g = ((x[:, c] - mean) * reciprocal).ravel(), grad[:, c].ravel()
            want = float(arrays["gamma"][c]) * jacobian(h, reciprocal, case.attributes["training"]).T @ g
            # h itself may be off by the mean's rounding over the deviation, 1e-7 at worst for data "offset".
            noise = 1e-13 + 1e-15 * np.abs(x[:, c]).max() * reciprocal
            scale = max(1.0, float(np.abs(h).max())) ** 2 * np.abs(g).sum() * max(1.0, reciprocal)
            np.testing.assert_allclose(
                grad_x[:, c].ravel(), want, rtol=0, atol=4 * noise * scale, err_msg=case.describe()
            )
            np.testing.assert_allclose(grad_gamma[c], h @ g, rtol=0, atol=4 * noise * scale)
            np.testing.assert_allclose(grad_beta[c], g.sum(), rtol=0, atol=1e-13 * np.abs(g).sum())


def lrn_cases() -> list[Case]:
    sizes = [case for case in SIZES["local_response_norm"] if case.elements < 5000]  # a number is taken at a time
    return [*Plan("default").grid("local_response_norm"), *sizes]


def bases(x: Array, attributes: dict[str, Any]) -> Array:
    """Return k + alpha / size Σ x², channel by channel."""
    size, C = attributes["size"], x.shape[1]
    base = np.zeros(x.shape)
    for c in range(C):
        near = range(max(0, c - size // 2), min(C - 1, c + (size - 1) // 2) + 1)
        base[:, c] = attributes["k"] + attributes["alpha"] / size * sum(x[:, d] ** 2 for d in near)
    return base


def test_local_response_norm_divides_by_the_channels_around() -> None:
    for case in lrn_cases():
        call, attributes = forward(case), case.all_attributes
        x = call.arrays["x"].astype(np.float64)
        got = answers(call.function, case, call.arrays, {})[0].value
        # A power of a sum of at most nine squares, each rounded once or twice.
        np.testing.assert_allclose(
            got, x / bases(x, attributes) ** attributes["beta"], rtol=1e-14, err_msg=case.describe()
        )


@pytest.mark.no_cover
def test_the_gradient_of_local_response_norm_adds_what_each_channel_takes_from_its_neighbours() -> None:
    for case in lrn_cases():
        call, attributes = backward(case), case.all_attributes
        x, grad = (call.arrays[name].astype(np.float64) for name in ("x", "grad_output"))
        size, beta, base = attributes["size"], attributes["beta"], bases(x, attributes)
        want, terms = np.zeros(x.shape), np.zeros(x.shape)
        for c in range(x.shape[1]):
            for d in range(x.shape[1]):
                # d y[c] / d x[d]
                slope = base[:, c] ** -beta if c == d else np.zeros(x[:, c].shape)
                shrunk = np.zeros(x[:, c].shape)
                if -(size // 2) <= d - c <= (size - 1) // 2:
                    shrunk = x[:, c] * x[:, d] * 2 * attributes["alpha"] * beta / size * base[:, c] ** (-beta - 1)
                want[:, d] += grad[:, c] * (slope - shrunk)
                terms[:, d] += np.abs(grad[:, c]) * (slope + np.abs(shrunk))
        got = answers(call.function, case, call.arrays, {})[0].value
        # Terms cancel, and all of them where k is 0 and beta 1/2. Each is within 2.5 times the error of a sum of at
        # most nine squares and a few roundings more, here and there.
        np.testing.assert_array_less(np.abs(got - want), 1e-14 * terms + 1e-300, err_msg=case.describe())
