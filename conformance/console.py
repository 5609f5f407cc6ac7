"""The report as a person reads it at a terminal: a table, then each failure in full."""

from __future__ import annotations

import math
import shlex
from typing import NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.judge import CONFORMS, FAILS, NOT_PROVIDED, OperatorResult, RequirementResult
from conformance.report import Report, printable, provided
from conformance.requirements import KINDS

# Wide enough for the table; a narrower terminal folds it.
_WIDTH = 136
_STYLES = {CONFORMS: "green", FAILS: "bold red"}


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that does not squeeze the table where the output is no terminal."""
    console = Console(stderr=stderr, highlight=False, emoji=False)
    if console.is_terminal:
        return console
    return Console(stderr=stderr, highlight=False, emoji=False, width=_WIDTH, soft_wrap=True)


def refuse(reason: str, status: int = 2) -> NoReturn:
    """Say in one line on the error stream why there is nothing to show, and end the command."""
    make_console(stderr=True).print(f"[bold red]refcnn:[/] {escape(reason)}", soft_wrap=True)
    raise typer.Exit(status)


def print_report(console: Console, report: Report) -> None:
    """Print the table, every failure, and the verdict."""
    console.print(_table(report))
    if figure := _coverage(report):
        console.print(figure)
    for operator, result in report.failures:
        _print_failure(console, report, operator, result)
    console.print(_verdict(report))


def _table(report: Report) -> Table:
    table = Table(
        title=f"{escape(report.target)}: cases that ran, by kind of evidence ({report.profile}, seed {report.seed})",
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
        style = _STYLES.get(operator.status, "dim")
        table.add_row(
            operator.operator,
            f"[{style}]{operator.status}[/]",
            *(_cell(operator, kind) for kind in KINDS),
            _ratio(max((result.worst for result in operator.requirements), default=0.0)) if operator.cases else "",
            f"{operator.seconds:.1f} s" if operator.cases else "",
        )
    return table


def _coverage(report: Report) -> str:
    """Say how many of the combinations of levels stood in cases that ran."""
    counts = [operator.coverage for operator in provided(report) if operator.cases]
    if len(counts) < 2:
        return "".join(map(str, counts))
    covered, legal = sum(each.covered for each in counts), sum(each.legal for each in counts)
    which = f"{'every ' * (covered == legal)}{counts[0].strength}-way combination{'s' * (covered != legal)}"
    return f"{which} of the factors of {len(counts)} operators: {covered:,} of {legal:,}"


def _cell(operator: OperatorResult, kind: str) -> str:
    results = [result for result in operator.requirements if result.kind == kind]
    cases, failed = sum(result.cases for result in results), sum(result.failed for result in results)
    if failed:
        return f"[bold red]{failed}/{cases}[/]"
    return str(cases) if cases else "[dim]–[/]"


def _ratio(worst: float) -> str:
    return f"{worst:.2f}" if worst < 100 else f"{worst:.0e}" if math.isfinite(worst) else "∞"


def _print_failure(console: Console, report: Report, operator: OperatorResult, result: RequirementResult) -> None:
    console.print(
        f"\n[bold red]{operator.operator} FAILS {result.requirement}[/]   "
        f"{result.cases} case{'s' * (result.cases != 1)}, {result.failed} wrong"
        + (f", worst error {_ratio(result.worst)} × allowed" if math.isfinite(result.worst) else "")
    )
    console.print(f"  required: {escape(result.sentence)}")
    for failure in result.failures:
        note = f"   ({failure.case.note})" if failure.case.note else ""
        console.print(f"  smallest: {escape(failure.case.describe())}{escape(note)}")
        console.print(f"  found:    {escape(printable(failure.violation.message))}")
        if result.diagnosis:
            console.print(f"  looks like: {escape(result.diagnosis)}")
        console.print(
            f"  repeat:   {escape(repeat_command(report.target, result.requirement, failure.case.to_json()))}"
        )


def repeat_command(target: str, requirement: str, case: str) -> str:
    """Return the command that repeats one case, fit for a shell."""
    return f"refcnn verify {shlex.quote(target)} --check {requirement} --replay {shlex.quote(case)}"


def _verdict(report: Report) -> str:
    judged = provided(report)
    cases = sum(operator.cases for operator in report.operators)
    missing = [operator.operator for operator in report.operators if operator.status == NOT_PROVIDED]
    parts = [f"{len(judged)} operator{'s' * (len(judged) != 1)} provided", f"{cases} cases"]
    if missing:
        parts.append(f"not provided: {', '.join(missing)}")
    if report.conventions:
        parts.append("declared: " + ", ".join(f"{name}={value}" for name, value in report.conventions.items()))
    if failing := [operator.operator for operator in report.operators if operator.status == FAILS]:
        verdict = f"[bold red]does not conform[/]: {', '.join(failing)}"
    else:
        verdict = "[bold green]conforms[/]" if report.conforms else "[bold yellow]nothing could be judged[/]"
    return f"\n{escape(report.target)} {verdict}   ({escape('; '.join(parts))})"
