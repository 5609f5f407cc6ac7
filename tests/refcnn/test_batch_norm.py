"""Batch normalisation in training and in use."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import refcnn
from refcnn import batch_norm, batch_norm_backward

ZERO, ONE = np.zeros(2), np.ones(2)
X = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])


def test_y_uses_the_biased_variance_and_running_var_the_unbiased_one() -> None:
    gamma, beta = np.array([2.0, 1.0]), np.array([1.0, 0.0])
    y, mean, var = batch_norm(X, gamma, beta, ZERO, ONE, training=True, momentum=0.5, eps=0.0)
    # Biased variances 8/3 and 200; unbiased ones 4 and 300. A few roundings of numbers near 1.
    assert_allclose(y[:, 0], [1 - 2 * 2 / np.sqrt(8 / 3), 1, 1 + 2 * 2 / np.sqrt(8 / 3)], rtol=1e-14)
    assert_allclose(y[:, 1], np.array([-10, -10, 20]) / np.sqrt(200), rtol=1e-14)
    assert_allclose(mean, [1.5, 10], rtol=1e-14)
    assert_allclose(var, [2.5, 150.5], rtol=1e-14)


def test_in_use_the_running_statistics_count_and_stay() -> None:
    mean, var = np.array([1.0, 10.0]), np.array([4.0, 25.0])
    y, new_mean, new_var = batch_norm(X, ONE, ONE, mean, var, training=False, eps=0.0)
    assert_array_equal(y, [[1, 1], [2, 1], [3, 7]])
    assert_array_equal(new_mean, mean)
    assert_array_equal(new_var, var)


def test_eps_is_added_to_the_variance() -> None:
    y, _, _ = batch_norm(np.ones((1, 2)), ONE, ZERO, ZERO, np.array([3.0, 8.0]), training=False, eps=1.0)
    assert_allclose(y, [[1 / 2, 1 / 3]], rtol=1e-15)


def test_the_momentum_is_a_tenth_when_nothing_is_said() -> None:
    _, mean, var = batch_norm(X, ONE, ZERO, ZERO, ONE, training=True)
    assert_allclose(mean, [0.3, 2.0], rtol=1e-14)
    assert_allclose(var, [0.9 + 0.4, 0.9 + 30], rtol=1e-14)


def test_pixels_are_values_of_their_channel() -> None:
    x = np.random.default_rng(0).standard_normal((4, 2, 3, 5))
    flat = x.transpose(0, 2, 3, 1).reshape(-1, 2)
    images = batch_norm(x, ONE, ZERO, ZERO, ONE, training=True)
    features = batch_norm(flat, ONE, ZERO, ZERO, ONE, training=True)
    assert_allclose(images[0].transpose(0, 2, 3, 1).reshape(-1, 2), features[0], rtol=1e-13, atol=1e-15)
    assert_allclose(images[1], features[1], rtol=1e-13, atol=1e-15)
    assert_allclose(images[2], features[2], rtol=1e-13)


@pytest.mark.parametrize("ratio", [1e3, 1e5])
def test_a_mean_far_from_zero_costs_no_digits(ratio: float) -> None:
    spread = np.random.default_rng(0).standard_normal((1000, 2))
    x = (spread + ratio).astype(np.float32)
    want = x.astype(float) - x.mean(0, dtype=float)
    want /= np.sqrt((want**2).mean(0))
    y, _, var = batch_norm(x, *(array.astype(np.float32) for array in (ONE, ZERO, ZERO, ONE)), training=True, eps=0)
    # The rounding of the mean is made good; what is left is that of a variance, a sum of 1000 terms, and so
    # 500 units in its root. E[x²] − E[x]² would be off by 2⁻²⁴ · ratio², 0.06 and more.
    assert_allclose(y, want, rtol=500 * 2.0**-24, atol=500 * 2.0**-24)
    assert_allclose(var, 0.9 + 0.1 * x.astype(float).var(0, ddof=1), rtol=1000 * 2.0**-24)


def test_equal_values_become_beta() -> None:
    y, _, _ = batch_norm(np.full((3, 2), 0.1), ONE, np.array([7.0, 8.0]), ZERO, ONE, training=True)
    assert_allclose(y, [[7, 8]] * 3, rtol=1e-12)  # the eps of 1e-5 lifts a rounding of 1e-17 to 1e-14


def test_gradients_in_training_are_orthogonal_to_shift_and_scale() -> None:
    g = np.random.default_rng(0).standard_normal(X.shape)
    grad_x, _, grad_beta = batch_norm_backward(g, X, ONE, ZERO, ONE, training=True, eps=0.0)
    # Sums of three terms near 1 cancel, up to a few roundings.
    assert_allclose(grad_x.sum(0), 0, atol=1e-14)
    assert_allclose((grad_x * (X - X.mean(0))).sum(0), 0, atol=1e-13)
    assert_allclose(grad_beta, g.sum(0), rtol=1e-14)


def test_one_image_has_enough_values_if_it_has_two_pixels() -> None:
    y, _, _ = batch_norm(np.array([[[[1.0, 3.0]]]]), ONE[:1], ZERO[:1], ZERO[:1], ONE[:1], training=True, eps=0)
    assert_array_equal(y, [[[[-1, 1]]]])


def test_in_use_one_value_is_enough() -> None:
    grads = batch_norm_backward(X[:1], X[:1], ONE, ZERO, ONE, training=False, eps=0.0)
    assert_array_equal(grads[0], X[:1])
    assert_array_equal(grads[1], [1, 100])
    assert_array_equal(grads[2], [1, 10])


@pytest.mark.parametrize(
    ("x", "changed", "error", "message"),
    [
        (X[0], {}, ValueError, "x must be (N, C) or (N, C, H, W), got shape (2,)"),
        (np.ones((2, 2, 3)), {}, ValueError, "x must be (N, C) or (N, C, H, W), got shape (2, 2, 3)"),
        (X, {"gamma": np.ones(3)}, ValueError, "gamma must be of shape (2,), got shape (3,) (x (3, 2))"),
        (
            X,
            {"running_mean": np.ones((1, 2))},
            ValueError,
            "running_mean must be of shape (2,), got shape (1, 2) (x (3, 2))",
        ),
        (
            X,
            {"running_var": np.ones(1)},
            ValueError,
            "running_var must be of shape (2,), got shape (1,) (x (3, 2))",
        ),
        (X, {"training": 1}, TypeError, "training must be a bool, got 1"),
        (X, {"eps": "0"}, TypeError, "eps must be a real number, got '0'"),
        (X[:1], {}, ValueError, "x must be of at least 2 values per channel when training, got 1 (x (1, 2))"),
        (X[:0], {}, ValueError, "x must be of at least 2 values per channel when training, got 0 (x (0, 2))"),
    ],
)
def test_bad_input_is_refused(x: Any, changed: dict[str, Any], error: type[Exception], message: str) -> None:
    plain = {"gamma": ONE, "running_mean": ZERO, "running_var": ONE, "training": True, "eps": 1e-5}
    gamma, mean, var, training, eps = (plain | changed).values()
    calls: dict[str, tuple[Any, ...]] = {
        "batch_norm": (x, gamma, ZERO, mean, var),
        "batch_norm_backward": (x, x, gamma, mean, var),
    }
    for name, arrays in calls.items():
        with pytest.raises(error) as refusal:
            getattr(refcnn, name)(*arrays, training=training, eps=eps)
        assert str(refusal.value) == f"{name}: {message}"


def test_a_wrong_beta_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^batch_norm: beta must be of shape \(2,\), got shape \(1,\) "):
        batch_norm(X, ONE, np.ones(1), ZERO, ONE, training=True)
