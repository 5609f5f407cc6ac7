"""Judge right implementations with many seeds: whatever fails is a false alarm, and the script exits with 1.

Usage: python scripts/many_seeds.py [--seeds 20] [--profile default] TARGET ...
"""

from __future__ import annotations

from typing import Annotated

import typer

from conformance.implementation import load
from conformance.judge import FAILS, judge
from conformance.plan import Plan


def main(
    targets: list[str],
    seeds: Annotated[int, typer.Option(help="Judge with the seeds 0 to this number less one.")] = 20,
    profile: Annotated[str, typer.Option(help="The profile of each run.")] = "default",
) -> None:
    """Judge every target with every seed and print what failed."""
    alarms = 0
    for target in targets:
        implementation = load(target)
        for seed in range(seeds):
            cases, worst = 0, 0.0
            for result in judge(implementation, plan=Plan(profile, seed)):
                cases += result.cases
                worst = max([worst, *(each.worst for each in result.requirements)])
                for each in result.requirements:
                    if each.status == FAILS:
                        alarms += 1
                        print(f"  {each.requirement}: {each.failures[0].violation.message}")
                        print(f"    {each.failures[0].case.to_json()}")
            print(f"{target} seed {seed}: {cases} cases, worst error {worst:.2f} × allowed", flush=True)
    print(f"{alarms} false alarms")
    raise typer.Exit(1 if alarms else 0)


if __name__ == "__main__":
    typer.run(main)
