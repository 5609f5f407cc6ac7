"""The command ``refcnn``."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from conformance.case import Case
from conformance.cli_init import init
from conformance.cli_isolation import chosen_source
from conformance.cli_judging import Profile, check_file, chosen_operators, judge_into
from conformance.cli_matrix import compare, matrix
from conformance.cli_train import predict, summary, train
from conformance.cli_vectors import vectors
from conformance.console import make_console, print_report, refuse
from conformance.deviations import DeviationError, read_deviations
from conformance.device import load_on
from conformance.implementation import Implementation, TargetError
from conformance.isolation.signals import end_all_on_signals
from conformance.replay import replay
from conformance.report import Report, printable
from conformance.reports import FORMS, WRITERS, write
from conformance.reports.github import annotate

CONFORMS, DOES_NOT_CONFORM = 0, 1


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(train)
app.command()(predict)
app.command()(summary)
app.command()(init)
app.command()(matrix)
app.command()(compare)
app.add_typer(vectors, name="vectors")


def print_version(asked: bool) -> None:
    """Print the version and end, where it was asked for."""
    if asked:
        typer.echo(f"refcnn {metadata.version('refcnn')}")
        raise typer.Exit


@app.callback()
def begin(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Judge implementations of convolutional-network operators; train networks on them."""


@app.command()
def verify(
    target: Annotated[
        str | None,
        typer.Argument(
            help="A module, path/to/file.py, or either with :name of an object in it.", show_default="refcnn"
        ),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option("--exec", help="Judge this program instead, which answers requests on its standard input."),
    ] = None,
    isolate: Annotated[bool, typer.Option("--isolate", help="Give the target a process of its own.")] = False,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds that a call in such a process may take.", show_default="10")
    ] = None,
    memory: Annotated[
        int | None, typer.Option(min=1, help="MiB that such a process may use.", show_default="2048")
    ] = None,
    op: Annotated[list[str] | None, typer.Option("--op", help="Judge this operator alone; repeatable.")] = None,
    profile: Annotated[Profile, typer.Option(help="How many cases to run.")] = Profile.DEFAULT,
    seed: Annotated[int, typer.Option(min=0, help="Makes the data; the same seed repeats the same run.")] = 0,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", "-x", help="Stop at the first broken requirement.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-n", min=1, help="Judge this many operators at once.", show_default="cores, at most 4"),
    ] = None,
    report: Annotated[list[Path] | None, typer.Option("--report", help=f"Write a report; {FORMS}. Repeatable.")] = None,
    expect: Annotated[
        Path | None, typer.Option("--expect", help="TOML file of accepted deviations, each with reason and link.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where a target computes that can choose, such as PyTorch's adapter: cuda.")
    ] = None,
    case: Annotated[str | None, typer.Option("--replay", help="Repeat one case, given as JSON.")] = None,
    check: Annotated[
        str | None, typer.Option("--check", help="With --replay: the requirement to check, such as conv2d.values.")
    ] = None,
) -> None:
    """Judge an implementation of the contract, by default the NumPy reference.

    The exit status is 0 if all that the target provides conforms, 1 if something does not or an accepted deviation
    no longer occurs, and 2 if the target could not be judged.
    """
    if check is not None and case is None:
        refuse("--check names the requirement for --replay, which was not given")
    if case is not None:
        for option, given in (("--report", report), ("--op", op), ("--fail-fast", fail_fast), ("--expect", expect)):
            if given:
                refuse(f"--replay repeats one case, without {option}, which was given")
    if expect is not None and fail_fast:
        refuse("--expect needs every requirement judged, and --fail-fast stops at the first that is broken")
    for path in report or []:
        check_file("--report", path, WRITERS)
    operators = chosen_operators(op)
    source = chosen_source(target, command, isolate=isolate, timeout=timeout, memory=memory)
    try:
        deviations = {} if expect is None else read_deviations(expect)
        implementation = load_on(target or command or "refcnn", device, source)
    except DeviationError as error:
        refuse(f"--expect: {error}")
    except TargetError as error:
        refuse(str(error))
    if case is not None:
        raise typer.Exit(_replay(implementation, case, check))
    record = Report(
        implementation.target,
        profile.value,
        seed,
        implementation.conventions,
        deviations=deviations,
        recognised=implementation.recognised,
        source=source,
    )
    try:
        judge_into(record, implementation, operators, fail_fast=fail_fast, jobs=jobs or min(os.cpu_count() or 1, 4))
    except TargetError as error:
        refuse(str(error))
    print_report(make_console(), record)
    for path in report or []:
        write(record, path, implementation)
    annotate(record, os.environ)
    if record.failures or record.outdated:
        raise typer.Exit(DOES_NOT_CONFORM)
    if record.unwritten:
        refuse(f"target {record.target!r}: nothing is implemented yet, for every call raised NotImplementedError")
    if not record.conforms:
        refuse(f"target {record.target!r}: no case could be judged, so nothing is known about {', '.join(operators)}")


def _replay(implementation: Implementation, text: str, check: str | None) -> int:
    console = make_console()
    status = CONFORMS
    try:
        for line in replay(implementation, Case.from_json(text), check):
            text = escape(printable(line.text))
            console.print(f"[bold red]{text}[/]" if line.violated else text, soft_wrap=True)
            status = DOES_NOT_CONFORM if line.violated else status
    except ValueError as error:
        refuse(f"--replay: {error}")
    return status


def main() -> None:
    """Run the command."""
    end_all_on_signals()
    app()
