"""What a person reads: a table of counts, every failure with the command that repeats it, and the verdict."""

from __future__ import annotations

import shlex
from io import StringIO

import numpy as np
import pytest
import typer
from rich.console import Console

from conformance.case import Case
from conformance.comparison import Failure, Violation
from conformance.console import make_console, print_report, refuse
from conformance.covering import Coverage
from conformance.outcome import OperatorResult, RequirementResult
from conformance.report import Report
from conformance.reports.failing import repeat_command

CASE = Case("relu", {"x": (2,)}, note="[two] numbers")


def result(
    kind: str, cases: int, failed: int = 0, worst: float = 0.5, message: str = "y[0] is 1.0"
) -> RequirementResult:
    failures = [Failure(CASE, Violation(message))] if failed else []
    status = "fails" if failed else "conforms"
    return RequirementResult(
        f"relu.{kind}", kind, "It [is].", status, cases=cases, failed=failed, worst=worst, failures=failures
    )


def operator(name: str, status: str, *results: RequirementResult) -> OperatorResult:
    return OperatorResult(name, status, list(results), 1.25, Coverage(2, 3, 9, 10))


def text(*operators: OperatorResult, target: str = "mine", **conventions: str) -> str:
    stream = StringIO()
    named = {name.replace("__", "."): value for name, value in conventions.items()}
    console = Console(file=stream, width=200, highlight=False, soft_wrap=True)
    print_report(console, Report(target, "quick", 3, named, list(operators)))
    return stream.getvalue()


def row(report: str, name: str) -> list[str]:
    return next(line.split() for line in report.splitlines() if line.strip().startswith(f"{name} "))


CONFORMING = operator("relu", "conforms", result("values", 12), result("purity", 3, worst=0.123))


def test_the_title_says_what_was_judged_and_how() -> None:
    assert "mine: cases that ran, by kind of evidence (quick, seed 3)" in text(CONFORMING)


def test_a_row_counts_the_cases_by_kind() -> None:
    cells = row(text(CONFORMING), "relu")
    assert cells == ["relu", "conforms", "12", *"–" * 6, "3", "–", "–", "0.50", "1.2", "s"]


def test_a_failed_kind_shows_how_many_of_how_many() -> None:
    assert row(text(operator("relu", "fails", result("values", 12, 5))), "relu")[:3] == ["relu", "fails", "5/12"]


@pytest.mark.parametrize(
    ("worst", "shown"), [(0.0, "0.00"), (99.9, "99.90"), (12345.0, "1e+04"), (np.inf, "∞")], ids=str
)
def test_the_worst_error_is_short(worst: float, shown: str) -> None:
    assert row(text(operator("relu", "conforms", result("values", 1, worst=worst))), "relu")[-3] == shown


def test_what_did_not_run_has_neither_error_nor_time() -> None:
    assert row(text(operator("relu", "not supported")), "relu") == ["relu", "not", "supported", *"–" * 10]


def test_a_failure_is_told_whole() -> None:
    lines = text(operator("relu", "fails", result("values", 12, 5, worst=2.5))).splitlines()
    start = lines.index("relu FAILS relu.values   12 cases, 5 wrong, worst error 2.50 × allowed")
    assert lines[start + 1 : start + 5] == [
        "  required: It [is].",
        "  smallest: x (2) float64   ([two] numbers)",
        "  found:    y[0] is 1.0",
        f"  repeat:   refcnn verify mine --check relu.values --replay '{CASE.to_json()}'",
    ]


def test_an_infinite_error_has_no_measure() -> None:
    report = text(operator("relu", "fails", result("values", 12, 5, worst=np.inf)))
    assert "relu FAILS relu.values   12 cases, 5 wrong\n" in report


def test_a_target_takes_one_line_and_no_control_characters() -> None:
    report = text(CONFORMING, target="a\x1b[2J\n::error::b.py")
    assert "\x1b" not in report
    assert not any(line.startswith("::") for line in report.splitlines())
    assert report.splitlines()[-1].startswith("a\N{REPLACEMENT CHARACTER}[2J ::error::b.py conforms ")


def test_a_refusal_takes_one_line_and_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        refuse("a\x1b]0;b\n::error::c")
    assert capsys.readouterr().err == "refcnn: a\N{REPLACEMENT CHARACTER}]0;b ::error::c\n"


@pytest.mark.parametrize("message", ["got [red]x[/red]", "[/]", "a[0, 1] is [2]"])
def test_brackets_of_a_message_are_no_markup(message: str) -> None:
    assert f"  found:    {message}\n" in text(operator("relu", "fails", result("values", 1, 1, message=message)))


def test_the_command_that_repeats_a_case_survives_a_shell() -> None:
    command = repeat_command(["my folder/it's.py:Ops"], "relu.values", CASE.to_json())
    assert shlex.split(command) == [
        *("refcnn", "verify", "my folder/it's.py:Ops"),
        *("--check", "relu.values", "--replay", CASE.to_json()),
    ]


@pytest.mark.parametrize(
    ("operators", "verdict"),
    [
        ([CONFORMING], "mine conforms   (1 operator provided; 15 cases)"),
        (
            [CONFORMING, operator("tanh", "fails", result("values", 2, 1))],
            "mine does not conform: tanh   (2 operators provided; 17 cases)",
        ),
        ([operator("relu", "not supported")], "mine nothing could be judged   (1 operator provided; 0 cases)"),
        (
            [CONFORMING, operator("tanh", "not provided"), operator("softmax", "not provided")],
            "mine conforms   (1 operator provided; 15 cases; not provided: tanh, softmax)",
        ),
    ],
    ids=["conforms", "fails", "not supported", "not provided"],
)
def test_the_verdict_comes_last(operators: list[OperatorResult], verdict: str) -> None:
    assert text(*operators).splitlines()[-1] == verdict


def test_the_verdict_names_what_was_declared() -> None:
    report = text(CONFORMING, max_pool2d__ties="any", conv2d__accuracy="normwise")
    assert report.splitlines()[-1].endswith(
        "(1 operator provided; 15 cases; declared: max_pool2d.ties=any, conv2d.accuracy=normwise)"
    )


@pytest.mark.parametrize("stderr", [False, True])
def test_a_console_that_is_no_terminal_is_wide(stderr: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    console = make_console(stderr=stderr)
    assert console.stderr is stderr
    assert console.width >= 128
    assert console.soft_wrap


def test_a_terminal_keeps_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "77")
    console = make_console()
    assert console.is_terminal
    assert console.width == 77
    assert not console.soft_wrap
