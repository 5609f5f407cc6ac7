"""Print the figures that the README quotes: times, cases and sizes, with the machine and the versions.

Usage: python scripts/figures.py [TARGET ...]
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version

from rich.console import Console
from rich.table import Table

from conformance.implementation import Implementation, load
from conformance.judge import judge
from conformance.outcome import CONFORMS
from conformance.plan import Plan

_PROFILES = ("quick", "default")


def import_cost() -> float:
    """Return the seconds that a fresh interpreter with NumPy takes to import refcnn, the best of five."""
    program = "import time, numpy; start = time.perf_counter(); import refcnn; print(time.perf_counter() - start)"
    command = [sys.executable, "-c", program]
    return min(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(5))  # noqa: S603 - our own interpreter


def judged(implementation: Implementation, profile: str) -> dict[str, tuple[int, float]]:
    """Return the cases and seconds of each operator; anything but conforming ends the script."""
    figures = {}
    for result in judge(implementation, plan=Plan(profile)):
        if result.status != CONFORMS:
            raise SystemExit(f"{implementation.target}: {result.operator} {result.status}")
        figures[result.operator] = (result.cases, result.seconds)
    return figures


def main(targets: list[str]) -> None:
    """Judge each target in the quick and the default profile and print what that took."""
    console = Console(width=100)
    console.print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"NumPy {version('numpy')}, Hypothesis {version('hypothesis')}"
    )
    console.print(f"import refcnn: {1e3 * import_cost():.0f} ms beyond NumPy's")
    for target in targets:
        implementation = load(target)
        start = time.perf_counter()
        table = Table("operator", *(f"{profile} {what}" for profile in _PROFILES for what in ("cases", "seconds")))
        figures = {profile: judged(implementation, profile) for profile in _PROFILES}
        for operator in figures["quick"]:
            cells = (figures[profile][operator] for profile in _PROFILES)
            table.add_row(operator, *(text for cases, seconds in cells for text in (str(cases), f"{seconds:.2f}")))
        totals = [
            (sum(cases for cases, _ in each.values()), sum(seconds for _, seconds in each.values()))
            for each in figures.values()
        ]
        table.add_row("all", *(text for cases, seconds in totals for text in (str(cases), f"{seconds:.1f}")))
        console.print(f"\n{target} ({time.perf_counter() - start:.0f} s)")
        console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:] or ["refcnn"])
