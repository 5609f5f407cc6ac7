"""Softmax at ordinary values and at the limits."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import refcnn
from refcnn import softmax, softmax_backward


def test_weights_are_in_proportion_to_the_exponentials() -> None:
    # Three roundings and two exponentials.
    assert_allclose(softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]], rtol=1e-15)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_the_sum_along_the_axis_is_one(axis: int) -> None:
    y = softmax(np.random.default_rng(0).standard_normal((2, 3, 4)), axis=axis)
    assert y.min() > 0
    assert_allclose(y.sum(axis), 1, rtol=1e-15)


def test_a_common_shift_changes_nothing() -> None:
    x = np.array([0.0, 1.0, 3.0])
    assert_array_equal(softmax(x + 4096), softmax(x))
    assert_array_equal(softmax(x - 4096), softmax(x))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_largest_numbers_do_not_overflow(dtype: type[np.floating[Any]]) -> None:
    largest = np.finfo(dtype).max
    x = np.array([[largest, -largest], [-largest, -largest], [largest, largest]], dtype)
    assert_array_equal(softmax(x), [[1, 0], [0.5, 0.5], [0.5, 0.5]])
    assert_array_equal(softmax_backward(np.ones_like(x), x), np.zeros((3, 2)))


def test_nan_spreads_along_its_axis_only() -> None:
    y = softmax(np.array([[np.nan, 1.0], [1.0, 1.0]]))
    assert_array_equal(y, [[np.nan, np.nan], [0.5, 0.5]])


def test_minus_infinity_has_no_weight() -> None:
    assert_array_equal(softmax(np.array([-np.inf, 2.0, 2.0])), [0, 0.5, 0.5])


def test_an_axis_without_length_gives_an_empty_result() -> None:
    assert softmax(np.ones((2, 0))).shape == (2, 0)
    assert softmax_backward(np.ones((0, 2)), np.ones((0, 2)), axis=0).shape == (0, 2)


def test_the_gradient_is_blind_to_a_common_shift() -> None:
    rng = np.random.default_rng(0)
    grad_x = softmax_backward(rng.standard_normal((3, 4)), rng.standard_normal((3, 4)), axis=0)
    # Four terms below 1 cancel: a few roundings of them are left.
    assert_allclose(grad_x.sum(0), 0, atol=1e-15)


@pytest.mark.parametrize(
    ("shape", "axis", "error", "message"),
    [
        ((2, 3), 2, ValueError, "axis must be below 2, got 2 (x (2, 3))"),
        ((2, 3), -3, ValueError, "axis must be at least -2, got -3"),
        ((), -1, ValueError, "axis must be at least 0, got -1"),
        ((2, 3), 0.0, TypeError, "axis must be an int, got 0.0"),
    ],
)
def test_a_bad_axis_is_refused(shape: tuple[int, ...], axis: Any, error: type[Exception], message: str) -> None:
    for name, arrays in (("softmax", [np.ones(shape)]), ("softmax_backward", [np.ones(shape)] * 2)):
        with pytest.raises(error) as refusal:
            getattr(refcnn, name)(*arrays, axis=axis)
        assert str(refusal.value) == f"{name}: {message}"
