"""The fully connected layer."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import refcnn
from refcnn import linear, linear_backward


def test_rows_of_the_weight_are_outputs() -> None:
    x, weight = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[1.0, 10.0, 100.0], [0.0, 0.0, -1.0]])
    assert_array_equal(linear(x, weight), [[321, -3], [654, -6]])
    assert_array_equal(linear(x, weight, np.array([0.5, 0.25])), [[321.5, -2.75], [654.5, -5.75]])


def test_gradients_by_hand() -> None:
    x, weight = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[1.0, 10.0, 100.0], [0.0, 0.0, -1.0]])
    grad_x, grad_weight, grad_bias = linear_backward(np.array([[1.0, 2.0], [3.0, 0.0]]), x, weight)
    assert_array_equal(grad_x, [[1, 10, 98], [3, 30, 300]])
    assert_array_equal(grad_weight, [[13, 17, 21], [2, 4, 6]])
    assert_array_equal(grad_bias, [4, 2])


def test_no_features_leave_the_bias() -> None:
    assert_array_equal(linear(np.ones((2, 0)), np.ones((1, 0)), np.array([3.0])), [[3], [3]])


X, WEIGHT = np.ones((2, 3)), np.ones((4, 3))


@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("linear", (X[0], WEIGHT), "x must be (N, D_in), got shape (3,)"),
        ("linear", (X, WEIGHT[0]), "weight must be (D_out, D_in), got shape (3,)"),
        (
            "linear",
            (X, WEIGHT.T),
            "weight must be of D_in = 3 columns, got 4 columns (x (2, 3), weight (3, 4))",
        ),
        ("linear", (X, WEIGHT, X[0]), "bias must be of shape (4,), got shape (3,) (weight (4, 3))"),
        ("linear", (X, WEIGHT, np.array(1.0)), "bias must be of shape (4,), got shape () (weight (4, 3))"),
        (
            "linear_backward",
            (X, X, WEIGHT),
            "grad_output must be of shape (2, 4), got shape (2, 3) (x (2, 3), weight (4, 3))",
        ),
    ],
)
def test_bad_input_is_refused(name: str, arrays: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match="must be") as refusal:
        getattr(refcnn, name)(*arrays)
    assert str(refusal.value) == f"{name}: {message}"
