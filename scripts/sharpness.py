"""Show how sharp the bounds of the oracle are: what right implementations make of them, and what they notice.

Usage: python scripts/sharpness.py [FUNCTION ...] [--seed 0] [--profile default] [--figures FOLDER]

For each function the errors of all elements, as parts of what is allowed: the median, the 99th percentile and the
largest, on the cases of its requirement ``values``. Elements from which nothing may differ have none.

- ``sequential`` adds up one term after the other in the type of the inputs, the largest first
- the worst case is that on data whose every addition loses a term, or a library that is off by all that is assumed
- a change is noticed from the smallest power of two by which the element in the middle (the one whose allowed error,
  relative to itself, is the median) may not grow; the median over the cases

Needs PyTorch, and Matplotlib for the figure.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from sharpness_measure import Sharpness, functions, measure
from sharpness_tables import loose, reasons_table, sharpness_table
from sharpness_worst import sequential, worst_part

from conformance.implementation import load
from conformance.plan import PROFILES, Plan

TYPES = ("float32", "float64")
WIDTH = 120


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Functions to measure; all if none is named.")] = None,
    seed: Annotated[int, typer.Option(help="The seed of the data.")] = 0,
    profile: Annotated[str, typer.Option(help=f"The profile of the cases: {', '.join(PROFILES)}.")] = "default",
    figures: Annotated[Path | None, typer.Option(help="The folder that the figure is written into.")] = None,
    suffix: Annotated[str, typer.Option("--format", help="The figure's format: svg, png or pdf.")] = "svg",
) -> None:
    """Print how near right implementations come to the allowed error, and how small a change is noticed."""
    if unknown := sorted(set(names or ()) - set(functions())):
        raise typer.BadParameter(f"functions must be among {', '.join(functions())}, got {', '.join(unknown)}")
    if profile not in PROFILES:
        raise typer.BadParameter(f"profile must be one of {', '.join(PROFILES)}, got {profile}")
    rows = sharpness(names or functions(), Plan(profile, seed))
    console = Console(width=WIDTH)
    console.print(sharpness_table("Errors as parts of what is allowed: median, 99 % and largest", rows))
    if rounding := [row for row in rows if row.rounds]:
        console.print(summary(rounding))
        if figures:
            draw(rounding, figures, suffix)
    if weak := loose(rows):
        console.print(reasons_table(weak))


def sharpness(names: list[str], plan: Plan) -> list[Sharpness]:
    """Measure some functions in both element types."""
    implementations = {
        "refcnn": load("refcnn"),
        "PyTorch": load("conformance.adapters.torch"),
        "sequential": sequential(),
    }
    rows = []
    # The cases hold infinities and numbers near the limits on purpose.
    with np.errstate(all="ignore"):
        for name in names:
            for dtype in TYPES:
                row = measure(name, dtype, implementations, plan)
                row.worst = worst_part(name, dtype, plan)
                rows.append(row)
    return rows


def summary(rows: list[Sharpness]) -> str:
    """Return a line for each type: how much of what is allowed is made, over the functions whose results round."""
    lines = []
    for dtype in dict.fromkeys(row.dtype for row in rows):
        mine = [row for row in rows if row.dtype == dtype]
        measured, nearest = sorted(row.measured for row in mine), sorted(row.nearest for row in mine)
        lines.append(
            f"{dtype}, {len(mine)} functions: the largest error is {measured[0]:.3f} to {measured[-1]:.3f} of what is "
            f"allowed, median {np.median(measured):.2f}; with the worst case {nearest[0]:.3f} to {nearest[-1]:.3f}, "
            f"median {np.median(nearest):.2f}."
        )
    return "\n".join(lines)


def draw(rows: list[Sharpness], folder: Path, suffix: str) -> None:
    """Write the figure."""
    # Whoever wants tables alone needs no Matplotlib.
    from sharpness_figures import draw_sharpness

    folder.mkdir(parents=True, exist_ok=True)
    draw_sharpness(rows, folder / f"sharpness.{suffix}")


if __name__ == "__main__":
    typer.run(main)
