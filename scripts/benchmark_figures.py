"""The benchmark's results as figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark_im2col import LABELS, WAYS, Trade
from benchmark_memory import MIB
from benchmark_timing import Growth, Times
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

# Okabe and Ito's colours, which the colour-blind tell apart too; the markers tell them apart without any.
_LOOKS = [("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^")]
# Any: Matplotlib types its settings by a list of all of their names.
_STYLE: dict[Any, Any] = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 7,
    "svg.hashsalt": "refcnn",
}


def draw_speed(cases: Mapping[str, Times], path: Path) -> None:
    """Draw a row for each case, with a mark for each contender at its time."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(8, 0.6 * len(cases) + 1.5), layout="constrained")
        axes = figure.subplots()
        for i, name in enumerate(next(iter(cases.values())).seconds):
            colour, marker = _LOOKS[i]
            milliseconds = [1e3 * times.minimum(name) for times in cases.values()]
            axes.plot(milliseconds, range(len(cases)), marker, color=colour, label=name, markersize=9)
        axes.set_yticks(range(len(cases)), list(cases))
        axes.invert_yaxis()
        axes.margins(y=0.15)
        axes.set_xscale("log")
        _label_decades(axes.xaxis)
        axes.set_xlabel("milliseconds (logarithmic)")
        figure.legend(loc="outside upper center", ncols=3)
        _save(figure, path)


def draw_trade(case: str, trades: list[Trade], path: Path) -> None:
    """Draw the time and the memory of the three ways against the batch."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(9, 4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for (colour, marker), way in zip(_LOOKS, WAYS, strict=True):
            mine = [trade for trade in trades if trade.way == way]
            sizes = [trade.batch for trade in mine]
            how = {"color": colour, "marker": marker}
            left.plot(sizes, [1e3 * trade.seconds for trade in mine], label=LABELS[way], **how)
            right.plot(sizes, [trade.memory / MIB for trade in mine], **how)
        batches = sorted({trade.batch for trade in trades})
        _logarithmic(left, batches, "batch (images)", "milliseconds")
        _logarithmic(right, batches, "batch (images)", "MiB beyond inputs and results")
        left.set_title("time")
        right.set_title("memory")
        figure.suptitle(case)
        figure.legend(loc="outside lower center", ncols=3)
        _save(figure, path)


def draw_growth(growths: list[Growth], path: Path) -> None:
    """Draw the time against each size, beside the line of a time in proportion to it."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(9, 4), layout="constrained")
        panels = figure.subplots(1, len(growths), squeeze=False)[0]
        for axes, growth in zip(panels, growths, strict=True):
            sizes, milliseconds = list(growth.seconds), [1e3 * each for each in growth.seconds.values()]
            colour, marker = _LOOKS[0]
            axes.plot(
                sizes, milliseconds, marker, color=colour, label=f"measured, fitted exponent {growth.exponent:.2f}"
            )
            each = sum(milliseconds) / sum(sizes)
            axes.plot(sizes, [each * size for size in sizes], "--", color="#555555", label="in proportion", zorder=1)
            axes.legend(loc="upper left")
            _logarithmic(axes, sizes, growth.what, "milliseconds, forward and backward")
        _save(figure, path)


def _logarithmic(axes: Axes, sizes: list[int], x: str, y: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_xticks([], minor=True)
    _label_decades(axes.yaxis)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _label_decades(axis: Axis) -> None:
    """Write 1, 10, 100 in full, and 2 and 5 of each where there are few."""
    low, high = axis.get_data_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 200 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(_plain))
    axis.set_minor_formatter(NullFormatter())


def _plain(value: float, position: int) -> str:
    del position
    return f"{value:,.10g}"


def _save(figure: Figure, path: Path) -> None:
    # Without the date, the same figures make the same file.
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
