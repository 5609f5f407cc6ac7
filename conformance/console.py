"""The report as a person reads it at a terminal: a table, then each failure in full."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.deviations import accepted
from conformance.outcome import CONFORMS, FAILS, OperatorResult, RequirementResult
from conformance.report import ACCEPTED, Report, one_line, printable
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

# Wide enough for the table; a narrower terminal folds it.
_WIDTH = 136
STYLES = {CONFORMS: "green", FAILS: "bold red", ACCEPTED: "yellow"}


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that does not squeeze the table where the output is no terminal."""
    console = Console(stderr=stderr, highlight=False, emoji=False)
    if console.is_terminal:
        return console
    return Console(stderr=stderr, highlight=False, emoji=False, width=_WIDTH, soft_wrap=True)


def refuse(reason: str, status: int = 2) -> NoReturn:
    """Say in one line on the error stream why there is nothing to show, and end the command."""
    make_console(stderr=True).print(
        f"[bold red]refcnn:[/] {escape(printable(' '.join(reason.splitlines())))}", soft_wrap=True
    )
    raise typer.Exit(status)


def print_report(console: Console, report: Report) -> None:
    """Print the table, every failure, and the verdict."""
    console.print(_table(report))
    if figure := coverage(report):
        console.print(figure)
    for operator, result in report.failures:
        _print_failure(console, report, operator, result)
    for _, result in report.accepted:
        _print_accepted(console, report, result)
    for line in to_remove(report):
        console.print(f"\n[bold red]{escape(line)}[/]")
    console.print(_verdict(report))


def _table(report: Report) -> Table:
    run = f"{report.profile}, seed {report.seed}"
    table = Table(
        title=f"{escape(one_line(report.target))}: cases that ran, by kind of evidence ({run})",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("operator", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for name in (*KINDS, "worst", "time"):
        table.add_column(name, justify="right")
    for operator in provided(report):
        status = report.status(operator)
        style = STYLES.get(status, "dim")
        table.add_row(
            operator.operator,
            f"[{style}]{status}[/]",
            *(_cell(operator, kind) for kind in KINDS),
            ratio(max((result.worst for result in operator.requirements), default=0.0)) if operator.cases else "",
            f"{operator.seconds:.1f} s" if operator.cases else "",
        )
    return table


def _cell(operator: OperatorResult, kind: str) -> str:
    results = [result for result in operator.requirements if result.kind == kind]
    cases, failed = sum(result.cases for result in results), sum(result.failed for result in results)
    if failed:
        return f"[bold red]{failed}/{cases}[/]"
    return str(cases) if cases else "[dim]–[/]"


def _print_failure(console: Console, report: Report, operator: OperatorResult, result: RequirementResult) -> None:
    console.print(f"\n[bold red]{operator.operator} FAILS {result.requirement}[/]   {counted(result)}")
    console.print(f"  required: {escape(result.sentence)}")
    for failure in result.failures:
        note = f"   ({failure.case.note})" if failure.case.note else ""
        console.print(f"  smallest: {escape(failure.case.describe())}{escape(note)}")
        console.print(f"  found:    {escape(_indented(failure.violation.message))}")
        if result.diagnosis:
            console.print(f"  looks like: {escape(result.diagnosis)}")
        console.print(f"  repeat:   {escape(repeat_command(report.named, result.requirement, failure.case.to_json()))}")


def _indented(message: str) -> str:
    """Mark the further lines of a message: to some readers, such as GitHub, a line may be a command."""
    return printable(message).replace("\n", "\n            | ")


def _print_accepted(console: Console, report: Report, result: RequirementResult) -> None:
    """Show a deviation that is accepted in two lines, for it is known."""
    why = accepted(report.deviations[result.requirement])
    console.print(f"\n[bold yellow]{result.requirement}[/]   {counted(result)}")
    console.print(f"  {escape(printable(why))}")


def _verdict(report: Report) -> str:
    style = {"does not conform": "bold red", "conforms": "bold green"}.get(verdict(report), "bold yellow")
    names = f": {', '.join(failing(report))}" if report.failures else ""
    target, rests_on = escape(one_line(report.target)), escape("; ".join(details(report)))
    return f"\n{target} [{style}]{verdict(report)}[/]{names}   ({rests_on})"
