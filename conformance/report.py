"""A run as a record, and the record as JSON; its other forms are in ``conformance.reports``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from conformance.comparison import Failure
from conformance.contract import operator_of
from conformance.deviations import Deviation
from conformance.isolation.source import Source
from conformance.outcome import CONFORMS, FAILS, NOT_PROVIDED, NOT_SUPPORTED, OperatorResult, RequirementResult

FORMAT = 1

# Of an operator or a requirement that fails in nothing but what was accepted beforehand.
ACCEPTED = "accepted deviation"


@dataclass
class Report:
    """Everything that a run found out, and which deviations were accepted beforehand."""

    target: str
    profile: str
    seed: int
    conventions: Mapping[str, str]
    operators: list[OperatorResult] = field(default_factory=list)
    deviations: Mapping[str, Deviation] = field(default_factory=dict)
    recognised: str = ""
    source: Source | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The words after ``refcnn verify`` that name the target."""
        return (self.target,) if self.source is None else self.source.named

    @property
    def conforms(self) -> bool:
        """Whether something was judged and nothing failed but what is accepted."""
        statuses = {self.status(operator) for operator in self.operators}
        return bool(statuses & {CONFORMS, ACCEPTED}) and FAILS not in statuses

    @property
    def unwritten(self) -> bool:
        """Whether something was provided, and all of that answered every call with NotImplementedError."""
        return {operator.status for operator in self.operators} - {NOT_PROVIDED} == {NOT_SUPPORTED}

    @property
    def failures(self) -> list[tuple[OperatorResult, RequirementResult]]:
        """The requirements that are broken and may not be."""
        return self._of_status(FAILS)

    @property
    def accepted(self) -> list[tuple[OperatorResult, RequirementResult]]:
        """The requirements that are broken, as was accepted."""
        return self._of_status(ACCEPTED)

    @property
    def outdated(self) -> list[Deviation]:
        """The accepted deviations that did not occur, though cases of their operator ran."""
        judged = {operator.operator for operator in self.operators if operator.status in (CONFORMS, FAILS)}
        occurred = {result.requirement for _, result in self.accepted}
        return [
            deviation
            for name, deviation in self.deviations.items()
            if name not in occurred and operator_of(name.partition(".")[0]).name in judged
        ]

    def status(self, judged: OperatorResult | RequirementResult) -> str:
        """Return the status of an operator or a requirement in view of what is accepted."""
        if judged.status != FAILS:
            return judged.status
        results = judged.requirements if isinstance(judged, OperatorResult) else [judged]
        broken = [result.requirement for result in results if result.status == FAILS]
        return ACCEPTED if broken and all(name in self.deviations for name in broken) else FAILS

    def _of_status(self, status: str) -> list[tuple[OperatorResult, RequirementResult]]:
        return [
            (operator, result)
            for operator in self.operators
            for result in operator.requirements
            if self.status(result) == status
        ]


def as_json(report: Report) -> str:
    """Return the report as JSON of the form that ``report.schema.json`` describes."""
    return json.dumps(as_dict(report), indent=1, ensure_ascii=False) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    return {
        "format": FORMAT,
        "target": report.target,
        "isolated": report.source is not None,
        "exec": list(report.source.program) if report.source is not None and report.source.program else None,
        "recognised": report.recognised,
        "profile": report.profile,
        "seed": report.seed,
        "conforms": report.conforms,
        "conventions": dict(report.conventions),
        "outdated": [deviation.requirement for deviation in report.outdated],
        "operators": {
            operator.operator: {
                "status": report.status(operator),
                "seconds": round(operator.seconds, 3),
                "coverage": asdict(operator.coverage),
                "requirements": {result.requirement: _requirement(report, result) for result in operator.requirements},
            }
            for operator in report.operators
        },
    }


def _requirement(report: Report, result: RequirementResult) -> dict[str, Any]:
    status = report.status(result)
    return {
        "status": status,
        "kind": result.kind,
        "sentence": result.sentence,
        "cases": result.cases,
        "failed": result.failed,
        "not_supported": result.not_supported,
        "inconclusive": result.inconclusive,
        "not_run": result.not_run,
        # JSON has no infinity: null says that the error had no measure, or was infinitely above what is allowed.
        "worst": result.worst if math.isfinite(result.worst) else None,
        "diagnosis": result.diagnosis,
        "accepted": _accepted(report.deviations[result.requirement]) if status == ACCEPTED else None,
        "failures": [_failure(failure) for failure in result.failures],
    }


def _accepted(deviation: Deviation) -> dict[str, str]:
    return {"reason": deviation.reason, "link": deviation.link}


def _failure(failure: Failure) -> dict[str, Any]:
    return {"message": failure.violation.message, "case": failure.case.to_dict()}


def printable(text: str) -> str:
    """Replace what neither XML nor a terminal should get; a target's own error may hold some.

    That is control characters, halves of surrogate pairs, and marks that turn the direction of what follows.
    """
    return re.sub(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]",
        "\N{REPLACEMENT CHARACTER}",
        text,
    )


def one_line(text: str) -> str:
    r"""Write words that come from outside on one line, without what ``printable`` replaces.

    Examples
    --------
    >>> one_line("ReLU)\n\n# fine")
    'ReLU) # fine'
    """
    return printable(" ".join(text.split()))
