"""What the commands share that judge: how many cases, which operators, and a bar that shows how far it is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from conformance.console import make_console, refuse
from conformance.contract import OPERATORS, operator_of
from conformance.implementation import Implementation
from conformance.judge import judge
from conformance.plan import Plan
from conformance.report import Report


class Profile(StrEnum):
    """How many cases to run."""

    QUICK = "quick"
    DEFAULT = "default"
    EXHAUSTIVE = "exhaustive"


def chosen_operators(names: Iterable[str] | None) -> list[str]:
    """Return the operators to judge; a backward function stands for its operator."""
    chosen = []
    for name in names or OPERATORS:
        try:
            chosen.append(operator_of(name).name)
        except KeyError:
            refuse(f"--op must be one of {', '.join(OPERATORS)}; got {name!r}")
    return list(dict.fromkeys(chosen))


def check_file(option: str, path: Path, endings: Iterable[str]) -> None:
    """Refuse before the work begins what could not be written after it."""
    *others, last = endings
    if path.suffix not in (*others, last):
        refuse(f"{option} must end in {', '.join(others)} or {last}, got {path}")
    if not path.parent.is_dir():
        refuse(f"{option} must name a file in an existing folder, got {path}")
    if path.is_dir():
        refuse(f"{option} must name a file, got the folder {path}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        refuse(f"{option} must name a file that may be written, got {path}")


def judge_into(
    record: Report, implementation: Implementation, operators: list[str], *, fail_fast: bool, jobs: int
) -> None:
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
