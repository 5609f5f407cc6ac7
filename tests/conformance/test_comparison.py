"""The comparer tells right from wrong, says how far off, and words it exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.comparison import PASSED, Finding, Violation, compare, first_violation, is_whole, violated
from conformance.oracle import Answer

Array = NDArray[Any]
NAN, INF = float("nan"), float("inf")


def finding(got: Any, want: Any, allowed: Any = 0.0, dtype: str = "float64") -> Finding:
    value = np.asarray(want, dtype=np.float64)
    answer = Answer(value, np.broadcast_to(np.asarray(allowed, dtype=np.float64), value.shape))
    return compare("y", np.asarray(got, dtype=dtype), answer)


def message(found: Finding) -> str:
    assert found.violation is not None
    return found.violation.message


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (1.0, 1.0),
        (NAN, NAN),
        (INF, INF),
        (-INF, -INF),
        (-0.0, 0.0),
        (0.0, -0.0),
        ([1.0, NAN], [1.0, NAN]),
        (np.zeros((0, 3)), np.zeros((0, 3))),
    ],
)
def test_equal_results_pass_with_no_error(got: Any, want: Any) -> None:
    assert finding(got, want) == PASSED


@pytest.mark.parametrize(
    ("got", "want"), [(NAN, 1.0), (1.0, NAN), (INF, 1.0), (1.0, INF), (-INF, INF), (INF, NAN), (NAN, INF)]
)
@pytest.mark.parametrize("allowed", [0.0, 1e300, INF, NAN])
def test_a_nan_or_an_infinity_in_the_wrong_place_is_infinitely_wrong(got: float, want: float, allowed: float) -> None:
    found = finding(got, want, allowed)
    assert found.violation is not None
    assert found.worst == INF


@pytest.mark.parametrize("allowed", [0.0, INF, NAN])
def test_a_bound_of_zero_infinity_or_nan_allows_nothing_but_equality(allowed: float) -> None:
    assert finding([2.0, 3.0], [2.0, 3.0], allowed) == PASSED
    assert finding([2.0, 3.0], [2.0, np.nextafter(3.0, 4.0)], allowed).worst == INF


@pytest.mark.parametrize(("error", "passes"), [(0.5, True), (-0.5, True), (0.5625, False), (-0.5625, False)])
def test_an_error_passes_up_to_the_bound_and_no_further(error: float, passes: bool) -> None:
    found = finding([8.0, 8.0 + error], [8.0, 8.0], 0.5)
    assert (found.violation is None) == passes
    assert found.worst == abs(error) / 0.5


def test_the_worst_error_is_measured_against_its_own_bound() -> None:
    assert finding([1.25, 101.0], [1.0, 100.0], [0.5, 10.0]).worst == 0.5


@pytest.mark.parametrize(("dtype", "tiny"), [("float32", 2.0**-126), ("float64", 2.0**-1022)])
def test_a_subnormal_number_may_be_flushed_to_zero_and_a_normal_one_may_not(dtype: str, tiny: float) -> None:
    assert finding(0.0, tiny / 2, dtype=dtype) == PASSED
    assert finding(-0.0, -tiny / 2, dtype=dtype) == PASSED
    assert finding(0.0, tiny, dtype=dtype).worst == INF
    assert finding(tiny / 4, tiny / 2, dtype=dtype).worst == INF


def test_whole_numbers_are_compared_as_they_are_and_nothing_is_flushed() -> None:
    assert finding([1, 2], [1.0, 2.0], dtype="int64") == PASSED
    assert finding([0], [1e-320], dtype="int64").worst == INF


def test_a_wrong_shape_is_told_before_anything_is_compared() -> None:
    found = finding(np.ones((2, 3)), np.ones((3, 2)), INF)
    assert message(found) == "y has shape (2, 3), want (3, 2)"
    assert found.worst == INF


def test_a_shape_that_would_broadcast_is_wrong_too() -> None:
    assert message(finding(np.ones(()), np.ones((1,)))) == "y has shape (), want (1,)"


@pytest.mark.parametrize(
    ("got", "want", "allowed", "text"),
    [
        (
            [[4.0, 1.0], [7.0, 2.0]],
            [[6.0, 1.0], [1.0, 2.0]],
            0.5,
            "y[0, 0] is 4.0, want 6.0; 2 of 4 differ, worst error 6.0 where 0.5 is allowed",
        ),
        (1.5, 1.0, 0.25, "y is 1.5, want 1.0; 1 of 1 differ, worst error 0.5 where 0.25 is allowed"),
        ([0.0], [30.0], 0.0, "y[0] is 0.0, want 30.0; 1 of 1 differ, worst error 30.0 where 0.0 is allowed"),
        ([NAN], [1.0], 1e-7, "y[0] is nan, want 1.0; 1 of 1 differ, worst error inf where 1e-07 is allowed"),
        (
            [1.0, 1.0],
            [1.0, 1.0 + 3e-6],
            1.5e-6,
            "y[1] is 1.0, want 1.000003; 1 of 2 differ, worst error 3e-06 where 1.5e-06 is allowed",
        ),
        ([2.0], [1.0], NAN, "y[0] is 2.0, want 1.0; 1 of 1 differ, worst error 1.0 where nan is allowed"),
    ],
)
def test_a_violation_says_where_what_and_how_much(got: Any, want: Any, allowed: Any, text: str) -> None:
    assert message(finding(got, want, allowed)) == text


def test_what_is_off_by_just_what_is_allowed_is_not_among_the_wrong() -> None:
    found = finding([1.5, 4.0, 0.5], [1.0, 1.0, 1.0], 0.5)
    assert message(found).startswith("y[1] is 4.0, want 1.0; 1 of 3 differ, ")
    assert found.violation is not None
    assert found.violation.wrong is not None
    assert found.violation.wrong.tolist() == [False, True, False]


def test_a_violation_holds_both_results_whole() -> None:
    got, want = np.array([1.0, 2.0]), np.array([1.0, 3.0])
    violation = compare("y", got, Answer(want, np.zeros(2))).violation
    assert violation is not None
    assert violation.got is got
    assert violation.want is want


def test_neither_side_is_changed_by_the_comparison() -> None:
    got, want, allowed = np.array([NAN, 0.0, 2.0]), np.array([1.0, 1e-310, 3.0]), np.array([0.0, NAN, INF])
    before = [array.copy() for array in (got, want, allowed)]
    compare("y", got, Answer(want, allowed))
    for array, copy in zip((got, want, allowed), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_wrong_shape_keeps_both_results_too() -> None:
    violation = finding([1.0, 2.0], [[3.0]]).violation
    assert violation is not None
    np.testing.assert_array_equal(violation.got, [1.0, 2.0])
    np.testing.assert_array_equal(violation.want, [[3.0]])


@pytest.mark.parametrize(
    ("number", "whole"), [(3.0, True), (1 / 64, True), (-5 / 64, True), (1 / 128, False), (0.1, False)]
)
def test_whole_are_the_multiples_of_a_64th(number: float, whole: bool) -> None:
    assert is_whole(np.array([1.0, number])) is whole
    assert is_whole(np.array([number, 1.0])) is whole


def test_a_violation_without_degrees_is_infinitely_wrong() -> None:
    assert violated("no") == Finding(Violation("no"), INF)


def test_joined_findings_keep_the_first_violation_and_the_worst_error() -> None:
    first, second = Violation("first"), Violation("second")
    joined = first_violation(Finding(worst=0.5), Finding(first, 2.0), Finding(second, 7.0))
    assert joined == Finding(first, 7.0)
    assert first_violation(Finding(worst=0.25), Finding(worst=0.5)) == Finding(worst=0.5)
    assert first_violation() == PASSED
