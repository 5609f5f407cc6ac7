"""A check as a record: counts by operator, and a report as JSON or as JUnit's XML."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree

from conformance.contract import operator_of
from conformance.report import printable
from conformance.vectors.folder import Export
from conformance.vectors.verdict import MISSING, NOT_SUPPORTED, RIGHT, STATUSES, UNREADABLE, WRONG, Verdict

FORMAT = 1


@dataclass
class Tally:
    """Everything that a check found out."""

    export: Export
    results: str
    complete: bool = False
    verdicts: list[Verdict] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    @property
    def failing(self) -> list[Verdict]:
        """What is wrong, and with ``complete`` what is missing, as the index has it."""
        return [each for each in self.verdicts if each.fails or (self.complete and each.status == MISSING)]

    @property
    def knows_nothing(self) -> bool:
        """Whether no result was judged."""
        return not any(each.status in (RIGHT, WRONG, UNREADABLE) for each in self.verdicts)

    def counts(self) -> dict[str, Counter[str]]:
        """Return how many vectors of each operator have which status."""
        counted: dict[str, Counter[str]] = {}
        for each in self.verdicts:
            counted.setdefault(operator_of(each.entry["function"]).name, Counter())[each.status] += 1
        return counted

    def worst(self, operator: str) -> float:
        """Return the largest error of an operator's results as a part of the allowed one."""
        return max(each.worst for each in self.verdicts if operator_of(each.entry["function"]).name == operator)


def as_json(tally: Tally) -> str:
    """Return the record as JSON: the counts, then each vector that something was given for or that failed."""
    plain = {
        "format": FORMAT,
        "vectors": {name: tally.export.index[name] for name in ("refcnn", "set", "seed", "conventions")},
        "results": tally.results,
        "right": not tally.failing and not tally.knows_nothing,
        "counts": {
            operator: {status: counted[status] for status in STATUSES} for operator, counted in tally.counts().items()
        },
        "verdicts": [
            {
                "id": each.entry["id"],
                "status": each.status,
                "message": each.message,
                # JSON has no infinity: null says that the error had no measure.
                "worst": each.worst if math.isfinite(each.worst) else None,
            }
            for each in tally.verdicts
            if each.status != MISSING or tally.complete
        ],
        "strangers": tally.strangers,
    }
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"


def as_junit(tally: Tally) -> str:
    """Return the record as JUnit's XML: a suite an operator, a test case a vector."""
    suites = ElementTree.Element("testsuites", name=f"refcnn vectors check {printable(tally.results)}")
    failing = {id(each) for each in tally.failing}
    for operator in tally.counts():
        own = [each for each in tally.verdicts if operator_of(each.entry["function"]).name == operator]
        suite = ElementTree.SubElement(suites, "testsuite", name=operator, tests=str(len(own)), errors="0")
        suite.set("failures", str(sum(id(each) in failing for each in own)))
        skipped = [each for each in own if each.status in (MISSING, NOT_SUPPORTED) and id(each) not in failing]
        suite.set("skipped", str(len(skipped)))
        for each in own:
            name = each.entry["id"]
            case = ElementTree.SubElement(suite, "testcase", classname=f"vectors.{operator}", name=name)
            if id(each) in failing:
                failure = ElementTree.SubElement(case, "failure", message=printable(each.message or each.status))
                failure.text = printable(each.entry["note"])
            elif each.status != RIGHT:
                ElementTree.SubElement(case, "skipped", message=printable(each.message or each.status))
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


WRITERS: Mapping[str, Callable[[Tally], str]] = MappingProxyType({".json": as_json, ".xml": as_junit})


def write(tally: Tally, path: Path) -> None:
    """Write a report in the form that the file's ending names."""
    path.write_text(WRITERS[path.suffix](tally), encoding="utf-8")
