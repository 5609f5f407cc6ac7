"""What the judge counts, what it calls the outcome, and what it shows."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.calling import forward
from conformance.case import Case
from conformance.checks import values
from conformance.comparison import Finding, InconclusiveError, violated
from conformance.contract import OPERATORS
from conformance.implementation import Implementation, NotSupportedError, from_namespace, load
from conformance.judge import judge, judge_operator, judge_requirement
from conformance.outcome import OperatorResult
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS, Requirement, requirements_for

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

QUICK = Plan("quick")
REFERENCE = load("refcnn")
WRONG = Path(__file__).parents[1] / "implementations" / "wrong"
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}


def given(**functions: Any) -> Implementation:
    return from_namespace("given", SimpleNamespace(**functions))


def requirement(check: Any, cases: int = 4, **changes: Any) -> Requirement:
    """Return a requirement of relu with hand-written cases of 4, 3, 2, ... numbers."""
    corners = tuple(Case("relu", {"x": (size,)}) for size in range(cases, 0, -1))
    return Requirement("relu.values", "relu", "values", "It is.", ("relu",), check, corners, **changes)


def counts(result: OperatorResult) -> dict[str, tuple[int, int, int]]:
    # What Hypothesis draws depends on the constants of the modules that are loaded, so how much of it counts does too.
    return {
        each.requirement: (each.cases + each.inconclusive, each.failed, each.not_supported)
        for each in result.requirements
    }


def tells(requirement: Requirement, case: Case) -> bool:
    """Return whether a case says anything about the reference, and nothing bad."""
    try:
        return requirement.judge(REFERENCE, case).violation is None
    except InconclusiveError:
        return False


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_reference_leaves_nothing_untested(operator: str) -> None:
    requirements = requirements_for(REFERENCE, [operator])
    untested = [each.id for each in requirements if not any(tells(each, case) for case in each.cases(QUICK))]
    assert untested == []


def test_all_that_an_operator_is_judged_on_is_counted() -> None:
    result = judge_operator(REFERENCE, "relu", QUICK)
    assert {each.requirement: each.status for each in result.requirements if each.status != "conforms"} == {}
    assert result.status == "conforms"
    assert result.cases == sum(each.cases for each in result.requirements) > 100
    assert result.seconds > 0


def test_every_case_counts_once_by_what_became_of_it() -> None:
    def check(_: Implementation, case: Case) -> Finding:
        outcomes: dict[int, Exception | Finding] = {
            1: InconclusiveError("dull"),
            2: NotSupportedError("later"),
            3: violated("three"),
            4: Finding(worst=0.5),
        }
        outcome = outcomes[case.shapes["x"][0]]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    result = judge_requirement(REFERENCE, requirement(check, shrinks=False), QUICK)
    assert (result.cases, result.failed, result.not_supported, result.inconclusive) == (2, 1, 1, 1)
    assert result.status == "fails"
    assert result.worst == np.inf
    assert [failure.violation.message for failure in result.failures] == ["three"]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(InconclusiveError("dull"), "not tested"), (NotSupportedError("later"), "not supported")],
)
def test_what_never_counts_is_said_so(outcome: Exception, status: str) -> None:
    def check(*_: Any) -> Finding:
        raise outcome

    assert judge_requirement(REFERENCE, requirement(check), QUICK).status == status


def test_a_requirement_without_cases_is_not_tested() -> None:
    result = judge_requirement(REFERENCE, requirement(lambda *_: Finding(), cases=0), QUICK)
    assert (result.status, result.cases) == ("not tested", 0)


def test_the_worst_error_is_kept() -> None:
    result = judge_requirement(REFERENCE, requirement(lambda _, case: Finding(worst=1 / case.shapes["x"][0])), QUICK)
    assert (result.status, result.worst) == ("conforms", 1.0)


def test_what_does_not_shrink_is_shown_on_the_smallest_case_that_failed() -> None:
    result = judge_requirement(REFERENCE, requirement(lambda *_: violated("no"), shrinks=False), QUICK)
    assert (result.cases, result.failed) == (4, 4)
    assert [failure.case.shapes["x"] for failure in result.failures] == [(1,)]


def test_what_shrinks_is_shown_on_a_smaller_case_that_is_not_counted() -> None:
    def check(_: Implementation, case: Case) -> Finding:
        return violated("no") if case.shapes["x"][0] > 2 else Finding()

    four = Case("relu", {"x": (9,)})
    wanted = Requirement("relu.values", "relu", "values", "It is.", ("relu",), check, (four,))
    result = judge_requirement(REFERENCE, wanted, QUICK)
    assert (result.cases, result.failed) == (1, 1)
    assert [failure.case.shapes["x"] for failure in result.failures] == [(3,)]


def test_a_failure_that_does_not_come_again_is_shown_as_it_came() -> None:
    answers = iter([violated("once")])
    result = judge_requirement(REFERENCE, requirement(lambda *_: next(answers, Finding()), cases=1), QUICK)
    assert (result.status, result.failed) == ("fails", 1)
    assert [failure.violation.message for failure in result.failures] == ["once"]


def test_the_search_finds_what_the_hand_written_cases_do_not() -> None:
    def check(_: Implementation, case: Case) -> Finding:
        return violated("an image") if len(case.shapes["x"]) == 4 else Finding()

    flat = requirement(check, adapt=lambda case: case if case.seed >= QUICK.few * 1000 else None)
    result = judge_requirement(REFERENCE, flat, Plan("default"))
    assert result.status == "fails"
    assert [failure.violation.message for failure in result.failures] == ["an image"]
    assert result.cases > 4


@pytest.mark.parametrize("changes", [{}, {"few": True, "adapt": lambda case: case}])
def test_no_search_where_few_cases_do_or_none_are_adapted(changes: dict[str, Any]) -> None:
    result = judge_requirement(REFERENCE, requirement(lambda *_: Finding(), **changes), QUICK)
    assert result.cases == 4 + (QUICK.few if changes else 0)


def test_the_smallest_flipped_kernel_has_two_cells() -> None:
    result = judge_requirement(load(str(WRONG / "flipped_kernel.py")), BY_ID["conv2d.exact"], QUICK)
    (failure,) = result.failures
    assert failure.case.elements <= 6
    assert failure.case.shapes["weight"] in ((1, 1, 1, 2), (1, 1, 2, 1))
    assert "differ, worst error" in failure.violation.message


def test_fail_fast_stops_at_the_first_broken_requirement() -> None:
    wrong = given(relu=lambda x: x + 1, tanh=np.tanh)
    (only,) = judge(wrong, ["relu", "tanh"], QUICK, fail_fast=True)
    assert only.operator == "relu"
    assert [each.status for each in only.requirements] == ["fails"]


def test_without_fail_fast_everything_is_judged() -> None:
    heard: list[str] = []
    results = list(judge(given(relu=lambda x: x + 1), ["relu", "tanh"], QUICK, progress=heard.append))
    assert [result.operator for result in results] == ["relu", "tanh"]
    assert [result.status for result in results] == ["fails", "not provided"]
    assert heard == [each.id for each in REQUIREMENTS if each.operator in ("relu", "tanh")]


def test_the_same_seed_gives_the_same_counts_and_another_one_other_numbers() -> None:
    first, second, other = (judge_operator(REFERENCE, "sigmoid", Plan("quick", seed)) for seed in (0, 0, 1))
    assert counts(first) == counts(second)
    worst = [{each.requirement: each.worst for each in result.requirements} for result in (first, second, other)]
    assert worst[0] == worst[1]
    assert worst[0] != worst[2]


def test_processes_give_what_one_gives() -> None:
    names = ["relu", "tanh", "sgd_update"]
    heard: list[str] = []
    alone = list(judge(REFERENCE, names, QUICK))
    together = list(judge(REFERENCE, names, QUICK, jobs=2, progress=heard.append))
    assert [counts(result) for result in together] == [counts(result) for result in alone]
    assert heard == names


def test_fail_fast_stops_the_processes() -> None:
    results = list(judge(load(str(WRONG / "null_zeros.py")), ["relu", "tanh"], QUICK, fail_fast=True, jobs=2))
    assert [(result.operator, result.status) for result in results] == [("relu", "fails")]


def test_the_default_plan_is_the_default_profile() -> None:
    (result,) = judge(given(sgd_update=refcnn.sgd_update), ["sgd_update"])
    assert counts(result) == counts(judge_operator(given(sgd_update=refcnn.sgd_update), "sgd_update", Plan("default")))


def test_a_check_by_hand_is_judged_like_those_of_the_suite() -> None:
    assert judge_requirement(REFERENCE, requirement(values.values(forward)), QUICK).status == "conforms"
