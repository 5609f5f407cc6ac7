"""What is shown of a failure is made again, and whatever a target does then, the report goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.comparison import Failure, Violation
from conformance.covering import Coverage
from conformance.implementation import CallError, Implementation, from_namespace
from conformance.outcome import OperatorResult, RequirementResult
from conformance.report import Report
from conformance.reports.evidence import Evidence, Pair, gather
from conformance.reports.html import as_html
from conformance.requirements import REQUIREMENTS

X = Case("relu", {"x": (2, 3)})
NAN, INF = np.nan, np.inf


def implementation(**functions: Any) -> Implementation:
    return from_namespace("mine", SimpleNamespace(**functions))


def broken(mine: Implementation, requirement_id: str, case: Case) -> Evidence:
    """Judge a case, which must fail, and gather what is shown of it."""
    requirement = next(each for each in REQUIREMENTS if each.id == requirement_id)
    violation = requirement.judge(mine, case).violation
    assert violation is not None
    return gather(mine, requirement_id, Failure(case, violation))


def test_inputs_results_and_wanted_are_those_of_the_case() -> None:
    evidence = broken(implementation(relu=lambda x: np.maximum(x, 0) + 1), "relu.values", X)
    assert list(evidence.inputs) == ["x"]
    assert evidence.pair is not None
    assert evidence.pair.name == "y"
    np.testing.assert_array_equal(evidence.pair.got, np.maximum(evidence.inputs["x"], 0) + 1)
    np.testing.assert_array_equal(evidence.pair.want, np.maximum(evidence.inputs["x"], 0))
    np.testing.assert_array_equal(evidence.pair.difference, np.ones((2, 3)))
    assert evidence.pair.first == (0, 0)
    assert evidence.notes == []


def test_inputs_are_shown_as_they_were_before_the_call() -> None:
    def in_place(x: Any) -> Any:
        before = x.copy()
        if x.flags.writeable:
            x[...] = 7
        return np.maximum(before, 0)

    evidence = broken(implementation(relu=in_place), "relu.inputs_unchanged", X)
    assert not (evidence.inputs["x"] == 7).any()
    assert evidence.pair is not None
    assert evidence.pair.name == "x"
    np.testing.assert_array_equal(evidence.pair.got, np.full((2, 3), 7.0))
    np.testing.assert_array_equal(evidence.pair.want, evidence.inputs["x"])


def test_a_backward_function_is_shown_with_its_own_arrays_and_the_wrong_gradient() -> None:
    def backward(grad_output: Any, x: Any, weight: Any) -> Any:
        grad_x, grad_weight, grad_bias = refcnn.linear_backward(grad_output, x, weight)
        return grad_x, grad_weight, 2 * grad_bias

    case = Case("linear", {"x": (2, 3), "weight": (4, 3), "bias": (4,)})
    evidence = broken(implementation(linear_backward=backward), "linear_backward.values", case)
    assert set(evidence.inputs) == {"grad_output", "x", "weight"}
    assert evidence.pair is not None
    assert evidence.pair.name == "grad_bias"


def test_where_a_check_keeps_no_arrays_those_of_a_single_call_are_compared() -> None:
    flipped = implementation(
        conv2d=lambda x, weight, **attributes: refcnn.conv2d(x, weight[:, :, ::-1], **attributes),
        conv2d_backward=refcnn.conv2d_backward,
    )
    case = Case("conv2d", {"x": (1, 1, 3, 3), "weight": (1, 1, 2, 2)}, data="integers")
    evidence = broken(flipped, "conv2d.adjoint", case)
    assert evidence.pair is not None
    assert evidence.pair.name == "y"
    assert evidence.pair.first is not None


def test_what_a_single_call_does_not_show_is_said_to() -> None:
    kept: list[Any] = []

    def same_array(x: Any) -> Any:
        kept.append(np.maximum(x, 0))
        return kept[0] if kept[0].shape == x.shape and np.array_equal(kept[0], kept[-1]) else kept[-1]

    evidence = broken(implementation(relu=same_array), "relu.no_alias", X)
    assert evidence.pair is None
    assert evidence.notes == [
        "Called once on these arrays, relu answers right: what is wrong shows in no single answer."
    ]


def test_an_answer_that_changed_is_said_to_and_the_runs_own_arrays_are_shown() -> None:
    saw = Violation("y[0] is 3.0", np.array([3.0]), np.array([1.0]))
    evidence = gather(implementation(relu=lambda x: np.maximum(x, 0)), "relu.values", Failure(X, saw))
    assert evidence.notes == [
        "Asked again when this page was written, the target answered differently: did what is required"
    ]
    assert evidence.pair == Pair("y", saw.got, saw.want, evidence.pair.wrong if evidence.pair else None)


@pytest.mark.parametrize("raised", [RuntimeError, SystemExit, MemoryError, NotImplementedError])
def test_a_target_that_raises_when_asked_again_ends_nothing(raised: type[BaseException]) -> None:
    def gone(_: Any) -> Any:
        raise raised("gone")

    evidence = gather(implementation(relu=gone), "relu.values", Failure(X, Violation("y[0] is 3.0")))
    assert len(evidence.notes) == 1
    assert "the target answered differently: " in evidence.notes[0]
    assert "gone" in evidence.notes[0]
    assert evidence.pair is not None
    assert evidence.pair.got is None
    np.testing.assert_array_equal(evidence.pair.want, np.maximum(evidence.inputs["x"], 0))
    assert evidence.pair.difference is None


def test_a_case_whose_arrays_cannot_be_made_ends_nothing() -> None:
    case = Case("conv2d", {"x": (1, 1, 3, 3), "weight": (1, 1, 5, 5)})
    evidence = gather(implementation(relu=refcnn.relu), "conv2d_backward.values", Failure(case, Violation("no")))
    (note,) = evidence.notes
    assert note.startswith("No more could be shown when this page was written: ")


def test_arrays_of_another_shape_have_neither_difference_nor_marks() -> None:
    evidence = broken(implementation(relu=lambda x: np.maximum(x, 0)[:1]), "relu.values", X)
    assert evidence.pair is not None
    assert evidence.pair.difference is None
    assert evidence.pair.first is None


def test_bad_input_has_no_answer_to_show() -> None:
    case = Case("relu", {"x": (2, 3)}, dtype="int64", note="integer arrays")
    evidence = broken(implementation(relu=lambda x: x), "relu.refusals", case)
    assert evidence.pair is None
    assert evidence.notes == []


def test_equal_infinities_and_two_nan_do_not_differ() -> None:
    pair = Pair("y", np.array([INF, NAN, INF, 1.0]), np.array([INF, NAN, -INF, NAN]))
    np.testing.assert_array_equal(pair.difference, [0, 0, INF, NAN])
    assert pair.first is None


@pytest.mark.parametrize(("message", "name"), [("grad_x[0] is 1", "grad_x"), ("x was changed", "x"), ("odd", "result")])
def test_the_array_is_named_as_the_message_names_it(message: str, name: str) -> None:
    saw = Violation(message, np.array([3.0]), np.array([1.0]))
    backward = implementation(relu_backward=refcnn.relu_backward)
    evidence = gather(backward, "relu_backward.values", Failure(X, saw))
    assert evidence.pair is not None
    assert evidence.pair.name == name


class Mortal(Implementation):
    """An implementation in a process that dies at each call."""

    calls: ClassVar[list[str]] = []

    @property
    def deaths(self) -> int:
        return len(self.calls)

    def call(self, function: str, *_: Sequence[Any] | Mapping[str, Any]) -> tuple[Any, ...]:
        self.calls.append(function)
        raise CallError("timed out after 10 s")


def test_a_process_that_dies_is_asked_once_and_then_left_alone() -> None:
    mortal = Mortal("mine", refcnn, {})
    mortal.calls.clear()
    failure = Failure(X, Violation("timed out after 10 s"))
    asked = gather(mortal, "relu.values", failure)
    assert mortal.deaths == 1
    assert asked.notes == []
    left_alone = gather(mortal, "relu.values", failure, ask=False)
    assert mortal.deaths == 1
    assert left_alone.notes == ["Not asked again when this page was written: its process had died too often."]
    for evidence in (asked, left_alone):
        assert evidence.pair is not None
        assert evidence.pair.got is None
        np.testing.assert_array_equal(evidence.pair.want, np.maximum(evidence.inputs["x"], 0))


def test_a_page_asks_a_process_that_dies_no_more_than_three_times() -> None:
    mortal = Mortal("mine", refcnn, {})
    mortal.calls.clear()
    results = [
        RequirementResult(f"relu.{name}", "values", "", "fails", failures=[Failure(X, Violation("timed out"))])
        for name in ("values", "shape", "dtype", "layouts", "no_alias")
    ]
    page = as_html(
        Report("mine", "quick", 0, {}, [OperatorResult("relu", "fails", results, 0, Coverage(2, 3, 0, 1))]), mortal
    )
    assert mortal.deaths == 3
    assert page.count("its process had died too often") == 2
