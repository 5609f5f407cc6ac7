"""A report says the same in JSON and in JUnit's XML, and both can be read by others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pytest

import conformance
from conformance.case import Case
from conformance.comparison import Failure, Violation
from conformance.covering import Coverage
from conformance.implementation import Implementation, load
from conformance.judge import judge
from conformance.outcome import OperatorResult, RequirementResult
from conformance.plan import Plan
from conformance.report import Report, as_dict, as_json
from conformance.reports import write
from conformance.reports.failing import provided
from conformance.reports.junit import as_junit

SCHEMA = json.loads((Path(conformance.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
WRONG = Path(__file__).parents[1] / "implementations" / "wrong"
CASE = Case("relu", {"x": (2,)}, note="two numbers")


COVERAGE = Coverage(2, 3, 10, 10)


def result(name: str, status: str, worst: float = 0.25, message: str = "y[0] is 1.0, want 0.0") -> RequirementResult:
    failures = [Failure(CASE, Violation(message))] if status == "fails" else []
    return RequirementResult(
        f"relu.{name}",
        "values",
        "It is.",
        status,
        cases=3,
        failed=len(failures),
        not_supported=1,
        inconclusive=2,
        worst=worst,
        failures=failures,
    )


def report(*results: RequirementResult, status: str = "conforms", target: str = "mine") -> Report:
    return Report(
        target, "quick", 7, {"max_pool2d.ties": "any"}, [OperatorResult("relu", status, [*results], 1.23456, COVERAGE)]
    )


def run(implementation: Implementation) -> Report:
    ran = Report(implementation.target, "quick", 0, implementation.conventions)
    ran.operators.extend(judge(implementation, ["relu", "sgd_update"], Plan("quick")))
    return ran


def parsed(written: Report) -> ElementTree.Element:
    return ElementTree.fromstring(as_junit(written))  # noqa: S314 - our own report


PASSING = report(result("values", "conforms"), result("shape", "not supported"))
FAILING = report(result("values", "fails", np.inf), result("shape", "conforms"), status="fails")


@pytest.mark.no_cover
@pytest.mark.parametrize("target", ["refcnn", str(WRONG / "null_ones.py"), str(WRONG / "input_mutated.py")])
def test_the_report_of_a_run_has_the_form_of_the_schema(target: str) -> None:
    plain = json.loads(as_json(run(load(target))))
    jsonschema.validate(plain, SCHEMA)
    assert plain["conforms"] is (target == "refcnn")
    assert list(plain["operators"]) == ["relu", "sgd_update"]


def test_the_schema_is_one_and_refuses_what_it_does_not_know() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(as_dict(PASSING) | {"more": 1}, SCHEMA)


def test_the_report_holds_what_was_found() -> None:
    assert as_dict(FAILING) == {
        "format": 1,
        "target": "mine",
        "profile": "quick",
        "seed": 7,
        "conforms": False,
        "conventions": {"max_pool2d.ties": "any"},
        "isolated": False,
        "exec": None,
        "recognised": "",
        "outdated": [],
        "operators": {
            "relu": {
                "status": "fails",
                "seconds": 1.235,
                "coverage": {"strength": 2, "factors": 3, "covered": 10, "legal": 10},
                "requirements": {
                    "relu.values": plain(FAILING) | {"worst": None},
                    "relu.shape": {**plain(FAILING), "status": "conforms", "failed": 0, "worst": 0.25, "failures": []},
                },
            }
        },
    }


def plain(_: Report) -> dict[str, Any]:
    return {
        "status": "fails",
        "kind": "values",
        "sentence": "It is.",
        "cases": 3,
        "failed": 1,
        "not_supported": 1,
        "inconclusive": 2,
        "not_run": 0,
        "diagnosis": "",
        "accepted": None,
        "failures": [
            {
                "message": "y[0] is 1.0, want 0.0",
                "case": {
                    "operator": "relu",
                    "shapes": {"x": [2]},
                    "attributes": {},
                    "dtype": "float64",
                    "layout": "contiguous",
                    "data": "uniform",
                    "seed": 0,
                    "note": "two numbers",
                },
            }
        ],
    }


def test_json_has_no_infinity() -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    read = json.loads(as_json(FAILING), parse_constant=refuse)
    assert read["operators"]["relu"]["requirements"]["relu.values"]["worst"] is None


def test_a_case_of_a_report_can_be_read_back() -> None:
    read = json.loads(as_json(FAILING))["operators"]["relu"]["requirements"]["relu.values"]["failures"][0]
    assert Case.from_dict(read["case"]) == CASE


@pytest.mark.parametrize(
    ("statuses", "conforms"),
    [
        (["conforms"], True),
        (["conforms", "not provided", "not supported"], True),
        (["conforms", "fails"], False),
        (["not supported"], False),
        ([], False),
    ],
)
def test_something_must_conform_and_nothing_fail(statuses: list[str], conforms: bool) -> None:
    operators = [OperatorResult(f"op{position}", status, [], 0.0, COVERAGE) for position, status in enumerate(statuses)]
    assert Report("mine", "quick", 0, {}, operators).conforms is conforms


def test_failures_are_the_broken_requirements() -> None:
    (operator,) = FAILING.operators
    assert FAILING.failures == [(operator, operator.requirements[0])]
    assert PASSING.failures == []


def test_provided_leaves_out_what_is_not() -> None:
    operators = [
        OperatorResult(status, status, [], 0.0, COVERAGE) for status in ("fails", "not provided", "not supported")
    ]
    assert [each.operator for each in provided(Report("mine", "quick", 0, {}, operators))] == ["fails", "not supported"]


def test_junit_counts_what_the_report_counts() -> None:
    root = parsed(report(*FAILING.operators[0].requirements, result("x", "not supported")))
    assert root.get("name") == "refcnn verify mine"
    (suite,) = root
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped", "errors", "time")} == {
        "name": "relu",
        "tests": "3",
        "failures": "1",
        "skipped": "1",
        "errors": "0",
        "time": "1.235",
    }
    assert [case.get("name") for case in suite] == ["relu.values", "relu.shape", "relu.x"]
    assert {case.get("classname") for case in suite} == {"conformance.relu"}


def test_junit_shows_the_failure_the_case_and_the_reason_to_skip() -> None:
    root = parsed(report(*FAILING.operators[0].requirements, result("x", "not supported")))
    failed, passed, skipped = root[0]
    assert failed[0].tag == "failure"
    assert failed[0].get("message") == "y[0] is 1.0, want 0.0"
    assert failed[0].text == f"It is.\n{CASE.to_json()}"
    assert len(passed) == 0
    assert (skipped[0].tag, skipped[0].get("message")) == ("skipped", "not supported")


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0b", "\x1b", "\x1f", "\ufffe", "\uffff"], ids=ascii)
def test_junit_replaces_the_characters_that_xml_cannot_hold(character: str) -> None:
    failing = report(result("values", "fails", message=f"raised Odd: a{character}b"), status="fails")
    (failure,) = parsed(failing).iter("failure")
    assert failure.get("message") == "raised Odd: a\N{REPLACEMENT CHARACTER}b"


def test_junit_replaces_them_in_the_name_of_a_target_too() -> None:
    assert parsed(report(target="a\x01.py")).get("name") == "refcnn verify a\N{REPLACEMENT CHARACTER}.py"


def test_junit_keeps_markup_and_other_scripts() -> None:
    failing = report(result("values", "fails", message="<b>&'\"⟨y⟩ 数"), status="fails")
    (failure,) = parsed(failing).iter("failure")
    assert failure.get("message") == "<b>&'\"⟨y⟩ 数"


def test_the_ending_of_a_file_names_the_form(tmp_path: Path) -> None:
    for name, text in (("a.json", as_json(FAILING)), ("a.xml", as_junit(FAILING))):
        write(FAILING, tmp_path / name, load("refcnn"))
        assert (tmp_path / name).read_text(encoding="utf-8") == text
