"""Print the accuracies that the README quotes, and measure the interval that the end-to-end check asks for.

python scripts/accuracy.py simple        # SimpleConvNet, 10 seeds; writes conformance/reference_accuracy.json
python scripts/accuracy.py deep          # the deep model, 5 seeds
python scripts/accuracy.py departures TARGET ...
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

import conformance
import refcnn
from conformance.implementation import load as load_target
from conformance.operators import Operators
from conformance.training import ALLOWED, OPTIMISERS, STEPS, part_of_the_way, steps
from refcnn.mnist import load
from refcnn.training.run import RECIPES, prepare

app = typer.Typer(add_completion=False)
console = Console(highlight=False, soft_wrap=True)


@app.command()
def simple(seeds: Annotated[int, typer.Option(min=2)] = 10) -> None:
    """Train SimpleConvNet with each seed, which splits the digits too; write the mean and the standard deviation."""
    accuracies = _over_seeds("simple", {seed: seed for seed in range(seeds)})
    measured = {
        "what": "test accuracy of SimpleConvNet by its recipe; each seed splits the digits, 4,000 to 1,000",
        "how": f"python scripts/accuracy.py simple --seeds {seeds}",
        "machine": _machine(),
        "accuracies": accuracies,
        "mean": round(statistics.mean(accuracies), 4),
        "standard_deviation": round(statistics.stdev(accuracies), 4),
    }
    path = Path(conformance.__file__).with_name("reference_accuracy.json")
    path.write_text(json.dumps(measured, indent=2) + "\n")
    console.print(f"written: {path.name}")


@app.command()
def deep(seeds: Annotated[int, typer.Option(min=2)] = 5) -> None:
    """Train the deep model with each seed, on the split of seed 0: its settings were chosen within those 4,000."""
    _over_seeds("deep", dict.fromkeys(range(seeds), 0))


@app.command()
def departures(targets: Annotated[list[str], typer.Argument(help="Right implementations.")]) -> None:
    """Print how far rounding takes the first steps of right implementations from those of the reference."""
    for target in targets:
        for optimiser in OPTIMISERS:
            for dtype, allowed in ALLOWED.items():
                mine, theirs = steps(Operators(load_target(target)), optimiser, dtype), steps(refcnn, optimiser, dtype)
                worst = max(
                    part_of_the_way(mine[step][name], want, theirs[0][name])
                    for step in range(1, STEPS + 1)
                    for name, want in theirs[step].items()
                )
                console.print(f"{target}  {optimiser}  {dtype}  {worst:.1e} of the way, {allowed:g} allowed")


def _over_seeds(model: str, splits: dict[int, int]) -> list[float]:
    """Train with each seed, on the split of the digits that belongs to it, and print what comes of it."""
    console.print(f"{model}: {RECIPES[model]}\n{_machine()}")
    accuracies = []
    for seed, split in splits.items():
        digits, begin = load(seed=split), time.perf_counter()
        trainer = prepare(replace(RECIPES[model], seed=seed), digits, evaluate_on=1000)
        *_, last = trainer.epochs(RECIPES[model].epochs)
        accuracies.append(last.test_accuracy)
        console.print(f"seed {seed}  test accuracy {last.test_accuracy:.4f}  {time.perf_counter() - begin:.0f} s")
    mean, deviation = statistics.mean(accuracies), statistics.stdev(accuracies)
    console.print(f"mean {mean:.4f}  standard deviation {deviation:.4f}  least {min(accuracies):.4f}")
    return accuracies


def _machine() -> str:
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )


if __name__ == "__main__":
    app()
