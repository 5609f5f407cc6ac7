"""Bad input has to end in ValueError or TypeError, and in nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from conformance.calling import forward
from conformance.case import Case
from conformance.checks.refusals import refuses
from conformance.comparison import Finding
from conformance.implementation import Implementation, NotSupportedError, from_namespace, load

BAD = Case("softmax", {"x": (2, 3)}, {"axis": 2}, note="an axis past the last")


def raising(error: BaseException) -> Implementation:
    def softmax(*_: Any, **__: Any) -> NoReturn:
        raise error

    return from_namespace("broken", SimpleNamespace(softmax=softmax))


def returning(answer: Any) -> Implementation:
    return from_namespace("broken", SimpleNamespace(softmax=lambda *_, **__: answer))


def message(finding: Finding) -> str:
    assert finding.violation is not None
    return finding.violation.message


@pytest.mark.parametrize("error", [ValueError("axis"), TypeError("axis"), UnicodeError("a kind of ValueError")])
def test_a_value_error_or_a_type_error_is_a_refusal(error: Exception) -> None:
    assert refuses(forward)(raising(error), BAD) == Finding()


def test_the_reference_refuses() -> None:
    assert refuses(forward)(load("refcnn"), BAD) == Finding()


@pytest.mark.parametrize("error", [IndexError("out"), AssertionError("no"), SystemExit(3)])
def test_any_other_exception_is_none(error: BaseException) -> None:
    assert message(refuses(forward)(raising(error), BAD)) == (
        f"an axis past the last: raised {type(error).__name__}: {error}, want ValueError or TypeError"
    )


@pytest.mark.parametrize("answer", [[[1.0]], "text"], ids=["an array", "no array"])
def test_any_answer_is_an_acceptance(answer: Any) -> None:
    assert message(refuses(forward)(returning(answer), BAD)) == (
        "an axis past the last: was accepted, must be refused with ValueError or TypeError"
    )


def test_what_is_not_supported_may_be_answered_so() -> None:
    with pytest.raises(NotSupportedError, match=r"^some other time$"):
        refuses(forward)(raising(NotImplementedError("some other time")), BAD)
