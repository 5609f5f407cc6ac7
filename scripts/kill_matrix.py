"""Judge the catalogue of faults: which requirement rejects which wrong implementation, and which is named right.

python scripts/kill_matrix.py check [PATTERN] --seeds 10   # each by the requirement that it names, with every seed
python scripts/kill_matrix.py diagnose [PATTERN]           # whether the report names the mistake
python scripts/kill_matrix.py page                         # faults × requirements: faults/KILL_MATRIX.md
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

import conformance
import refcnn
from conformance.contract import OPERATORS
from conformance.diagnosis import diagnose as diagnose_failures
from conformance.faults import CATALOGUE, Fault
from conformance.judge import first_failure, judge_requirement
from conformance.plan import Plan
from conformance.requirements import KINDS, REQUIREMENTS

app = typer.Typer(add_completion=False)
console = Console(highlight=False, soft_wrap=True)
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
BY_FAULT = {fault.id: fault for fault in CATALOGUE}
PROFILE = "quick"  # the default one would take most of an hour
PAGE = Path(conformance.__file__).parent / "faults" / "KILL_MATRIX.md"

Pattern = Annotated[str, typer.Argument(help="A part of the ids of the faults concerned.")]
Jobs = Annotated[int, typer.Option("-n", min=1, help="How many processes.")]
Found = TypeVar("Found")


@app.command()
def check(pattern: Pattern = "", seeds: Annotated[int, typer.Option(min=1)] = 1, jobs: Jobs = 1) -> None:
    """Require that every fault is rejected by the requirement that it names, with every seed."""
    begin, escaped = time.perf_counter(), 0
    for seed in range(seeds):  # by seed, so that its cases are made once
        for id_, killed in _each(pattern, _killed, jobs, seed):
            if not killed:
                escaped += 1
                console.print(f"{id_} escapes {BY_FAULT[id_].killed_by} with seed {seed}")
    seconds = time.perf_counter() - begin
    count = len([*_matching(pattern)])
    console.print(f"{count} faults, {seeds} seeds, {escaped} escapes, {seconds:.0f} s")
    raise typer.Exit(1 if escaped else 0)


@app.command()
def diagnose(pattern: Pattern = "", profile: str = "default", jobs: Jobs = 1) -> None:
    """Count the faults whose failures are traced to them, to nothing, and to another mistake."""
    counts = {"right": 0, "not": 0, "wrong": 0}
    for id_, said in _each(pattern, _diagnosed, jobs, profile):
        sentence = said.partition("; equal on ")[0]
        verdict = "not" if not said else "right" if sentence == BY_FAULT[id_].says else "wrong"
        counts[verdict] += 1
        if verdict != "right":
            console.print(f"{id_} is named {verdict}: {said}")
    console.print(", ".join(f"{count} named {verdict}" for verdict, count in counts.items()))
    raise typer.Exit(1 if counts["wrong"] else 0)


@app.command()
def page(jobs: Jobs = 2) -> None:
    """Write the matrix of all faults and the requirements that reject them."""
    begin = time.perf_counter()
    killers = dict(_each("", _killers, jobs, PROFILE))
    PAGE.write_text("\n".join(lines(killers)) + "\n", encoding="utf-8")
    console.print(f"{len(killers)} faults, {time.perf_counter() - begin:.0f} s; written: {PAGE.name}")


def lines(killers: dict[str, list[str]]) -> Iterator[str]:
    """Yield the lines of the page."""
    subtle = sum(bool(fault.corner) for fault in CATALOGUE)
    happened = sum(bool(fault.history) for fault in CATALOGUE)
    yield "# Which requirement rejects which mistake\n"
    yield (
        f"{len(CATALOGUE)} wrong implementations, each with one mistake; {subtle} are wrong in a corner alone, "
        f"{happened} are mistakes that really happened.\n"
        "A number counts the requirements of a kind that reject the mistake in the quick profile with seed 0; "
        "the one that must is named. `python scripts/kill_matrix.py page` writes this page.\n"
    )
    for operator, faults in groupby(sorted(CATALOGUE, key=_place), key=lambda fault: fault.operator):
        yield f"## {operator}\n"
        yield f"| mistake | must be rejected by | {' | '.join(KINDS)} |"
        yield f"| --- | --- |{' ---: |' * len(KINDS)}"
        yield from (row(fault, killers[fault.id]) for fault in faults)
        yield ""


def row(fault: Fault, killers: list[str]) -> str:
    """Return a fault as a line of the page."""
    counts = (sum(BY_ID[each].kind == kind for each in killers) for kind in KINDS)
    says = fault.says + (f" – *{fault.corner}*" if fault.corner else "")
    threads = f" ({', '.join(fault.threads)})" if fault.threads else ""
    return (
        f"| `{fault.id}`: {says}{threads} | `{fault.killed_by}` | {' | '.join(str(count or '') for count in counts)} |"
    )


def _place(fault: Fault) -> tuple[int, str]:
    return list(OPERATORS).index(fault.operator), fault.id


def _matching(pattern: str) -> Iterator[str]:
    return (fault.id for fault in CATALOGUE if pattern in fault.id)


def _each(
    pattern: str, answer: Callable[[str, str | int], Found], jobs: int, argument: str | int
) -> Iterator[tuple[str, Found]]:
    """Answer something about each fault, in processes if there are to be several."""
    ids = [*_matching(pattern)]
    if jobs == 1:
        yield from ((id_, answer(id_, argument)) for id_ in ids)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from zip(ids, pool.map(answer, ids, [argument] * len(ids), chunksize=4), strict=True)


def _killed(id_: str, seed: str | int) -> bool:
    fault = BY_FAULT[id_]
    plan = Plan("default", int(seed))
    return first_failure(fault.implementation(refcnn), BY_ID[fault.killed_by], plan) is not None


def _killers(id_: str, profile: str | int) -> list[str]:
    fault, plan = BY_FAULT[id_], Plan(str(profile))
    own = [each for each in REQUIREMENTS if each.operator == fault.operator]
    return [each.id for each in own if first_failure(fault.implementation(refcnn), each, plan) is not None]


def _diagnosed(id_: str, profile: str | int) -> str:
    fault, plan = BY_FAULT[id_], Plan(str(profile))
    requirement, implementation = BY_ID[fault.killed_by], fault.implementation(refcnn)
    wrong = judge_requirement(implementation, requirement, plan).wrong
    return diagnose_failures(implementation, {requirement: wrong}, plan).get(requirement.id, "")


if __name__ == "__main__":
    app()
