"""Judge right implementations with many seeds: whatever fails is a false alarm, and the script exits with 1.

Usage: python scripts/many_seeds.py [--seeds 20] [--first 0] [--profile default] [--op conv2d ...] TARGET ...
"""

from __future__ import annotations

import time
from typing import Annotated

import typer

from conformance.contract import OPERATORS
from conformance.implementation import Implementation, load
from conformance.judge import judge
from conformance.outcome import FAILS, RequirementResult
from conformance.plan import Plan


def main(
    targets: list[str],
    seeds: Annotated[int, typer.Option(help="How many seeds to judge with.")] = 20,
    first: Annotated[int, typer.Option(help="The first of the seeds.")] = 0,
    profile: Annotated[str, typer.Option(help="The profile of each run.")] = "default",
    op: Annotated[list[str] | None, typer.Option(help="An operator to judge; all of them if none is named.")] = None,
) -> None:
    """Judge every target with every seed and print what failed."""
    alarms = 0
    for target in targets:
        implementation = load(target)
        for seed in range(first, first + seeds):
            alarms += judge_with(implementation, Plan(profile, seed), op or list(OPERATORS))
    print(f"{alarms} false alarms")
    raise typer.Exit(1 if alarms else 0)


def judge_with(implementation: Implementation, plan: Plan, operators: list[str]) -> int:
    """Judge with one seed, print what failed and how near the worst came to it, and return how many failed."""
    start = time.process_time()
    results = [each for operator in judge(implementation, operators, plan) for each in operator.requirements]
    failed = [each for each in results if each.status == FAILS]
    for each in failed:
        print(f"  {each.requirement}: {each.failures[0].violation.message}")
        print(f"    {each.failures[0].case.to_json()}")
    worst = max(results, key=lambda each: each.worst)
    print(f"{implementation.target} seed {plan.seed}: {_cases(results)}, {_nearest(worst)}", end="")
    print(f", {time.process_time() - start:.1f} s", flush=True)
    return len(failed)


def _cases(results: list[RequirementResult]) -> str:
    unsupported = sum(each.not_supported for each in results)
    return f"{sum(each.cases for each in results)} cases" + (f", {unsupported} not supported" if unsupported else "")


def _nearest(worst: RequirementResult) -> str:
    return f"worst error {worst.worst:.2f} × allowed ({worst.requirement})" if worst.worst else "no error"


if __name__ == "__main__":
    typer.run(main)
