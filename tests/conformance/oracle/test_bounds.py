"""The bounds against their formulas, evaluated by hand or in exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from conformance.oracle import bounds
from conformance.oracle.bounds import Rounding

# A unit of 1/1024 and no smallest number, so that the arithmetic of a bound can be done by hand.
COARSE = Rounding(unit=2.0**-10, tiny=0.0)


@pytest.mark.parametrize(
    ("dtype", "unit", "tiny"), [("float32", 2.0**-24, 2.0**-126), ("float64", 2.0**-53, 2.0**-1022)]
)
def test_the_unit_is_the_element_types_and_the_oracles_own(dtype: str, unit: float, tiny: float) -> None:
    assert Rounding.of(dtype) == Rounding(unit + 2.0**-53, tiny)


@pytest.mark.parametrize("count", [0, 1, 2, 17, 500])
def test_gamma_is_n_u_over_one_less_n_u(count: int) -> None:
    nu = Fraction(count, 1024)
    # One division of two exact numbers.
    assert COARSE.gamma(count) == float(nu / (1 - nu))


def test_gamma_stays_finite_for_sums_longer_than_the_theory_covers() -> None:
    assert COARSE.gamma(2048) == 4.0


def test_a_sum_of_n_products_takes_n_plus_one_roundings() -> None:
    rounding = Rounding(unit=2.0**-10, tiny=2.0**-30)
    got = bounds.sum_of_products(rounding, 3, np.array([0.0, 8.0]))
    # γ(4) = 4 / 1020
    np.testing.assert_array_equal(got, [4 * 2.0**-30, 4 / 1020 * 8 + 4 * 2.0**-30])


def test_an_average_takes_one_rounding_more_than_its_sum() -> None:
    assert bounds.average(COARSE, 3, np.array(8.0)) == 5 / 1019 * 8


def test_the_normwise_bound_grows_with_the_logarithm_of_the_size() -> None:
    assert bounds.normwise(COARSE, 14, 3.0) == 32 / 1024 * 4 * 3
    assert bounds.normwise(COARSE, 254, 3.0) == 2 * bounds.normwise(COARSE, 14, 3.0)


def test_a_saturating_function_is_bound_by_twenty_four_units() -> None:
    np.testing.assert_array_equal(bounds.saturating(COARSE, np.array([0.0, 2.0])), [0.0, 48 / 1024])


def test_the_error_of_softmax_grows_with_the_spread_and_the_size_of_its_input() -> None:
    x, y = np.array([[3.0, 1.0]]), np.array([[0.5, 0.25]])
    # twice the distance from the maximum, twice the maximum, two terms, twice an elementary function and four
    want = [[0.5 * (0 + 6 + 2 + 16 + 4) / 1024, 0.25 * (4 + 6 + 2 + 16 + 4) / 1024]]
    np.testing.assert_array_equal(bounds.softmax(COARSE, y, x, 1), want)


def test_the_error_of_softmax_is_never_more_than_half_of_it() -> None:
    x = np.array([[1e30, -1e30]])
    np.testing.assert_array_equal(bounds.softmax(COARSE, np.array([[1.0, 0.0]]), x, 1), [[0.5, 0.0]])


def test_the_error_of_a_log_softmax_grows_with_the_spread_and_the_number_of_classes() -> None:
    got = bounds.log_softmax(COARSE, np.array([[3.0, 1.0]]))
    rest = 6 + 2 + 16 + 8 * math.log(2)
    # Two orders of adding the same five numbers.
    np.testing.assert_allclose(got, [[rest / 1024, (6 + rest) / 1024]], rtol=1e-15)


def test_the_error_of_a_power_follows_from_its_base_and_its_exponent() -> None:
    got = bounds.power(COARSE, np.array([1.0, math.e]), -0.5, 2.0)
    np.testing.assert_array_equal(got, [(5 + 8) / 1024, (5 + 1 + 8) / 1024])


def test_the_statistics_of_a_channel_with_a_large_mean_are_less_certain() -> None:
    near, far = (bounds.statistics(COARSE, 4, np.array(size), np.array(1.0), 0.0) for size in (1.0, 50.0))
    # γ(5) = 5 / 1019 of the mean size
    np.testing.assert_array_equal([near.mean, far.mean], [5 / 1019, 5 / 1019 * 50])
    drift = 5 / 1019 + 2 / 1024
    # Another order of adding three numbers.
    np.testing.assert_allclose(near.variance, 8 / 1016 + 2 * drift + drift**2, rtol=1e-15)
    np.testing.assert_allclose(near.reciprocal, near.variance / 2 + 4 / 1024, rtol=1e-15)
    assert far.variance > 30 * near.variance


def test_the_reciprocal_deviation_is_never_off_by_much_more_than_half() -> None:
    wild = bounds.statistics(COARSE, 4, np.array(1e9), np.array(1.0), 0.0)
    assert wild.reciprocal == 0.5 + 4 / 1024


def test_an_update_takes_four_units_of_each_summand() -> None:
    assert bounds.update(COARSE, np.array(-2.0), np.array(3.0)) == 4 / 1024 * 5
