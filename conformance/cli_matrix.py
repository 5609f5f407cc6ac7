"""The commands ``refcnn matrix`` and ``refcnn compare``: several implementations side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from conformance.cli_judging import Profile, check_file, chosen_operators, judge_into
from conformance.console import STYLES, make_console, refuse
from conformance.implementation import TargetError, load
from conformance.report import Report, as_dict, one_line
from conformance.reports.matrix import (
    Cell,
    Column,
    MatrixError,
    column_of,
    matrix_html,
    matrix_markdown,
    operators_of,
    read_column,
    total,
)

_WRITERS: Mapping[str, Callable[[Sequence[Column]], str]] = MappingProxyType(
    {".html": matrix_html, ".md": matrix_markdown}
)

Out = Annotated[Path | None, typer.Option("--out", help="Write the matrix into this file, .html or .md.")]


def matrix(
    reports: Annotated[list[Path], typer.Argument(metavar="REPORT.json...", help="Written by verify --report x.json.")],
    out: Out = None,
) -> None:
    """Show reports of several implementations side by side.

    The exit status is 0 if the matrix could be shown and 2 if not, whatever the implementations are like.
    """
    _check(out)
    try:
        columns = [read_column(path) for path in reports]
    except MatrixError as error:
        refuse(f"REPORT: {error}")
    _show(columns, out)


def compare(
    targets: Annotated[list[str], typer.Argument(metavar="TARGET...", help="What to judge, as for verify.")],
    op: Annotated[list[str] | None, typer.Option("--op", help="Judge this operator alone; repeatable.")] = None,
    profile: Annotated[Profile, typer.Option(help="How many cases to run.")] = Profile.DEFAULT,
    seed: Annotated[int, typer.Option(min=0, help="Makes the data; the same seed repeats the same run.")] = 0,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-n", min=1, help="Judge this many operators at once.", show_default="cores, at most 4"),
    ] = None,
    out: Out = None,
) -> None:
    """Judge several implementations and show them side by side.

    The exit status is 0 if all could be judged and 2 if not, whatever they are like.
    """
    _check(out)
    operators = chosen_operators(op)
    columns = []
    try:
        # All are found before the first is judged, which may take a minute.
        implementations = [load(target) for target in targets]
        for implementation in implementations:
            record = Report(implementation.target, profile.value, seed, implementation.conventions)
            judge_into(record, implementation, operators, fail_fast=False, jobs=jobs or min(os.cpu_count() or 1, 4))
            columns.append(column_of(as_dict(record)))
    except TargetError as error:
        refuse(str(error))
    _show(columns, out)


def _check(out: Path | None) -> None:
    if out is not None:
        check_file("--out", out, _WRITERS)


def _show(columns: Sequence[Column], out: Path | None) -> None:
    if out is not None:
        out.write_text(_WRITERS[out.suffix](columns), encoding="utf-8", errors="replace")
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("operator", no_wrap=True)
    for column in columns:
        table.add_column(f"{escape(one_line(column.target))}\n[dim]{escape(one_line(column.run))}[/]", overflow="fold")
    for operator in operators_of(columns):
        table.add_row(operator, *(_cell(column.cell(operator)) for column in columns))
    table.add_section()
    table.add_row("conforms", *(total(column) for column in columns))
    make_console().print(table)


def _cell(cell: Cell) -> str:
    style = STYLES.get(cell.status, "dim")
    return f"[{style}]{cell.words}[/]" + (f"  {cell.cases:,}" if cell.cases else "")
