"""Judge right implementations with many seeds: whatever fails is a false alarm, and the script exits with 1.

Usage: python scripts/many_seeds.py [--seeds 50] [--profile default] [--parts 1] [--op conv2d] [-n 1] TARGET ...

With `--parts 6` each seed judges another sixth of the cases, so that six seeds judge them all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product
from multiprocessing import get_context
from typing import Annotated

import typer

from conformance.case import Case
from conformance.contract import OPERATORS
from conformance.implementation import Implementation, load
from conformance.judge import judge_requirement
from conformance.outcome import FAILS, RequirementResult
from conformance.plan import Plan
from conformance.requirements import Requirement, requirements_for

# A requirement with fewer corners keeps them all, where it is to have them in each part.
FEW_CORNERS = 6


@dataclass(frozen=True)
class Share(Plan):
    """One of several parts of a profile's cases: of its grids, and of what Hypothesis draws beyond them."""

    part: int = 0
    parts: int = 1
    few_in_each: bool = True  # whether what takes few cases has those of a quick run in each part

    @property
    def few(self) -> int:
        """How many cases a requirement takes that needs few: its part of them, or at least those of a quick run."""
        return max(-(-super().few // self.parts), Plan("quick").few if self.few_in_each else 0)

    @property
    def examples(self) -> int:
        """How many cases Hypothesis draws beyond the grid, a requirement."""
        return -(-super().examples // self.parts)

    def some(self, cases: tuple[Case, ...]) -> tuple[Case, ...]:
        """Return the part of hand-written cases that are much alike."""
        return super().some(cases)[self.part :: self.parts]

    def grid(self, operator: str) -> tuple[Case, ...]:
        """Return the part of the systematic cases of an operator."""
        return super().grid(operator)[self.part :: self.parts]

    def of(self, requirement: Requirement) -> Requirement:
        """Return the requirement with its part of the corners; refusals are cheap."""
        few = self.few_in_each and len(requirement.corners) < FEW_CORNERS
        if requirement.kind == "refusals" or few:
            return requirement
        return replace(requirement, corners=requirement.corners[self.part :: self.parts])


def judge_share(target: Implementation, operator: str, plan: Share) -> Iterator[RequirementResult]:
    """Judge an operator on a part of the cases."""
    for requirement in requirements_for(target, [operator]):
        yield judge_requirement(target, plan.of(requirement), plan)


def main(
    targets: list[str],
    seeds: Annotated[int, typer.Option(help="How many seeds to judge with.")] = 50,
    first: Annotated[int, typer.Option(help="The first of the seeds.")] = 0,
    profile: Annotated[str, typer.Option(help="The profile of each run.")] = "default",
    parts: Annotated[int, typer.Option(help="Judge one part in so many with each seed, in turns.")] = 1,
    op: Annotated[list[str] | None, typer.Option(help="An operator to judge; all of them if none is named.")] = None,
    jobs: Annotated[int, typer.Option("-n", "--jobs", help="How many processes judge at once.")] = 1,
) -> None:
    """Judge every target with every seed and print what failed."""
    plans = [Share(profile, seed, seed % parts, parts, few_in_each=False) for seed in range(first, first + seeds)]
    alarms = cases = 0
    with ProcessPoolExecutor(jobs, get_context("spawn")) as processes:
        for judged, failed, text in processes.map(partial(_judged, op), product(plans, targets)):
            print(text, flush=True)
            alarms, cases = alarms + failed, cases + judged
    print(f"{cases:,} cases of {len(targets)} targets with {seeds} seeds, {alarms} false alarms")
    raise typer.Exit(1 if alarms else 0)


def _judged(operators: list[str] | None, work: tuple[Share, str]) -> tuple[int, int, str]:
    """Judge with one seed; return how many cases ran, how many requirements failed, and what to print."""
    plan, target = work
    start = time.process_time()
    results = [each for name in operators or OPERATORS for each in judge_share(_loaded(target), name, plan)]
    failed = [each for each in results if each.status == FAILS]
    lines = [
        f"  {each.requirement}: {each.failures[0].violation.message}\n    {each.failures[0].case.to_json()}"
        for each in failed
    ]
    worst = max(results, key=lambda each: each.worst)
    told = f"{target} seed {plan.seed}: {_cases(results)}, {_nearest(worst)}, {time.process_time() - start:.1f} s"
    return sum(each.cases for each in results), len(failed), "\n".join([*lines, told])


@cache
def _loaded(target: str) -> Implementation:
    return load(target)


def _cases(results: list[RequirementResult]) -> str:
    unsupported = sum(each.not_supported for each in results)
    return f"{sum(each.cases for each in results)} cases" + (f", {unsupported} not supported" if unsupported else "")


def _nearest(worst: RequirementResult) -> str:
    return f"worst error {worst.worst:.2f} × allowed ({worst.requirement})" if worst.worst else "no error"


if __name__ == "__main__":
    typer.run(main)
