"""What became of requirements and operators: the counts of a run and the words for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.case import Case
from conformance.comparison import Failure
from conformance.covering import Coverage

CONFORMS, FAILS, NOT_PROVIDED, NOT_SUPPORTED, NOT_TESTED = (
    "conforms",
    "fails",
    "not provided",
    "not supported",
    "not tested",
)


@dataclass
class RequirementResult:
    """What became of a requirement: how many cases ran and failed, on which, and what mistake that looks like."""

    requirement: str
    kind: str
    sentence: str
    status: str = NOT_TESTED
    cases: int = 0
    failed: int = 0
    not_supported: int = 0
    inconclusive: int = 0
    not_run: int = 0
    worst: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    ran: list[Case] = field(default_factory=list)
    wrong: list[Case] = field(default_factory=list)
    diagnosis: str = ""


@dataclass
class OperatorResult:
    """What became of an operator."""

    operator: str
    status: str
    requirements: list[RequirementResult]
    seconds: float
    coverage: Coverage

    @property
    def cases(self) -> int:
        """How many cases ran, over all requirements."""
        return sum(result.cases for result in self.requirements)


def status_of_requirement(result: RequirementResult) -> str:
    """Return what became of a requirement by its counts."""
    if result.failed:
        return FAILS
    if result.cases:
        return CONFORMS
    return NOT_SUPPORTED if result.not_supported else NOT_TESTED


def status_of_operator(results: list[RequirementResult]) -> str:
    """Return what became of an operator by its requirements."""
    statuses = {result.status for result in results}
    if FAILS in statuses or CONFORMS in statuses:
        return FAILS if FAILS in statuses else CONFORMS
    if NOT_SUPPORTED in statuses:
        return NOT_SUPPORTED
    return NOT_PROVIDED if statuses == {NOT_PROVIDED} else NOT_TESTED
