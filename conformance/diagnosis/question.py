"""Questions that tell one mistake from another: a call, or a check, and what an implementation made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import InconclusiveError, compare
from conformance.implementation import CallError, Implementation, NotProvidedError, NotSupportedError
from conformance.oracle import Answer, answers
from conformance.plan import Plan, spaced
from conformance.requirements import REQUIREMENTS, Requirement

Array = NDArray[Any]
Results = tuple[Array, ...]

# The kinds of evidence that a mistake shows in: what a function computes, how it behaves, and what it refuses.
COMPUTED, BEHAVED, REFUSED = "computed", "behaved", "refused"

_WRONG_CASES, _OTHER_CASES, _ALL = 24, 10, 10_000
# What came instead of results, or of a finding, where the case says nothing.
_SILENT = ("", NotSupportedError.__name__, NotProvidedError.__name__, InconclusiveError.__name__)


def evidence(requirement: Requirement) -> str:
    """Return in which kind of evidence a broken requirement shows its mistake."""
    if requirement.kind == "refusals":
        return REFUSED
    # A mask may be any that the seed gives: only checks tell right from wrong, there are no numbers to compare.
    return BEHAVED if requirement.kind == "purity" or requirement.operator == "dropout" else COMPUTED


def function_of(requirement: Requirement) -> str:
    """Return the one function that a requirement is about; nothing if it is about how several fit together."""
    return requirement.needs[0] if len(requirement.needs) == 1 else ""


@dataclass(frozen=True)
class Question:
    """A case to call a function on or, with a requirement, to check that on."""

    function: str
    case: Case
    requirement: Requirement | None = None

    @property
    def call(self) -> Call:
        """The call of the function."""
        return backward(self.case) if self.function.endswith("_backward") else forward(self.case)

    def answers(self, conventions: Mapping[str, str]) -> tuple[Answer, ...]:
        """Return the right results."""
        call = self.call
        return answers(call.function, self.case, call.arrays, conventions)

    def asked(self, implementation: Implementation) -> Results | str:
        """Return the results or, in words, what came instead: an exception, a violation, nothing that counts."""
        try:
            if self.requirement is None:
                return self.call.run(implementation)
            violation = self.requirement.check(implementation, self.case).violation
        except (NotSupportedError, NotProvidedError, InconclusiveError) as error:
            return type(error).__name__
        except CallError as error:
            return f"raised {type(error.raised).__name__}"
        return "" if violation is None else _without_numbers(violation.message)


def _without_numbers(message: str) -> str:
    """Return a message without what depends on rounding: those who make one mistake may differ in digits."""
    kept, raised, _ = re.sub(r"-?\b(\d[\d.]*(e[+-]?\d+)?|inf|nan)\b", "#", message).partition("raised ")
    return kept + raised + message.partition(raised)[2].partition(":")[0] if raised else kept


def is_wrong(question: Question, got: Results | str, conventions: Mapping[str, str]) -> bool:
    """Return whether what an implementation gave is a mistake."""
    if isinstance(got, str):
        return got not in _SILENT
    if any(result.dtype.newbyteorder("=") != np.dtype(question.case.dtype) for result in got):
        return True
    wanted = question.answers(conventions)
    return any(compare("", result, answer).violation is not None for result, answer in zip(got, wanted, strict=True))


def agree(question: Question, one: Results | str, other: Results | str, conventions: Mapping[str, str]) -> bool:
    """Return whether two implementations gave the same, up to what rounding may do to each."""
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str) and one == other
    return all(map(_alike, one, other, question.answers(conventions)))


def _alike(one: Array, other: Array, answer: Answer) -> bool:
    if one.shape != other.shape or one.dtype.newbyteorder("=") != other.dtype.newbyteorder("="):
        return False
    value = other.astype(np.float64)
    # What rounding does to a wrong number is not known; it is taken to be what it may do to a right one.
    unit = np.finfo(one.dtype).eps if one.dtype.kind == "f" else 0.0
    size = np.abs(np.nan_to_num(value, posinf=0.0, neginf=0.0))
    if answer.allowed.shape == one.shape:
        allowed = 64 * unit * size + 2 * np.nan_to_num(answer.allowed, posinf=0.0)
    else:  # nor which of these numbers is what is left of larger ones
        allowed = np.full(one.shape, 64 * unit * np.max(size, initial=0.0))
    return compare("", one, Answer(value, allowed)).violation is None


def questions(
    function: str, kind: str, wrong: Mapping[Requirement, Sequence[Case]], plan: Plan
) -> tuple[Question, ...]:
    """Return what to ask about a function: where it was wrong, and wherever else it might be."""
    related = [each for each in REQUIREMENTS if function_of(each) == function and evidence(each) == kind]
    if kind == COMPUTED:
        cases = [case for some in wrong.values() for case in spaced(tuple(some), _WRONG_CASES // len(wrong) + 1)]
        cases += [case for each in related for case in spaced(tuple(each.cases(plan)), _OTHER_CASES)]
        asked: Iterator[Question] = (Question(function, case) for case in cases)
    else:
        count = _OTHER_CASES if kind == BEHAVED else _ALL
        asked = (
            Question(function, case, each)
            for each in related
            for some in (wrong.get(each, ()), tuple(each.cases(plan)))
            for case in spaced(tuple(some), count)
        )
    # A case is one question, however many requirements it stands under; only checks are asked one by one.
    return tuple({(repr(each.case), each.requirement and each.requirement.id): each for each in asked}.values())
