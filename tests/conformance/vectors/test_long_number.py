"""Numbers of sixty digits compute as exact fractions do, and as NumPy's arrays of objects ask them to."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import Context
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from conformance.vectors.long_number import LongNumber

X, Y = 0.1, -3.7e-5
OPERATIONS: list[Callable[[Any, Any], Any]] = [operator.add, operator.sub, operator.mul, operator.truediv]


def nearest(exact: Fraction) -> float:
    """Round once, by the correctly rounded division of Python's integers."""
    return exact.numerator / exact.denominator


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("left", "right"), [(X, Y), (Y, X), (2.0, 3.0), (1e200, 1e-100)])
def test_operators_round_once_with_a_float_on_either_side(
    operation: Callable[[Any, Any], Any], left: float, right: float
) -> None:
    wanted = nearest(operation(Fraction(left), Fraction(right)))
    assert float(operation(LongNumber(left), LongNumber(right))) == wanted
    assert float(operation(LongNumber(left), right)) == wanted
    assert float(operation(left, LongNumber(right))) == wanted


@pytest.mark.parametrize("operation", OPERATIONS)
def test_arrays_of_floats_may_stand_on_either_side(operation: Callable[[Any, Any], Any]) -> None:
    floats = np.array([X, 2.0])
    long = np.array([LongNumber(X), LongNumber(2.0)], dtype=object)
    for got in (operation(LongNumber(Y), floats), operation(np.array(Y), long)):
        assert [float(each) for each in got] == [nearest(operation(Fraction(Y), Fraction(x))) for x in (X, 2.0)]


def test_powers_signs_and_comparisons() -> None:
    third = LongNumber(1.0) / 3.0
    assert float(third**2) == nearest(Fraction(1, 9))
    assert float(-third) == -1 / 3
    assert float(abs(-third)) == 1 / 3
    assert third < 0.5 <= LongNumber(0.5) < 1.0
    assert third > 0.25 >= LongNumber(0.25) >= 0.25
    assert LongNumber(2.0) == 2
    assert hash(LongNumber(2.0)) == hash(2)
    assert int(LongNumber(2.9)) == 2


@pytest.mark.parametrize("name", ["exp", "log", "sqrt"])
@pytest.mark.parametrize("x", [0.3, 7.25, 1e-12])
def test_functions_agree_with_twice_as_many_digits(name: str, x: float) -> None:
    method = {"exp": "exp", "log": "ln", "sqrt": "sqrt"}[name]
    wanted = float(getattr(Context(prec=120), method)(LongNumber(x).value))
    ufunc = getattr(np, name)
    assert float(ufunc(np.array([LongNumber(x)], dtype=object))[0]) == wanted


@pytest.mark.parametrize("x", [1.5, -0.7, 1e-19, -1e-21, 1e-100, 5e-324, 0.0])
def test_expm1_is_right_near_zero_too(x: float) -> None:
    # 800 digits hold e**x - 1 for the smallest of these as well.
    wide = Context(prec=800)
    assert float(LongNumber(x).expm1()) == float(wide.subtract(wide.exp(LongNumber(x).value), 1))


def test_what_has_no_value_becomes_nan_and_what_is_too_large_infinite() -> None:
    assert math.isnan(float(LongNumber(math.inf) - math.inf))
    assert math.isnan(float(LongNumber(0.0) / 0.0))
    assert float(LongNumber(1e308) * 10.0) == math.inf
    assert not LongNumber(math.nan) < 1.0
