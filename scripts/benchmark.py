"""Measure how fast refcnn is and how much memory it takes, beside PyTorch and a textbook implementation.

Usage: python scripts/benchmark.py [step] [convolutions] [memory] [im2col] [scaling] [--figures FOLDER]

Needs PyTorch and Matplotlib. Everything is measured in one run, in turns; what counts are the ratios.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from benchmark_contenders import BACKWARD, BOTH, FORWARD, REFERENCE, TEXTBOOK, TORCH, convolution, training_steps
from benchmark_figures import draw_growth, draw_speed, draw_trade
from benchmark_im2col import measure_trade
from benchmark_memory import MIB, extra_memory, peak_of_program
from benchmark_tables import (
    Memory,
    Target,
    growth_table,
    memory_table,
    targets_table,
    times_table,
    trade_table,
)
from benchmark_timing import Growth, Times, interleave
from rich.console import Console

RIVALS = [TORCH, TEXTBOOK]
SHAPES = [
    ((100, 1, 28, 28), (30, 1, 5, 5)),
    ((32, 32, 28, 28), (64, 32, 3, 3)),
    ((16, 64, 56, 56), (64, 64, 3, 3)),
    ((64, 64, 14, 14), (128, 64, 1, 1)),
]
WIDTH = 120
BUSY = 0.5
STEP_BATCH = 100
BATCHES = [1, 16, 100, 400]
MOST_IMAGES = 128 * MIB
TEXTBOOK_UP_TO = 16
TRADE_IMAGE, TRADE_FILTERS = (16, 28, 28), (32, 16, 3, 3)
TRADE_BATCHES = [1, 4, 16, 64, 256]
GROWING_BATCHES = [25, 50, 100, 200, 400]
GROWING_BATCH, GROWING_SIDES = 16, [14, 28, 56, 112]


class Section(StrEnum):
    """A part of the benchmark."""

    STEP = "step"
    CONVOLUTIONS = "convolutions"
    MEMORY = "memory"
    IM2COL = "im2col"
    SCALING = "scaling"


class Run:
    """A run of the benchmark: how long to measure, where figures go, and what became of the targets.

    Parameters
    ----------
    console : where the tables go
    rounds : how many, or None for as many as fit into the time of a section
    figures : the folder for figures, or None for none
    suffix : the kind of the figures' files
    """

    def __init__(self, console: Console, rounds: int | None, figures: Path | None, suffix: str) -> None:
        self.console, self.rounds, self.figures, self.suffix = console, rounds, figures, suffix
        self.targets: list[Target] = []
        self.speed: dict[str, Times] = {}

    def step(self) -> None:
        """Time a training step."""
        case = f"training step, batch {STEP_BATCH}"
        times = interleave(training_steps(STEP_BATCH), rounds=self.rounds, seconds=15)
        self.speed[case] = times
        self.console.print(times_table("A training step of SimpleConvNet", {(case, BOTH): times}, REFERENCE, RIVALS))
        for rival, limit in ((TORCH, 1.0), (TEXTBOOK, 1 / 8)):
            promise = f"the time of a training step, as a multiple of {rival}'s"
            self.targets.append(Target(promise, times.ratio(REFERENCE, rival).value, limit))

    def convolutions(self) -> None:
        """Time the convolutions, forward and backward together and apart."""
        together, all_times = [], {}
        for x_shape, weight_shape in SHAPES:
            case = product(x_shape, weight_shape)
            works = {name: convolution(name, x_shape, weight_shape) for name in (REFERENCE, *RIVALS)}
            for part in (BOTH, FORWARD, BACKWARD):
                mine = {name: parts[part] for name, parts in works.items()}
                times = interleave(mine, rounds=self.rounds, seconds=8 if part == BOTH else 3)
                all_times[case, part] = times
                if part == BOTH:
                    together.append(times)
                    self.speed[case] = times
        self.console.print(
            times_table("Convolutions, forward and backward in one, and apart", all_times, REFERENCE, RIVALS)
        )
        mean = statistics.geometric_mean([times.ratio(REFERENCE, TORCH).value for times in together])
        third = together[2].ratio(REFERENCE, TEXTBOOK).value
        self.targets += [
            Target(f"the time of the convolutions, as a multiple of {TORCH}'s, geometric mean", mean, 2.0),
            Target(f"the time of the third convolution, as a multiple of the {TEXTBOOK}'s", third, 1 / 4),
        ]

    def memory(self) -> None:
        """Count the extra memory of convolutions, and that of a whole training."""
        rows = [
            memory_of((batch, *x_shape[1:]), weight_shape)
            for x_shape, weight_shape in SHAPES
            for batch in BATCHES
            if 4 * batch * np.prod(x_shape[1:]) <= MOST_IMAGES
        ]
        self.console.print(memory_table(rows))
        worst = max(max(row.forward, row.backward) for row in rows)
        self.targets.append(Target("a convolution's extra memory", worst / MIB, 16, "MiB"))
        self.training_memory()

    def training_memory(self) -> None:
        """Count the memory of `refcnn train` on one epoch, which is that of all: nothing grows with them."""
        command = shutil.which("refcnn", path=str(Path(sys.executable).parent))
        if command is None:
            self.console.print("refcnn train: not measured, there is no command refcnn beside this Python")
            return
        try:
            peak = peak_of_program([command, "train", "--epochs", "1"])
        except (RuntimeError, OSError) as error:
            self.console.print(f"refcnn train: not measured, {error}", markup=False)
            return
        self.console.print(f"refcnn train: {peak / MIB:.0f} MiB at its peak, interpreter and NumPy included")
        self.targets.append(Target("the memory of the full refcnn train", peak / MIB, 400, "MiB"))

    def im2col(self) -> None:
        """Compare loops, one big matrix and blocks."""
        case = product(("N", *TRADE_IMAGE), TRADE_FILTERS)
        trades = measure_trade(TRADE_IMAGE, TRADE_FILTERS, TRADE_BATCHES, loops_up_to=16, rounds=self.rounds, seconds=2)
        self.console.print(trade_table(case, trades))
        if self.figures:
            draw_trade(case, trades, self.figures / f"im2col.{self.suffix}")

    def scaling(self) -> None:
        """Fit how the time grows with the batch and with the pixels."""
        channels = TRADE_IMAGE[0]
        shapes = {
            "images": {batch: (batch, *TRADE_IMAGE) for batch in GROWING_BATCHES},
            "pixels": {side * side: (GROWING_BATCH, channels, side, side) for side in GROWING_SIDES},
        }
        growths = []
        for what, by_size in shapes.items():
            works = {str(size): convolution(REFERENCE, shape, TRADE_FILTERS)[BOTH] for size, shape in by_size.items()}
            times = interleave(works, rounds=self.rounds, seconds=8)
            growths.append(Growth(what, {size: times.minimum(str(size)) for size in by_size}))
        self.console.print(growth_table(growths))
        self.targets += [
            Target(f"the exponent of refcnn's time in the {each.what}", each.exponent, 1.1, "") for each in growths
        ]
        if self.figures:
            draw_growth(growths, self.figures / f"scaling.{self.suffix}")


def product(x_shape: tuple[object, ...], weight_shape: tuple[int, ...]) -> str:
    """Return a convolution's name: the shapes of its images and of its filters."""
    return "·".join(f"({','.join(map(str, shape))})" for shape in (x_shape, weight_shape))


def memory_of(x_shape: tuple[int, ...], weight_shape: tuple[int, ...]) -> Memory:
    """Return the extra memory of one convolution."""
    batch = x_shape[0]
    mine = convolution(REFERENCE, x_shape, weight_shape)
    textbook = None
    if batch <= TEXTBOOK_UP_TO:
        textbook = extra_memory(convolution(TEXTBOOK, x_shape, weight_shape)[BOTH])
    case = product(("N", *x_shape[1:]), weight_shape)
    return Memory(case, batch, extra_memory(mine[FORWARD]), extra_memory(mine[BACKWARD]), textbook)


def processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def machine() -> str:
    """Return what was measured on and with."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    threads = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if name in os.environ}
    return (
        f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__} with {blas['name']} {blas['version']}, "
        f"PyTorch {version('torch')} with {torch.get_num_threads()} threads"
        + "".join(f", {name}={value}" for name, value in threads.items())
    )


def warnings() -> list[str]:
    """Return what makes this run's times doubtful."""
    found = []
    if "1" in (os.environ.get("OMP_NUM_THREADS"), os.environ.get("OPENBLAS_NUM_THREADS")):
        found.append("NumPy is held to one thread by the environment: its times do not compare.")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > BUSY:
        found.append(f"The machine is busy (load {load:.1f}): the times are those of a share of it.")
    return found


def main(
    sections: Annotated[list[Section] | None, typer.Argument(help="What to measure; everything if not said.")] = None,
    figures: Annotated[Path | None, typer.Option(help="The folder that the figures are written into.")] = None,
    suffix: Annotated[str, typer.Option("--format", help="The figures' format: svg, png or pdf.")] = "svg",
    rounds: Annotated[int | None, typer.Option(min=2, help="How often each contender has its turn.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="How many threads PyTorch uses.")] = 2,
) -> None:
    """Time refcnn, PyTorch and a textbook implementation in turns, and count their memory."""
    torch.set_num_threads(threads)
    console = Console(width=WIDTH)
    console.print(machine(), highlight=False)
    for warning in warnings():
        console.print(f"[bold]{warning}[/bold]")
    if figures:
        figures.mkdir(parents=True, exist_ok=True)
    run = Run(console, rounds, figures, suffix)
    for section in sections or list(Section):
        getattr(run, section)()
    if figures and run.speed:
        draw_speed(run.speed, figures / f"speed.{suffix}")
    if run.targets:
        console.print(targets_table(run.targets))


if __name__ == "__main__":
    typer.run(main)
