"""Activations at ordinary values and at the limits."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from refcnn import relu, relu_backward, sigmoid, sigmoid_backward, tanh, tanh_backward

Array = NDArray[np.floating[Any]]
NAN, INF = np.nan, np.inf
dtyped = pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])


def test_relu_cuts_off_what_is_negative() -> None:
    assert_array_equal(relu(np.array([-INF, -1.5, 0.0, 2.5, INF, NAN])), [0, 0, 0, 2.5, INF, NAN])


def test_the_derivative_of_relu_at_zero_is_zero() -> None:
    grad_x = relu_backward(np.array([NAN, 2.0, 3.0, 4.0]), np.array([-1.0, 0.0, -0.0, 1.0]))
    assert_array_equal(grad_x, [0, 0, 0, 4])


@pytest.mark.parametrize("x", [-700.0, -20.0, -1.0, -1e-9, 0.0, 0.5, 30.0, 700.0])
def test_sigmoid_and_tanh_agree_with_the_standard_library(x: float) -> None:
    # A handful of roundings and NumPy's own exp and tanh, each good to a few units.
    assert_allclose(sigmoid(np.array(x)), 1 / (1 + math.exp(-x)), rtol=1e-15)
    assert_allclose(tanh(np.array(x)), math.tanh(x), rtol=1e-15)


@pytest.mark.parametrize("x", [-300.0, -20.0, -1.0, 0.0, 0.5, 30.0, 300.0])
def test_slopes_keep_their_digits_where_the_curve_is_flat(x: float) -> None:
    one = np.array(1.0)
    assert_allclose(sigmoid_backward(one, np.array(x)), 1 / (2 + math.exp(x) + math.exp(-x)), rtol=1e-14)
    assert_allclose(tanh_backward(one, np.array(x)), 1 / math.cosh(x) ** 2, rtol=1e-13)


def test_sigmoid_does_not_vanish_where_exp_would_overflow() -> None:
    # Subnormal results: half a unit of 2⁻¹⁰⁷⁴ is all that can be asked.
    assert_allclose(sigmoid(np.array(-740.0)), math.exp(-740), atol=2.0**-1074)
    assert sigmoid(np.array(-740.0)) > 0


@dtyped
def test_the_largest_numbers_saturate(dtype: type[np.floating[Any]]) -> None:
    limits = np.array([-np.finfo(dtype).max, np.finfo(dtype).max], dtype)
    assert_array_equal(sigmoid(limits), [0, 1])
    assert_array_equal(tanh(limits), [-1, 1])
    assert_array_equal(sigmoid_backward(np.ones_like(limits), limits), [0, 0])
    assert_array_equal(tanh_backward(np.ones_like(limits), limits), [0, 0])


@pytest.mark.parametrize("function", [relu, sigmoid, tanh])
def test_nan_stays_nan(function: Callable[[Array], Array]) -> None:
    assert_array_equal(np.isnan(function(np.array([NAN, 1.0]))), [True, False])


@pytest.mark.parametrize("function", [sigmoid_backward, tanh_backward])
def test_nan_has_a_slope_of_nan(function: Callable[[Array, Array], Array]) -> None:
    assert_array_equal(np.isnan(function(np.ones(2), np.array([NAN, 1.0]))), [True, False])


@pytest.mark.parametrize("shape", [(), (0,), (2, 3, 1)])
@pytest.mark.parametrize("function", [relu, sigmoid, tanh])
def test_any_shape_will_do(function: Callable[[Array], Array], shape: tuple[int, ...]) -> None:
    y = function(np.zeros(shape, np.float32))
    assert y.shape == shape
    assert y.dtype == np.float32


@pytest.mark.parametrize("function", [relu_backward, sigmoid_backward, tanh_backward])
def test_a_grad_output_that_would_broadcast_is_refused(function: Callable[[Array, Array], Array]) -> None:
    with pytest.raises(ValueError, match="must be") as refusal:
        function(np.ones((1, 3)), np.ones((2, 3)))
    assert str(refusal.value) == f"{function.__name__}: grad_output must be of shape (2, 3), got shape (1, 3)"
