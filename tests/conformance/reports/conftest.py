"""A run in which little was judged and much went wrong, for the tests of what is made of it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.comparison import Failure
from conformance.covering import Coverage
from conformance.implementation import Implementation, from_namespace
from conformance.outcome import OperatorResult, RequirementResult
from conformance.report import Report
from conformance.reports.html import as_html
from conformance.requirements import REQUIREMENTS

# What a target may try to make of a report that shows its message.
HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\"'`|\n::error::owned\n```\n\x1b[31m\udc80"


def relu(x: Any) -> Any:
    """Be right but for the last row of an image, where a NaN and an infinity come."""
    y = np.maximum(x, 0)
    if y.ndim == 4:
        y[-1, -1, -1, 0] = np.nan
        y[-1, -1, -1, 1] = np.inf
    return y


def tanh(_: Any) -> Any:
    raise RuntimeError(HOSTILE)


def conv2d(x: Any, weight: Any, bias: Any = None, **attributes: Any) -> Any:
    """Flip the kernel."""
    return refcnn.conv2d(x, weight[:, :, ::-1, ::-1], bias, **attributes)


CASES = {
    "relu.values": Case("relu", {"x": (2, 3, 20, 24)}),
    "relu.refusals": Case("relu", {"x": (2, 3)}, dtype="int64", note="integer arrays"),
    "tanh.values": Case("tanh", {"x": (2,)}),
    "conv2d.values": Case("conv2d", {"x": (1, 2, 4, 5), "weight": (3, 2, 2, 3)}, data="integers"),
    "conv2d.adjoint": Case("conv2d", {"x": (1, 2, 4, 5), "weight": (3, 2, 2, 3)}, data="integers"),
}


def judged(implementation: Implementation, requirement_id: str, case: Case) -> RequirementResult:
    requirement = next(each for each in REQUIREMENTS if each.id == requirement_id)
    finding = requirement.judge(implementation, case)
    assert finding.violation is not None
    return RequirementResult(
        requirement_id,
        requirement.kind,
        requirement.sentence,
        "fails",
        cases=12,
        failed=5,
        worst=finding.worst,
        failures=[Failure(case, finding.violation)],
    )


@pytest.fixture(scope="session")
def implementation() -> Implementation:
    return from_namespace(
        "mine.py",
        SimpleNamespace(relu=relu, tanh=tanh, conv2d=conv2d, conv2d_backward=refcnn.conv2d_backward),
    )


@pytest.fixture(scope="session")
def results(implementation: Implementation) -> dict[str, RequirementResult]:
    return {name: judged(implementation, name, case) for name, case in CASES.items()}


@pytest.fixture
def report(results: dict[str, RequirementResult]) -> Report:
    """Return a run with failures of every kind that the page tells apart; a test may change it."""
    return report_of(results)


@pytest.fixture(scope="session")
def html(results: dict[str, RequirementResult], implementation: Implementation) -> str:
    return as_html(report_of(results), implementation)


def report_of(results: dict[str, RequirementResult]) -> Report:
    failing: dict[str, list[RequirementResult]] = {}
    for name, result in results.items():
        failing.setdefault(CASES[name].operator, []).append(replace(result))
    failing["conv2d"][0].diagnosis = "the kernel is flipped"
    fine = RequirementResult("sigmoid.values", "values", "It is.", "conforms", cases=40, worst=0.25)
    coverage = Coverage(2, 3, 9, 10)
    operators = [OperatorResult(name, "fails", some, 1.5, coverage) for name, some in failing.items()]
    operators.append(OperatorResult("sigmoid", "conforms", [fine], 0.5, Coverage(2, 3, 10, 10)))
    operators.append(OperatorResult("softmax", "not provided", [], 0.0, Coverage(2, 3, 0, 10)))
    return Report("mine.py", "quick", 7, {"max_pool2d.ties": "any"}, operators)
