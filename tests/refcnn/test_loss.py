"""Cross-entropy: labels and weights, ordinary logits and extreme ones."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import refcnn
from refcnn import cross_entropy, cross_entropy_backward

LOGITS = np.log([[1.0, 2.0, 5.0], [4.0, 3.0, 1.0]])


def test_the_loss_is_the_mean_over_the_batch() -> None:
    want = -(np.log(2 / 8) + np.log(4 / 8)) / 2
    # A dozen roundings of numbers near 1.
    assert_allclose(cross_entropy(LOGITS, np.array([1, 0])), want, rtol=1e-14)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
def test_labels_are_one_hot_weights(dtype: str) -> None:
    labels, one_hot = np.array([2, 0], dtype), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    assert cross_entropy(LOGITS, labels) == cross_entropy(LOGITS, one_hot)
    assert_array_equal(cross_entropy_backward(LOGITS, labels), cross_entropy_backward(LOGITS, one_hot))


def test_weights_need_not_sum_to_one() -> None:
    weights = np.array([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    want = -(2 * np.log(1 / 8) + np.log(5 / 8)) / 2
    assert_allclose(cross_entropy(LOGITS, weights), want, rtol=1e-14)
    grad = np.array([[(3 * 1 / 8 - 2) / 2, 3 * 2 / 8 / 2, (3 * 5 / 8 - 1) / 2], [0.0, 0.0, 0.0]])
    assert_allclose(cross_entropy_backward(LOGITS, weights), grad, rtol=1e-14)


@pytest.mark.parametrize("target", [np.array([2, 0]), np.array([[0.5, 0.25, 0.5], [1.0, 0.0, 2.0]])])
def test_backward_is_the_derivative(target: Any) -> None:
    h, want = 1e-5, np.empty_like(LOGITS)
    for cell in np.ndindex(LOGITS.shape):
        up, down = LOGITS.copy(), LOGITS.copy()
        up[cell] += h
        down[cell] -= h
        want[cell] = (cross_entropy(up, target) - cross_entropy(down, target)) / (2 * h)
    # Central differences: h² times a third derivative below 1, and rounding 1e-15 / h.
    assert_allclose(cross_entropy_backward(LOGITS, target), want, atol=1e-9)


@pytest.mark.parametrize(("dtype", "large"), [("float32", 3e38), ("float64", 1.5e308), ("float16", 3e4)])
def test_large_logits_are_exact(dtype: str, large: float) -> None:
    half = np.array(large / 2, dtype)
    logits = np.array([[half, -half], [half, -half]])
    # The loss of either row is twice the half, and so is the mean, though the sum would overflow.
    assert cross_entropy(logits, np.array([1, 1])) == 2 * half
    assert cross_entropy(logits, np.array([0, 0])) == 0
    assert_array_equal(cross_entropy_backward(logits, np.array([1, 0])), [[0.5, -0.5], [0, 0]])


@pytest.mark.parametrize("logits", [[-np.inf, 0.0], [-1.7e308, 1.7e308]])
def test_a_weight_of_zero_asks_for_nothing(logits: list[float]) -> None:
    assert cross_entropy(np.array([logits]), np.array([[0.0, 1.0]])) == 0
    assert cross_entropy(np.array([logits]), np.array([1])) == 0
    assert cross_entropy(np.array([logits]), np.array([0])) == np.inf


def test_nan_stays_nan() -> None:
    logits = np.array([[np.nan, 0.0], [0.0, 0.0]])
    assert np.isnan(cross_entropy(logits, np.array([1, 0])))
    assert np.isnan(cross_entropy(logits, np.zeros((2, 2))))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_loss_is_a_scalar_of_the_dtype_of_the_logits(dtype: str) -> None:
    loss = cross_entropy(LOGITS.astype(dtype), np.array([1, 0]))
    assert (np.shape(loss), type(loss)) == ((), np.dtype(dtype).type)


@pytest.mark.parametrize(
    ("logits", "target", "error", "message"),
    [
        (
            LOGITS,
            np.array([0, 3]),
            ValueError,
            "target must be labels from 0 to 2, got 3 (logits (2, 3))",
        ),
        (LOGITS, np.array([-1, 0]), ValueError, "target must be labels from 0 to 2, got -1 (logits (2, 3))"),
        (
            LOGITS,
            np.array([0, 2**64 - 1], np.uint64),
            ValueError,
            "target must be labels from 0 to 2, got 18446744073709551615 (logits (2, 3))",
        ),
        (
            LOGITS,
            np.array([0, 1, 2]),
            ValueError,
            "target must be labels of shape (2,) or floating weights of shape (2, 3), "
            "got labels of shape (3,) (logits (2, 3))",
        ),
        (
            LOGITS,
            np.ones((2, 3), int),
            ValueError,
            "target must be labels of shape (2,) or floating weights of shape (2, 3), "
            "got labels of shape (2, 3) (logits (2, 3))",
        ),
        (LOGITS, np.ones(2), ValueError, "target must be of shape (2, 3), got shape (2,) (logits (2, 3))"),
        (LOGITS[0], np.array([0]), ValueError, "logits must be (N, K), got shape (3,)"),
        (LOGITS[0], LOGITS[0], ValueError, "logits must be (N, K), got shape (3,)"),
        (LOGITS[:0], np.array([], int), ValueError, "logits must be a batch of at least 1, got shape (0, 3)"),
        (LOGITS[:0], LOGITS[:0], ValueError, "logits must be a batch of at least 1, got shape (0, 3)"),
        (
            LOGITS,
            np.array([True, False]),
            TypeError,
            "target must be a float16, float32 or float64 array, got bool",
        ),
    ],
)
def test_bad_input_is_refused(logits: Any, target: Any, error: type[Exception], message: str) -> None:
    for name in ("cross_entropy", "cross_entropy_backward"):
        with pytest.raises(error) as refusal:
            getattr(refcnn, name)(logits, target)
        assert str(refusal.value) == f"{name}: {message}"
