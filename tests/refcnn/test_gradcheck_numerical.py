"""Numerical gradients against derivatives that are known, and their errors against what they are off by."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from refcnn.gradcheck import numerical_gradient

Array = NDArray[np.float64]
untyped: Any = numerical_gradient  # wrong types are passed on purpose


def of_a_number(f: Callable[[float], float], x: float, **how: Any) -> tuple[float, float]:
    gradient, error = numerical_gradient(lambda array: f(float(array)), np.array(x), **how)
    return float(gradient), float(error)


@pytest.mark.parametrize(
    ("f", "x", "want"),
    [
        (math.exp, 1.0, math.exp(1)),
        (math.sin, 30.0, math.cos(30)),
        (math.log, 0.01, 100.0),
        (math.sqrt, 1e6, 5e-4),
        (lambda x: x**7, 3.0, 7 * 3.0**6),
        (lambda x: 1e6 + x, 1.0, 1.0),
        (lambda x: x / 7, 1e9, 1 / 7),
        (math.tanh, 0.0, 1.0),
        (lambda x: 1 / x, -0.3, -1 / 0.09),
        (lambda x: math.sin(1000 * x), 0.2, 1000 * math.cos(200)),
    ],
)
def test_no_derivative_is_off_by_more_than_its_error(f: Callable[[float], float], x: float, want: float) -> None:
    slope, error = of_a_number(f, x)
    assert abs(slope - want) <= error


@pytest.mark.parametrize(("f", "x"), [(math.exp, 1.0), (math.sin, 30.0), (math.tanh, 0.2), (lambda x: x**7, 3.0)])
def test_smooth_functions_get_more_than_nine_digits(f: Callable[[float], float], x: float) -> None:
    slope, error = of_a_number(f, x)
    assert 0 < error < 1e-9 * abs(slope)


def test_each_cell_has_its_own_derivative() -> None:
    x = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -0.25]])
    weight = np.array([[1.0, 10.0, 100.0], [-1.0, -10.0, -100.0]])
    gradient, error = numerical_gradient(lambda x: float((weight * x**2).sum()), x)
    assert (np.abs(gradient - 2 * weight * x) <= error).all()
    assert error.max() < 1e-7


def test_an_array_in_any_memory_order_is_done_cell_by_cell() -> None:
    x = np.arange(6.0).reshape(2, 3).T
    gradient, _ = numerical_gradient(lambda x: float(10 * x[2, 0] + x[0, 1]), x)
    assert_array_equal(gradient.round(9), [[0, 1], [0, 0], [10, 0]])


def test_the_array_is_not_modified_even_by_a_function_that_writes_into_what_it_gets() -> None:
    x = np.array([1.0, 2.0])

    def square_in_place(x: Array) -> float:
        np.square(x, out=x)
        return float(x.sum())

    gradient, _ = numerical_gradient(square_in_place, x)
    assert_array_equal(x, [1, 2])
    assert_array_equal(gradient.round(9), [2, 4])


def test_only_the_cells_asked_for_are_done() -> None:
    points: list[Array] = []

    def f(x: Array) -> float:
        points.append(x - 1)
        return float(x.sum())

    gradient, error = numerical_gradient(f, np.ones((2, 2)), cells=[2])
    assert_array_equal(gradient.round(9), [[0, 0], [1, 0]])
    assert_array_equal(error > 0, [[False, False], [True, False]])
    assert {tuple(np.flatnonzero(point)) for point in points} == {(), (2,)}


def test_an_array_without_cells_has_a_gradient_without_cells() -> None:
    gradient, error = numerical_gradient(lambda x: float(x.sum()), np.zeros((0, 3)))
    assert gradient.shape == error.shape == (0, 3)


@pytest.mark.parametrize(("f", "steps"), [(lambda x: 3 * x, 2), (lambda x: 5.0 + 0 * x, 2), (math.exp, 3)])
def test_linear_functions_take_two_steps_and_smooth_ones_three(f: Callable[[float], float], steps: int) -> None:
    points: list[float] = []

    def counted(x: float) -> float:
        points.append(x)
        return f(x)

    of_a_number(counted, 1.0)
    assert len(points) == 1 + 2 * steps


def test_two_extrapolations_leave_nothing_of_a_polynomial_of_degree_five() -> None:
    points: list[float] = []

    def f(x: float) -> float:
        points.append(x)
        return x**5

    slope, _ = of_a_number(f, 1.0, step=1.0)
    assert slope == pytest.approx(5, rel=1e-14)
    assert len(points) == 1 + 2 * 4  # three steps for two extrapolations, and the one that finds them to agree


def test_the_slope_at_a_kink_lies_midway_and_its_error_reaches_both_sides() -> None:
    assert of_a_number(lambda x: max(x, 0.0), 0.0) == pytest.approx((0.5, 0.5))
    assert of_a_number(abs, 0.0) == pytest.approx((0.0, 1.0))
    assert of_a_number(lambda x: max(math.exp(x), 3 - 2 * math.exp(-x)), 0.0) == pytest.approx((1.5, 0.5), rel=1e-3)


@pytest.mark.parametrize("distance", [1e-2, 3e-4, 1e-4, 2e-5, 3e-6])
def test_steps_get_small_enough_to_stay_on_one_side_of_a_kink_nearby(distance: float) -> None:
    for x, want in ((distance, 1.0), (-distance, 0.0)):
        slope, error = of_a_number(lambda x: max(x, 0.0), x)
        assert abs(slope - want) <= error < 1e-8


def test_a_jump_has_no_slope_that_could_be_trusted() -> None:
    _, error = of_a_number(lambda x: float(x > 0), 0.0)
    assert error > 100


@pytest.mark.parametrize("f", [lambda x: x + math.inf, lambda x: x + math.nan, lambda x: math.inf if x > 2 else x])
def test_what_is_not_finite_has_no_slope(f: Callable[[float], float]) -> None:
    slope, error = of_a_number(f, 2.0)
    assert math.isnan(slope)
    assert error == math.inf


def test_a_known_rounding_of_the_function_is_in_the_error() -> None:
    _, little = of_a_number(math.exp, 1.0)
    _, much = of_a_number(math.exp, 1.0, rounding=1e-8)
    assert little < 1e-9
    assert 1e-8 / 2**-10 <= much < 1e-4


def test_the_first_step_can_be_chosen_and_grows_with_a_large_cell() -> None:
    points: list[float] = []

    def f(x: Array) -> float:
        points.append(float(x[0]))
        return float(x[0])

    numerical_gradient(f, np.array([0.0]), step=0.25)
    numerical_gradient(f, np.array([16.0]), step=0.25)
    assert points == [0, 0.25, -0.25, 0.125, -0.125, 16, 20, 12, 18, 14]


def test_float32_is_refused_since_its_differences_prove_nothing() -> None:
    message = r"numerical_gradient: x must be float64, by \.astype\(np\.float64\), got float32"
    with pytest.raises(TypeError, match=message):
        untyped(np.sum, np.zeros(2, np.float32))


@pytest.mark.parametrize("step", [0.0, -1.0, math.nan])
def test_a_step_must_be_above_zero(step: float) -> None:
    with pytest.raises(ValueError, match="numerical_gradient: step must be above 0, got"):
        numerical_gradient(np.sum, np.zeros(2), step=step)
