"""The checks against the oracle find a wrong number, a lost bit, a wrong shape and a wrong element type."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.calling import backward, forward
from conformance.case import Case
from conformance.checks import values
from conformance.comparison import Finding, InconclusiveError
from conformance.implementation import Implementation, from_namespace, load

REFERENCE = load("refcnn")
ONES = Case("relu", {"x": (2,)}, data="ones")
NEGATIVE = Case("relu", {"x": (2,)}, data="negative")
# Its right values are 9 and 17.
LINEAR = Case("linear", {"x": (2, 3), "weight": (1, 3)}, data="integers")
VECTORS = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (3,))
BATCH_NORM = Case("batch_norm", {"x": (4, 3), **VECTORS}, {"training": True})


def broken(**functions: Any) -> Implementation:
    return from_namespace("broken", SimpleNamespace(**functions))


def message(finding: Finding) -> str:
    assert finding.violation is not None
    return finding.violation.message


def test_values_finds_a_wrong_number() -> None:
    finding = values.values(forward)(broken(relu=lambda x: 2 * x), ONES)
    assert message(finding) == "y[0] is 2.0, want 1.0; 2 of 2 differ, worst error 1.0 where 0.0 is allowed"


def test_values_passes_the_reference_and_says_how_near_it_came() -> None:
    finding = values.values(backward)(REFERENCE, LINEAR.but(data="uniform", dtype="float32"))
    assert finding.violation is None
    assert 0 < finding.worst <= 1


def test_values_is_inconclusive_where_every_right_value_is_zero() -> None:
    with pytest.raises(InconclusiveError, match=r"^every right value is zero$"):
        values.values(forward)(REFERENCE, NEGATIVE)


@pytest.mark.parametrize(("position", "is_found"), [(0, False), (1, True), (2, False)])
def test_values_looks_at_the_chosen_results_alone(position: int, is_found: bool) -> None:
    def batch_norm(*arrays: Any, **attributes: Any) -> Any:
        y, mean, variance = refcnn.batch_norm(*arrays, **attributes)
        return y, mean + 1, variance

    finding = values.values(forward, position)(broken(batch_norm=batch_norm), BATCH_NORM)
    assert (finding.violation is not None) is is_found


def test_exact_finds_one_lost_bit() -> None:
    implementation = broken(linear=lambda x, weight: np.nextafter(refcnn.linear(x, weight), np.inf))
    finding = values.exact(forward)(implementation, LINEAR)
    assert message(finding) == (
        "y[0, 0] is 9.000000000000002, want 9.0; 2 of 2 differ, worst error 1.8e-15 where 0.0 is allowed"
    )


def test_exact_passes_the_reference() -> None:
    assert values.exact(backward)(REFERENCE, LINEAR) == Finding()


def test_exact_is_inconclusive_where_a_right_value_has_more_bits() -> None:
    with pytest.raises(InconclusiveError, match=r"^a right value is not exact$"):
        values.exact(forward)(REFERENCE, LINEAR.but(data="uniform"))


def test_exact_is_inconclusive_where_every_right_value_is_zero() -> None:
    with pytest.raises(InconclusiveError, match=r"^every right value is zero$"):
        values.exact(forward)(REFERENCE, NEGATIVE)


def test_shape_finds_an_axis_too_many() -> None:
    finding = values.shape(forward)(broken(relu=lambda x: x[np.newaxis]), ONES)
    assert message(finding) == "y has shape (1, 2), want (2,)"


def test_shape_looks_at_no_number() -> None:
    assert values.shape(forward)(broken(relu=np.zeros_like), ONES) == Finding()


@pytest.mark.parametrize(("dtype", "other"), [("float32", "float64"), ("float64", "float32")])
def test_dtype_finds_the_other_element_type(dtype: str, other: str) -> None:
    finding = values.dtype(forward)(broken(relu=lambda x: x.astype(other)), ONES.but(dtype=dtype))
    assert message(finding) == f"y is {other}, want {dtype} as the inputs are"


def test_dtype_takes_either_byte_order() -> None:
    assert values.dtype(forward)(broken(relu=lambda x: x.astype(x.dtype.newbyteorder())), ONES) == Finding()


def test_empty_batch_finds_a_gradient_of_a_parameter_that_is_not_zero() -> None:
    def linear_backward(_: Any, x: Any, weight: Any) -> Any:
        return np.zeros_like(x), np.ones_like(weight), np.zeros(1)

    finding = values.empty_batch(backward)(broken(linear_backward=linear_backward), LINEAR.with_shapes(x=(0, 3)))
    assert message(finding).startswith("grad_weight[0, 0] is 1.0, want 0.0; 3 of 3 differ")


def test_empty_batch_passes_the_reference() -> None:
    assert values.empty_batch(backward)(REFERENCE, LINEAR.with_shapes(x=(0, 3))) == Finding()


SPREAD = Case("relu", {"x": (4,)}, data="nan")


def test_spreads_passes_the_reference() -> None:
    assert values.spreads(REFERENCE, SPREAD) == Finding()


def test_spreads_finds_a_nan_that_is_lost() -> None:
    found = message(values.spreads(broken(relu=lambda x: np.nan_to_num(x)), SPREAD))
    assert found.endswith("is 0.0, but depends on a NaN or an infinity; 1 of 1 are finite")


def test_spreads_asks_nothing_where_the_answer_is_finite() -> None:
    assert values.spreads(broken(relu=lambda x: np.full_like(x, np.nan)), SPREAD) == Finding()


def test_spreads_finds_a_wrong_shape() -> None:
    assert message(values.spreads(broken(relu=lambda x: x[:1]), SPREAD)) == "the result has shape (1,), want (4,)"


def test_spreads_is_inconclusive_without_a_nan() -> None:
    with pytest.raises(InconclusiveError, match=r"^no NaN meets a window$"):
        values.spreads(REFERENCE, ONES)
