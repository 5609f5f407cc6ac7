"""The command ``refcnn``."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from conformance.case import Case
from conformance.cli_train import predict, summary, train
from conformance.console import make_console, print_report, refuse
from conformance.contract import OPERATORS, operator_of
from conformance.implementation import Implementation, TargetError, load
from conformance.judge import judge
from conformance.plan import Plan
from conformance.replay import replay
from conformance.report import WRITERS, Report, write

CONFORMS, DOES_NOT_CONFORM = 0, 1


class Profile(StrEnum):
    """How many cases to run."""

    QUICK = "quick"
    DEFAULT = "default"
    EXHAUSTIVE = "exhaustive"


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Judge implementations of convolutional-network operators; train networks on them.",
)
app.command()(train)
app.command()(predict)
app.command()(summary)


@app.command()
def verify(
    target: Annotated[
        str, typer.Argument(help="A module, path/to/file.py, or either with :name of an object in it.")
    ] = "refcnn",
    op: Annotated[list[str] | None, typer.Option("--op", help="Judge this operator alone; repeatable.")] = None,
    profile: Annotated[Profile, typer.Option(help="How many cases to run.")] = Profile.DEFAULT,
    seed: Annotated[int, typer.Option(min=0, help="Makes the data; the same seed repeats the same run.")] = 0,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", "-x", help="Stop at the first broken requirement.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-n", min=1, help="Judge this many operators at once.", show_default="cores, at most 4"),
    ] = None,
    report: Annotated[
        list[Path] | None, typer.Option("--report", help="Write a report; .json or .xml (JUnit). Repeatable.")
    ] = None,
    case: Annotated[str | None, typer.Option("--replay", help="Repeat one case, given as JSON.")] = None,
    check: Annotated[
        str | None, typer.Option("--check", help="With --replay: the requirement to check, such as conv2d.values.")
    ] = None,
) -> None:
    """Judge an implementation of the contract, by default the NumPy reference.

    The exit status is 0 if all that the target provides conforms, 1 if something does not, and 2 if the target
    could not be judged.
    """
    if check is not None and case is None:
        refuse("--check names the requirement for --replay, which was not given")
    for path in report or []:
        if path.suffix not in WRITERS:
            refuse(f"--report must end in {' or '.join(WRITERS)}, got {path}")
        if not path.parent.is_dir():
            refuse(f"--report must name a file in an existing folder, got {path}")
    operators = _operators(op)
    try:
        implementation = load(target)
    except TargetError as error:
        refuse(str(error))
    if case is not None:
        raise typer.Exit(_replay(implementation, case, check))
    record = Report(target, profile.value, seed, implementation.conventions)
    try:
        _judge(implementation, operators, record, fail_fast=fail_fast, jobs=jobs or min(os.cpu_count() or 1, 4))
    except TargetError as error:
        refuse(str(error))
    print_report(make_console(), record)
    for path in report or []:
        write(record, path)
    if record.failures:
        raise typer.Exit(DOES_NOT_CONFORM)
    if not record.conforms:
        refuse(f"target {target!r}: no case could be judged, so nothing is known about {', '.join(operators)}")


def _operators(names: list[str] | None) -> list[str]:
    """Return the operators to judge; a backward function stands for its operator."""
    chosen = []
    for name in names or OPERATORS:
        try:
            chosen.append(operator_of(name).name)
        except KeyError:
            refuse(f"--op must be one of {', '.join(OPERATORS)}; got {name!r}")
    return list(dict.fromkeys(chosen))


def _judge(implementation: Implementation, operators: list[str], record: Report, *, fail_fast: bool, jobs: int) -> None:
    """Judge the operators behind a progress bar on the error stream."""
    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    console = make_console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(operators))
        for result in judge(
            implementation,
            operators,
            Plan(record.profile, record.seed),
            fail_fast=fail_fast,
            jobs=jobs,
            progress=lambda name: bar.update(task, description=name),
        ):
            record.operators.append(result)
            bar.advance(task)


def _replay(implementation: Implementation, text: str, check: str | None) -> int:
    console = make_console()
    status = CONFORMS
    try:
        for line in replay(implementation, Case.from_json(text), check):
            console.print(f"[bold red]{escape(line.text)}[/]" if line.violated else escape(line.text), soft_wrap=True)
            status = DOES_NOT_CONFORM if line.violated else status
    except ValueError as error:
        refuse(f"--replay: {error}")
    return status


def main() -> None:
    """Run the command."""
    app()
