"""The report as one page for a browser, with a picture of every failure. It loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

import numpy as np

from conformance.comparison import Failure
from conformance.implementation import Implementation
from conformance.outcome import (
    CONFORMS,
    FAILS,
    NOT_PROVIDED,
    NOT_SUPPORTED,
    NOT_TESTED,
    OperatorResult,
    RequirementResult,
)
from conformance.report import ACCEPTED, Report, printable
from conformance.reports.evidence import Evidence, Pair, gather
from conformance.reports.failing import counted, coverage, failing, provided, ratio, repeat_command, to_remove, verdict
from conformance.reports.heatmap import Heatmap, heatmap, is_signed, limit_of
from conformance.reports.template import render
from conformance.requirements import KINDS

# A process that dies is given a timeout each time; after so many deaths it is left alone.
_MOST_DEATHS = 3

# Up to this many broken requirements are all shown unfolded.
_OPEN = 8

SIGNS: Mapping[str, str] = MappingProxyType(
    {CONFORMS: "✓", FAILS: "✗", ACCEPTED: "≈", NOT_PROVIDED: "–", NOT_SUPPORTED: "–", NOT_TESTED: "?"}
)
TONES: Mapping[str, str] = MappingProxyType(
    {CONFORMS: "good", FAILS: "bad", ACCEPTED: "warn", NOT_PROVIDED: "soft", NOT_SUPPORTED: "soft", NOT_TESTED: "warn"}
)
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "values": "every result against an oracle in float64, element by element, within a derived bound",
        "exact": "small whole numbers, whose sums of products have no rounding: equal bit for bit",
        "adjoint": "⟨A x, y⟩ = ⟨x, Aᵀ y⟩ for every linear operator, in each argument",
        "gradient": "each backward function against finite differences of the implementation's own forward",
        "routing": "which pixel a max pool sends each gradient to, and what an average divides by",
        "relations": "linearity, groups, stride, dilation, padding, shifts, batches, masks, several optimiser steps",
        "form": "shape and element type of every result",
        "purity": "inputs unchanged, results of their own, no memory of earlier calls, any memory layout",
        "special": "NaN, infinities, signed zeros, extreme numbers, empty batches",
        "refusals": "every kind of bad input raises ValueError or TypeError",
    }
)


def as_html(report: Report, implementation: Implementation) -> str:
    """Return the page; the implementation is asked again on each failing case."""
    name, look = verdict(report), _Look(report, implementation, implementation.deaths + _MOST_DEATHS)
    return render(
        "page.html",
        signs=SIGNS,
        tones=TONES,
        meanings=MEANINGS,
        kinds=KINDS,
        target=printable(report.target),
        verdict=name,
        verdict_sign={"conforms": "✓", "does not conform": "✗"}.get(name, "?"),
        tone={"conforms": "good", "does not conform": "bad"}.get(name, "warn"),
        failing=failing(report),
        facts=_facts(report),
        long_facts=_long_facts(report),
        coverage=coverage(report),
        outdated=to_remove(report),
        open=len(report.failures) <= _OPEN,
        rows=[_row(report, operator) for operator in provided(report)],
        groups=[
            {"operator": operator, "results": [_broken(look, each) for _, each in results]}
            for operator, results in groupby(report.failures, key=lambda failure: failure[0].operator)
        ],
        accepted=[
            _broken(look, each) | {"accepted": report.deviations[each.requirement]} for _, each in report.accepted
        ],
    )


def _facts(report: Report) -> list[tuple[str, object]]:
    return [
        ("Operators provided", f"{len(provided(report))} of {len(report.operators)}"),
        ("Cases that ran", f"{sum(operator.cases for operator in report.operators):,}"),
        ("Broken requirements", len(report.failures)),
        ("Profile", report.profile),
        ("Seed", report.seed),
    ]


def _long_facts(report: Report) -> list[tuple[str, str]]:
    missing = [operator.operator for operator in report.operators if operator.status == NOT_PROVIDED]
    declared = [f"{name}={value}" for name, value in report.conventions.items()]
    recognised = [report.recognised] if report.recognised else []
    facts = (("Recognised", recognised), ("Not provided", missing), ("Declared conventions", declared))
    return [(name, printable(", ".join(words))) for name, words in facts if words]


def _row(report: Report, operator: OperatorResult) -> dict[str, Any]:
    by_kind = [[result for result in operator.requirements if result.kind == kind] for kind in KINDS]
    return {
        "operator": operator.operator,
        "status": report.status(operator),
        "seconds": f"{operator.seconds:.1f} s" if operator.cases else "",
        "cases": operator.cases,
        "cells": [
            {
                "cases": sum(result.cases for result in results),
                "failed": sum(result.failed for result in results),
                "worst": ratio(max((result.worst for result in results), default=0.0)),
            }
            for results in by_kind
        ],
        "results": [_result(report, result) for result in operator.requirements],
    }


def _result(report: Report, result: RequirementResult) -> dict[str, Any]:
    return {
        "id": result.requirement,
        "function": result.requirement.partition(".")[0],
        "status": report.status(result),
        "sentence": result.sentence,
        "diagnosis": printable(result.diagnosis),
        "cases": result.cases,
        "failed": result.failed,
        "worst": ratio(result.worst) if result.cases else "",
        "counted": counted(result),
    }


@dataclass(frozen=True)
class _Look:
    """A report and the implementation that is asked again, until its process has died too often."""

    report: Report
    implementation: Implementation
    last_death: int

    def gather(self, result: RequirementResult, failure: Failure) -> Evidence:
        ask = self.implementation.deaths < self.last_death
        return gather(self.implementation, result.requirement, failure, ask=ask)


def _broken(look: _Look, result: RequirementResult) -> dict[str, Any]:
    return _result(look.report, result) | {"failures": [_failure(look, result, failure) for failure in result.failures]}


def _failure(look: _Look, result: RequirementResult, failure: Failure) -> dict[str, Any]:
    evidence = look.gather(result, failure)
    return {
        "message": printable(failure.violation.message),
        "case": failure.case.describe(),
        "note": failure.case.note,
        "command": repeat_command(look.report.named, result.requirement, failure.case.to_json()),
        "notes": [printable(note) for note in evidence.notes],
        "inputs": list(_inputs(evidence)),
        "outputs": list(_outputs(evidence.pair)) if evidence.pair else [],
        "marked": evidence.pair is not None and evidence.pair.first is not None,
        "numbers": list(_numbers(evidence)),
    }


def _inputs(evidence: Evidence) -> Iterator[Heatmap]:
    pair = evidence.pair
    for name, array in evidence.inputs.items():
        at = _beside(name, array.shape, pair) if pair else ()
        yield heatmap(name, array, limit_of(array), signed=is_signed(array), at=at)


def _beside(name: str, shape: tuple[int, ...], pair: Pair) -> tuple[int, ...]:
    """Return the place of an input that has most to do with the first wrong element."""
    first = pair.first or ()
    if pair.want is not None and shape == pair.want.shape:
        return first
    # The first axis is the batch, which inputs and results share; that of a kernel is the second axis of a result.
    return () if len(shape) < 3 else first[1:2] if name == "weight" else first[:1]


def _outputs(pair: Pair) -> Iterator[Heatmap]:
    shown = {f"{title}: {pair.name}": array for title, array in (("wanted", pair.want), ("got", pair.got))}
    arrays = [array for array in shown.values() if array is not None]
    limit, signed = limit_of(*arrays), is_signed(*arrays)
    for title, array in shown.items():
        if array is not None:
            yield heatmap(title, array, limit, signed=signed, wrong=pair.wrong, first=pair.first)
    if (error := pair.difference) is not None:
        title, limit = "difference: got − wanted", limit_of(error)
        yield heatmap(title, error, limit, signed=is_signed(error), wrong=pair.wrong, first=pair.first)


def _numbers(evidence: Evidence) -> Iterator[tuple[str, str]]:
    arrays: list[tuple[str, Any]] = list(evidence.inputs.items())
    if evidence.pair is not None:
        pair = evidence.pair
        arrays += [(f"wanted: {pair.name}", pair.want), (f"got: {pair.name}", pair.got)]
    for name, array in arrays:
        if array is not None:
            yield name, np.array2string(array, threshold=400, max_line_width=100, precision=9)
