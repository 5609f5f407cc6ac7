"""On GitHub a broken requirement is an annotation, and nothing that a target says becomes a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.deviations import Deviation
from conformance.report import Report
from conformance.reports.github import annotate, commands
from conformance.reports.markdown import as_markdown


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").touch()
    Path("a,b:c.py").touch()


def test_each_broken_requirement_is_one_command_of_one_line(report: Report) -> None:
    lines = list(commands(report))
    assert [line.partition("::")[2].partition("::")[0] for line in lines] == [
        f"error file=mine.py,title={name}"
        for name in ("relu.values", "relu.refusals", "tanh.values", "conv2d.values", "conv2d.adjoint")
    ]
    assert not any("\n" in line or "\r" in line for line in lines)


def test_the_message_says_what_is_required_found_and_likely(report: Report) -> None:
    lines = list(commands(report))
    assert "::Every result is the contract's, within the rounding that its arithmetic can have.%0Ay[" in lines[3]
    assert lines[3].endswith("%0Alooks like: the kernel is flipped")


def test_what_a_target_says_is_escaped(report: Report) -> None:
    (line,) = [each for each in commands(report) if "tanh.values" in each]
    assert "%0A::error::owned%0A" in line
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("mine.py", "file=mine.py,"),
        ("mine.py:Ops", "file=mine.py,"),
        ("a,b:c.py", "file=a%2Cb%3Ac.py,"),
        ("package.module", ""),
        ("package.module:Ops", ""),
        ("gone.py", ""),
    ],
)
def test_a_file_is_named_where_the_target_is_one(target: str, place: str, report: Report) -> None:
    report.target = target
    assert next(commands(report)).startswith(f"::error {place}title=relu.values::")


def test_per_cent_and_carriage_return_are_escaped(report: Report) -> None:
    report.operators[0].requirements[0].sentence = "100 %\r"
    assert "::100 %25" in next(commands(report))
    assert "\r" not in next(commands(report))


def test_an_outdated_deviation_is_an_annotation(report: Report) -> None:
    report.deviations = {"sigmoid.values": Deviation("sigmoid.values", "so", "https://example.org")}
    assert list(commands(report))[-1].startswith("::error title=accepted deviations::sigmoid.values no longer deviates")


def test_the_summary_of_the_step_grows(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    Path("summary").write_text("before\n", encoding="utf-8")
    annotate(report, {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary"})
    assert Path("summary").read_text(encoding="utf-8") == f"before\n{as_markdown(report)}"
    assert capsys.readouterr().out.count("::error file=mine.py,title=") == 5


def test_without_a_summary_there_are_annotations_alone(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    annotate(report, {"GITHUB_ACTIONS": "true"})
    assert capsys.readouterr().out.count("::error ") == 5


@pytest.mark.parametrize("environment", [{}, {"GITHUB_ACTIONS": "false"}, {"GITHUB_STEP_SUMMARY": "summary"}])
def test_elsewhere_nothing_is_added(
    environment: dict[str, str], report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    annotate(report, environment)
    assert capsys.readouterr().out == ""
    assert not Path("summary").exists()
