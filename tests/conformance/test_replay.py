"""A replay shows what went in, what came, what was wanted and what is allowed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.implementation import Implementation, from_namespace, load
from conformance.replay import replay

REFERENCE = load("refcnn")
RELU = Case("relu", {"x": (2,)}, data="ones")
LABELS = Case("cross_entropy", {"logits": (1, 2), "target": (1,)})


def given(**functions: Any) -> Implementation:
    return from_namespace("given", SimpleNamespace(**functions))


def lines(implementation: Implementation, case: Case, requirement: str | None = None) -> list[str]:
    return [line.text for line in replay(implementation, case, requirement)]


def violations(implementation: Implementation, case: Case, requirement: str | None = None) -> list[str]:
    return [line.text for line in replay(implementation, case, requirement) if line.violated]


def not_implemented(_: Any) -> Any:
    raise NotImplementedError("no ones")


def crash(_: Any) -> Any:
    raise IndexError("out")


def test_a_call_is_shown_whole() -> None:
    assert lines(given(relu=lambda x: 2 * x), RELU)[:6] == [
        f"case       {RELU.to_json()}",
        "call       relu(x, **{})",
        "given      x float64 (2,) strides (8,)\n           [1. 1.]",
        "got        y float64 (2,)\n           [2. 2.]",
        "want       y (2,)\n           [1. 1.]",
        "allowed    error of y\n           [0. 0.]",
    ]


def test_what_is_wrong_is_marked() -> None:
    found = violations(given(relu=lambda x: 2 * x), RELU)
    assert found[0] == "violated   y[0] is 2.0, want 1.0; 2 of 2 differ, worst error 1.0 where 0.0 is allowed"


def test_both_functions_of_an_operator_are_called() -> None:
    shown = lines(REFERENCE, RELU)
    assert "call       relu(x, **{})" in shown
    assert "call       relu_backward(grad_output, x, **{})" in shown
    assert violations(REFERENCE, RELU) == []


def test_an_impure_function_is_found_without_naming_the_requirement() -> None:
    found = violations(given(relu=lambda x: x), RELU)
    assert found == ["violated   relu.no_alias: y shares memory with the argument x"]


def test_every_result_is_shown() -> None:
    case = Case("momentum_update", dict.fromkeys(("param", "grad", "velocity"), (1,)), {"lr": 0.5, "momentum": 0.5})
    starts = [line.split(" float64")[0] for line in lines(REFERENCE, case) if line.startswith("got")]
    assert starts == ["got        param", "got        velocity"]


def test_a_backward_function_without_a_grad_output_is_called() -> None:
    assert "call       cross_entropy_backward(logits, target, **{})" in lines(REFERENCE, LABELS)


@pytest.mark.parametrize(
    ("implementation", "line"),
    [
        (given(tanh=np.tanh), "relu: not provided: relu"),
        (given(relu=not_implemented), "relu: not supported: no ones"),
    ],
    ids=["not provided", "not supported"],
)
def test_what_is_no_failure_is_not_marked(implementation: Implementation, line: str) -> None:
    assert line in lines(implementation, RELU)
    assert violations(implementation, RELU) == []


def test_a_crash_is_marked() -> None:
    assert violations(given(relu=crash), RELU)[0] == "relu: raised IndexError: out"


def test_a_requirement_is_checked_once_and_named_with_its_sentence() -> None:
    shown = lines(REFERENCE, RELU, "relu.values")
    assert shown[-2:] == [
        "check      relu.values: Every result is the contract's, within the rounding that its arithmetic can have.",
        "passed     worst error 0 × allowed",
    ]
    assert "call       relu_backward(grad_output, x, **{})" not in shown


def test_a_broken_requirement_is_the_only_line_that_is_marked() -> None:
    assert violations(given(relu=lambda x: 2 * x), RELU, "relu.values") == [
        "violated   relu.values: y[0] is 2.0, want 1.0; 2 of 2 differ, worst error 1.0 where 0.0 is allowed"
    ]


def test_a_crash_under_a_requirement_is_marked_once() -> None:
    assert violations(given(relu=crash), RELU, "relu.values") == ["violated   relu.values: raised IndexError: out"]


@pytest.mark.parametrize(
    ("implementation", "case", "reason"),
    [
        (REFERENCE, RELU.but(data="negative"), "does not count: every right value is zero"),
        (given(relu=not_implemented), RELU, "not supported: no ones"),
        (given(tanh=np.tanh), RELU, "not provided: relu"),
    ],
    ids=["inconclusive", "not supported", "not provided"],
)
def test_a_check_that_says_nothing_says_why(implementation: Implementation, case: Case, reason: str) -> None:
    assert lines(implementation, case, "relu.values")[-1] == f"           {reason}"
    assert violations(implementation, case, "relu.values") == []


def test_a_refusal_is_repeated_without_an_answer_to_compare_with() -> None:
    case = Case("softmax", {"x": (2, 3)}, {"axis": 2}, note="an axis past the last")
    shown = lines(REFERENCE, case, "softmax.refusals")
    assert not any(line.startswith("want") for line in shown)
    assert shown[-1] == "passed     worst error 0 × allowed"


def test_a_bad_call_that_is_accepted_is_marked() -> None:
    case = Case("softmax", {"x": (2, 3)}, {"axis": 2}, note="an axis past the last")
    accepting = given(softmax=lambda x, axis: refcnn.softmax(x, axis=axis - 1))
    assert violations(accepting, case, "softmax.refusals") == [
        "violated   softmax.refusals: an axis past the last: was accepted, must be refused with ValueError or TypeError"
    ]


def test_an_unknown_requirement_is_refused_with_those_of_the_operator() -> None:
    with pytest.raises(ValueError, match=r"^--check must be one of relu\.values, .*, got 'conv2d\.values'$"):
        lines(REFERENCE, RELU, "conv2d.values")


@pytest.mark.parametrize(
    "case",
    [
        Case("conv2d", {"x": (1, 1, 2, 2), "weight": (1, 1, 1, 1)}, {"padding": 10**9}),
        Case("conv_transpose2d", {"x": (1, 1, 2, 2), "weight": (1, 1, 1, 1)}, {"stride": 10**9}),
        Case("max_pool2d", {"x": (1, 1, 2, 2)}, {"kernel_size": 10**5, "stride": 1, "padding": 5 * 10**4}),
    ],
    ids=lambda case: case.operator,
)
def test_a_case_that_no_memory_can_hold_is_refused_before_it_is_tried(case: Case) -> None:
    with pytest.raises(ValueError, match=r"the case has no answer \(its windows would have"):
        lines(REFERENCE, case)
