"""The commands ``refcnn vectors export`` and ``refcnn vectors check``."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from conformance.cli_judging import check_file, chosen_operators
from conformance.console import make_console, refuse
from conformance.contract import CONVENTIONS, OPERATORS, operator_of
from conformance.report import one_line, printable
from conformance.reports.failing import ratio
from conformance.vectors import (
    Choice,
    ResultsError,
    VectorsError,
    Verdict,
    export,
    judge_results,
    read_export,
    read_results,
)
from conformance.vectors.tally import WRITERS, Tally, write
from conformance.vectors.verdict import MISSING, RIGHT, STATUSES, strangers

# How many failures of a function are told in full; a report has all.
_SHOWN = 3

vectors = typer.Typer(no_args_is_help=True, help="Test vectors for implementations in any language.")


@vectors.command("export")
def export_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    choice: Annotated[Choice, typer.Option("--set", help="A few for each function, or all of a default run.")] = (
        Choice.SMALL
    ),
    op: Annotated[list[str] | None, typer.Option("--op", help="Export this operator alone; repeatable.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Makes the data; the same seed gives the same bytes.")] = 0,
    convention: Annotated[
        list[str] | None,
        typer.Option("--convention", help="Export for an implementation that declares NAME=VALUE; repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
) -> None:
    """Write vectors: inputs, right answers and allowed errors as .npz files, with an index in JSON."""
    operators, declared = chosen_operators(op), _conventions(convention)
    functions = sum(len(OPERATORS[name].functions) for name in operators)
    console = make_console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=functions)
        try:
            index = export(
                folder,
                operators,
                choice,
                seed,
                declared,
                force=force,
                progress=lambda name: bar.update(task, description=name, advance=1),
            )
        except (VectorsError, OSError) as error:
            refuse(str(error))
    size = sum(each["bytes"] for each in index["files"].values())
    make_console().print(
        f"{escape(str(folder))}: {len(index['vectors']):,} vectors of {functions} functions, {size:,} bytes of arrays "
        f"({choice.value}, seed {seed}); README.md there says how to read them"
    )


def _conventions(declared: list[str] | None) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in declared or [])
    for name, value in pairs.items():
        if value not in CONVENTIONS.get(name, ()):
            legal = "; ".join(f"{key}={' or '.join(values)}" for key, values in CONVENTIONS.items())
            refuse(f"--convention must be among {legal}; got {name}={value}")
    return pairs


@vectors.command("check")
def check_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What refcnn vectors export wrote.")],
    place: Annotated[Path, typer.Argument(metavar="RESULTS", help="A folder of .npz or .npy files, or a .json file.")],
    complete: Annotated[bool, typer.Option("--complete", help="Let a vector without a result fail.")] = False,
    report: Annotated[
        list[Path] | None, typer.Option("--report", help="Write a report; .json or .xml (JUnit). Repeatable.")
    ] = None,
) -> None:
    """Judge results that were made anywhere by the answers in DIR.

    The exit status is 0 if all that was given is right, 1 if something is not, and 2 if nothing could be judged.
    """
    for path in report or []:
        check_file("--report", path, WRITERS)
    try:
        exported, results = read_export(folder), read_results(place)
        tally = Tally(exported, str(place), complete)
        tally.verdicts.extend(judge_results(exported, results))
        tally.strangers.extend(strangers(exported, results))
    except (VectorsError, ResultsError, OSError) as error:
        refuse(str(error))
    console = make_console()
    _print(console, tally)
    for path in report or []:
        write(tally, path)
    if tally.failing:
        raise typer.Exit(1)
    if tally.knows_nothing:
        refuse(f"RESULTS must have results of vectors in {folder}, got none in {place}, so nothing is known")


def _print(console: Console, tally: Tally) -> None:
    index = tally.export.index
    table = Table(
        title=f"{escape(one_line(tally.results))}: vectors by what became of them ({escape(one_line(index['set']))}, "
        f"seed {index['seed']}, written by refcnn {escape(one_line(index['refcnn']))})",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("operator", no_wrap=True)
    for name in (*STATUSES, "worst"):
        table.add_column(name, justify="right")
    for operator, counted in tally.counts().items():
        if set(counted) != {MISSING}:
            table.add_row(operator, *(_cell(status, counted) for status in STATUSES), ratio(tally.worst(operator)))
    console.print(table)
    for function in dict.fromkeys(each.entry["function"] for each in tally.failing):
        _print_failures(console, tally, function)
    if tally.strangers:
        named = ", ".join(tally.strangers[:_SHOWN])
        more = f" and {len(tally.strangers) - _SHOWN:,} more" if len(tally.strangers) > _SHOWN else ""
        console.print(f"\nof no vector: {escape(printable(named))}{more}")
    console.print(_verdict_line(tally))


def _cell(status: str, counted: Counter[str]) -> str:
    count = counted[status]
    if not count:
        return "[dim]–[/]"
    return f"[bold red]{count}[/]" if status in STATUSES[1:3] else str(count)


def _print_failures(console: Console, tally: Tally, function: str) -> None:
    """Print the smallest failures of a function, those that say most first."""
    failing = [each for each in tally.failing if each.entry["function"] == function]
    failing.sort(key=lambda each: (each.status == MISSING, _numbers(each)))
    for each in failing[:_SHOWN]:
        entry = each.entry
        console.print(f"\n[bold red]{entry['id']}[/] is {each.status}   ({escape(', '.join(entry['flags']))})")
        console.print(f"  required: {escape(tally.export.index['requirements'][entry['requirement']])}")
        console.print(f"  reveals:  {escape(entry['note'])}")
        if each.message:
            console.print(f"  found:    {escape(printable(each.message))}")
    if len(failing) > _SHOWN:
        console.print(f"\n{len(failing) - _SHOWN:,} more of {function} fail; --report lists them")


def _numbers(verdict: Verdict) -> int:
    return sum(math.prod(array["shape"]) for array in verdict.entry["inputs"].values())


def _verdict_line(tally: Tally) -> str:
    counted = sum(tally.counts().values(), Counter[str]())
    parts = [f"{counted[status]:,} {status}" for status in STATUSES if counted[status]]
    absent = [operator for operator, each in tally.counts().items() if set(each) == {MISSING}]
    if absent:
        parts.append(f"not provided: {', '.join(absent)}")
    failing = dict.fromkeys(operator_of(each.entry["function"]).name for each in tally.failing)
    if failing:
        verdict = f"[bold red]does not agree[/]: {', '.join(failing)}"
    else:
        verdict = "[bold green]agrees[/]" if counted[RIGHT] else "[bold yellow]nothing could be judged[/]"
    return f"\n{escape(tally.results)} {verdict}   ({escape('; '.join(parts))})"
