"""A run as a record, and the record as JSON or as JUnit's XML."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree

from conformance.comparison import Failure
from conformance.judge import (
    CONFORMS,
    FAILS,
    NOT_PROVIDED,
    OperatorResult,
    RequirementResult,
)

FORMAT = 1


@dataclass
class Report:
    """Everything that a run found out."""

    target: str
    profile: str
    seed: int
    conventions: Mapping[str, str]
    operators: list[OperatorResult] = field(default_factory=list)

    @property
    def conforms(self) -> bool:
        """Whether something was judged and nothing failed."""
        statuses = {operator.status for operator in self.operators}
        return CONFORMS in statuses and FAILS not in statuses

    @property
    def failures(self) -> list[tuple[OperatorResult, RequirementResult]]:
        """The requirements that are broken."""
        return [
            (operator, result)
            for operator in self.operators
            for result in operator.requirements
            if result.status == FAILS
        ]


def as_json(report: Report) -> str:
    """Return the report as JSON of the form that ``report.schema.json`` describes."""
    return json.dumps(as_dict(report), indent=1, ensure_ascii=False) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    return {
        "format": FORMAT,
        "target": report.target,
        "profile": report.profile,
        "seed": report.seed,
        "conforms": report.conforms,
        "conventions": dict(report.conventions),
        "operators": {
            operator.operator: {
                "status": operator.status,
                "seconds": round(operator.seconds, 3),
                "coverage": asdict(operator.coverage),
                "requirements": {result.requirement: _requirement(result) for result in operator.requirements},
            }
            for operator in report.operators
        },
    }


def _requirement(result: RequirementResult) -> dict[str, Any]:
    return {
        "status": result.status,
        "sentence": result.sentence,
        "cases": result.cases,
        "failed": result.failed,
        "not_supported": result.not_supported,
        "inconclusive": result.inconclusive,
        # JSON has no infinity: null says that the error had no measure, or was infinitely above what is allowed.
        "worst": result.worst if math.isfinite(result.worst) else None,
        "diagnosis": result.diagnosis,
        "failures": [_failure(failure) for failure in result.failures],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {"message": failure.violation.message, "case": failure.case.to_dict()}


def as_junit(report: Report) -> str:
    """Return the report as JUnit's XML: a suite an operator, a test case a requirement."""
    suites = ElementTree.Element("testsuites", name=f"refcnn verify {report.target}")
    for operator in report.operators:
        results = operator.requirements
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=operator.operator,
            tests=str(len(results)),
            failures=str(sum(result.status == FAILS for result in results)),
            skipped=str(sum(result.status not in (FAILS, CONFORMS) for result in results)),
            errors="0",
            time=f"{operator.seconds:.3f}",
        )
        for result in results:
            _add_test_case(suite, operator.operator, result)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _add_test_case(suite: ElementTree.Element, operator: str, result: RequirementResult) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=f"conformance.{operator}", name=result.requirement)
    if result.status == FAILS:
        for failure in result.failures:
            element = ElementTree.SubElement(case, "failure", message=printable(failure.violation.message))
            element.text = printable(f"{result.sentence}\n{_looks_like(result)}{failure.case.to_json()}")
    elif result.status != CONFORMS:
        ElementTree.SubElement(case, "skipped", message=result.status)


def _looks_like(result: RequirementResult) -> str:
    return f"looks like: {result.diagnosis}\n" if result.diagnosis else ""


def printable(text: str) -> str:
    """Replace control characters, which neither XML nor a terminal should get; a target's own error may have some."""
    return re.sub("[\x00-\x08\x0b-\x1f\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", text)


WRITERS: Mapping[str, Callable[[Report], str]] = MappingProxyType({".json": as_json, ".xml": as_junit})


def write(report: Report, path: Path) -> None:
    """Write a report in the form that the file's ending names."""
    path.write_text(WRITERS[path.suffix](report), encoding="utf-8")


def provided(report: Report) -> list[OperatorResult]:
    """Return the operators of which the target provides a function."""
    return [operator for operator in report.operators if operator.status != NOT_PROVIDED]
