"""Every form says the same of a run, in the same words."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.deviations import Deviation
from conformance.outcome import RequirementResult
from conformance.report import Report
from conformance.reports.failing import conforming, counted, coverage, details, failing, to_remove, verdict


def test_what_was_counted_is_told() -> None:
    result = RequirementResult("relu.values", "values", "It is.", cases=1, failed=1, not_run=7, worst=np.inf)
    assert counted(result) == "1 case, 1 wrong, 7 not run after so many deaths of its process"


def test_what_the_verdict_rests_on_is_told(report: Report) -> None:
    report.recognised = "classes Relu"
    report.deviations = {"tanh.values": Deviation("tanh.values", "so", "https://example.org")}
    assert details(report) == [
        "4 operators provided",
        "100 cases",
        "recognised: classes Relu",
        "not provided: softmax",
        "declared: max_pool2d.ties=any",
        "accepted deviations: 1",
    ]


def test_names_of_classes_take_one_line_and_no_control_characters(report: Report) -> None:
    report.recognised = "layers (ReLU)\n\n# fine\x1b[31m\n::error::hi)"
    assert "recognised: layers (ReLU) # fine\N{REPLACEMENT CHARACTER}[31m ::error::hi)" in details(report)


def test_operators_are_told_apart(report: Report) -> None:
    assert failing(report) == ["relu", "tanh", "conv2d"]
    assert conforming(report) == ["sigmoid"]
    report.deviations = {"tanh.values": Deviation("tanh.values", "so", "https://example.org")}
    assert failing(report) == ["relu", "conv2d"]
    assert conforming(report) == ["sigmoid"]


def test_the_verdict_is_one_of_three(report: Report) -> None:
    assert verdict(report) == "does not conform"
    names = [result.requirement for _, result in report.failures]
    report.deviations = {name: Deviation(name, "so", "https://example.org") for name in names}
    assert verdict(report) == "conforms"
    report.operators = report.operators[-1:]
    assert verdict(report) == "nothing could be judged"


def test_only_what_was_judged_can_be_outdated(report: Report) -> None:
    deviations = [
        Deviation(name, "so", "https://example.org") for name in ("sigmoid.values", "linear.values", "relu.values")
    ]
    report.deviations = {deviation.requirement: deviation for deviation in deviations}
    assert report.outdated == deviations[:1]
    assert [line.partition(" ")[0] for line in to_remove(report)] == ["sigmoid.values"]


@pytest.mark.parametrize("status", ["not provided", "not supported", "not tested"])
def test_nothing_is_outdated_where_nothing_ran(status: str, report: Report) -> None:
    report.deviations = {"sigmoid.values": Deviation("sigmoid.values", "so", "https://example.org")}
    (sigmoid,) = [each for each in report.operators if each.operator == "sigmoid"]
    assert [each.requirement for each in report.outdated] == ["sigmoid.values"]
    sigmoid.status = status
    assert report.outdated == []


def test_coverage_adds_up_over_operators(report: Report) -> None:
    assert coverage(report) == "2-way combinations of the factors of 4 operators: 37 of 40"
    report.operators = report.operators[3:4]
    assert coverage(report) == "every 2-way combination of 3 factors: 10 of 10"
    assert coverage(Report("mine", "quick", 0, {})) == ""
