"""The report as Markdown, for the summary of a pull request: the verdict, a table, and each failure folded away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conformance.deviations import accepted
from conformance.outcome import OperatorResult, RequirementResult
from conformance.report import Report, one_line, printable
from conformance.reports.failing import (
    counted,
    coverage,
    details,
    failing,
    provided,
    ratio,
    repeat_command,
    to_remove,
    verdict,
)
from conformance.requirements import KINDS

# A comment on a pull request may have 65,536 characters; a failure takes about one thousand.
_SHOWN = 25


def as_markdown(report: Report) -> str:
    """Return the report as Markdown; of very many failures the first are told whole."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    names = f": {', '.join(failing(report))}" if report.failures else ""
    sign = {"conforms": "✅", "does not conform": "❌"}.get(verdict(report), "⚠️")
    yield f"## {sign} {code(report.target)} {verdict(report)}{names}"
    yield ""
    yield f"{text('; '.join(details(report)))} (profile {report.profile}, seed {report.seed})."
    yield ""
    yield from table(
        ("operator", "status", *KINDS, "worst"),
        (_row(report, operator) for operator in provided(report)),
        left=2,
    )
    if figure := coverage(report):
        yield from ("", f"Covered: {figure}.")
    yield from (f"\n❌ {line}." for line in to_remove(report))
    yield from (_accepted(report, result) for _, result in report.accepted)
    for _, result in report.failures[:_SHOWN]:
        yield from _failure(report, result)
    if (more := len(report.failures) - _SHOWN) > 0:
        yield from ("", f"{more} more broken requirements stand in the other forms of this report.")


def _row(report: Report, operator: OperatorResult) -> list[str]:
    worst = max((result.worst for result in operator.requirements), default=0.0)
    kinds = [_cell([result for result in operator.requirements if result.kind == kind]) for kind in KINDS]
    return [code(operator.operator), report.status(operator), *kinds, ratio(worst) if operator.cases else ""]


def _cell(results: list[RequirementResult]) -> str:
    cases, failed = sum(result.cases for result in results), sum(result.failed for result in results)
    if failed:
        return f"**{failed}/{cases}**"
    return str(cases) if cases else "–"


def _accepted(report: Report, result: RequirementResult) -> str:
    why = accepted(report.deviations[result.requirement])
    return f"\n{code(result.requirement)}: {text(why)}"


def _failure(report: Report, result: RequirementResult) -> Iterator[str]:
    yield from ("", "<details>", f"<summary><code>{result.requirement}</code>: {counted(result)}</summary>", "")
    yield result.sentence
    for failure in result.failures:
        yield from ("", *fence(failure.violation.message))
        if result.diagnosis:
            yield from ("", f"Looks like: {text(result.diagnosis)}")
        note = f" ({failure.case.note})" if failure.case.note else ""
        yield from ("", f"Smallest case: {code(failure.case.describe() + note)}. Repeat it with", "")
        yield from fence(repeat_command(report.named, result.requirement, failure.case.to_json()), "sh")
    yield from ("", "</details>")


def table(header: Iterable[str], rows: Iterable[Iterable[str]], left: int = 1) -> Iterator[str]:
    r"""Yield the lines of a table; the first ``left`` columns are words, the others numbers.

    Examples
    --------
    >>> print("\n".join(table(("operator", "cases"), [("relu", "3")])))
    | operator | cases |
    | --- | ---: |
    | relu | 3 |
    """
    header = [_without_bars(cell) for cell in header]
    yield f"| {' | '.join(header)} |"
    yield f"| {' | '.join('---' if column < left else '---:' for column in range(len(header)))} |"
    for row in rows:
        yield f"| {' | '.join(map(_without_bars, row))} |"


def _without_bars(cell: str) -> str:
    return cell.replace("|", r"\|")


def code(words: str) -> str:
    """Write words as code, whatever they hold.

    Examples
    --------
    >>> print(code("a`b"))
    `` a`b ``
    """
    words = one_line(words)
    ticks = "`" * (1 + max(map(len, re.findall("`+", words)), default=0))
    return f"{ticks} {words} {ticks}" if len(ticks) > 1 else f"`{words}`"


def fence(words: str, language: str = "text") -> list[str]:
    """Write words as a block of code that nothing in them can end."""
    ticks = "`" * max(3, 1 + max(map(len, re.findall("`+", words)), default=0))
    return [f"{ticks}{language}", printable(words), ticks]


def text(words: str) -> str:
    """Write words of a person, so that none of them is markup."""
    return re.sub(r"([\\`*_\[\]<>|#&~])", r"\\\1", one_line(words))
