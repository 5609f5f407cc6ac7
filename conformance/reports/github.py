"""What GitHub shows of a run: an annotation a broken requirement, and the summary of the job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import typer

from conformance.report import Report, printable
from conformance.reports.failing import to_remove
from conformance.reports.markdown import as_markdown


def annotate(report: Report, environment: Mapping[str, str]) -> None:
    """Print annotations where a job of GitHub Actions runs, and add the report to the summary of its step."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return
    for line in commands(report):
        typer.echo(line)
    if summary := environment.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(as_markdown(report))


def commands(report: Report) -> Iterator[str]:
    """Yield a workflow command for each broken requirement and each deviation that no longer occurs.

    Examples
    --------
    >>> list(commands(Report("mine.py", "quick", 0, {})))
    []
    """
    place = _file(report.target)
    for _, result in report.failures:
        found = "".join(f"\n{failure.violation.message}" for failure in result.failures)
        looks_like = f"\nlooks like: {result.diagnosis}" if result.diagnosis else ""
        yield _error(place, result.requirement, f"{result.sentence}{found}{looks_like}")
    for line in to_remove(report):
        yield _error("", "accepted deviations", line)


def _file(target: str) -> str:
    """Return the file of a target, where it is one: a module has no place in the repository that is known."""
    path = target if target.endswith(".py") else target.rpartition(":")[0]
    return path if path.endswith(".py") and Path(path).is_file() else ""


def _error(file: str, title: str, message: str) -> str:
    # GitHub's own escapes: a line break would end the command, and what follows could be another one.
    place = f"file={_property(file)}," if file else ""
    return f"::error {place}title={_property(title)}::{_data(printable(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
