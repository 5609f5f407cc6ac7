"""The sharpness of the bounds as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullLocator
from sharpness_measure import LEAST, MOST, NEVER, Sharpness, Spread
from sharpness_tables import LOOSE

# Okabe and Ito's colours, which the colour-blind tell apart too; the markers tell them apart without any.
_LOOKS = [("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^")]
_WORST: dict[str, Any] = {
    "color": "#000000",
    "marker": "D",
    "markersize": 5,
    "linestyle": "none",
    "label": "worst case",
}
_TYPES = {"float32": ("#56B4E9", "o"), "float64": ("#CC79A7", "s")}
_LEFT = 1e-3
_CAPTION = (
    "A line reaches from the median to the largest error, thick up to the 99th percentile. "
    f"At 1 begins what is refused; grey is less than 1/{1 / LOOSE:.0f} of it."
)
# Any: Matplotlib types its settings by a list of all of their names.
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "legend.frameon": False,
    "lines.markersize": 5,
    "svg.hashsalt": "refcnn",
}


def draw_sharpness(rows: Sequence[Sharpness], path: Path) -> None:
    """Draw a row for each function that rounds: its errors in either type, and the smallest change noticed."""
    rounding = [row for row in rows if row.rounds]
    functions = list(dict.fromkeys(row.function for row in rounding))
    with rc_context(_STYLE):
        figure = Figure(figsize=(12, 0.36 * len(functions) + 2), layout="constrained")
        *panels, last = figure.subplots(1, len(_TYPES) + 1, sharey=True)
        for axes, dtype in zip(panels, _TYPES, strict=True):
            _draw_errors(axes, functions, [row for row in rounding if row.dtype == dtype])
            axes.set_title(dtype)
        _draw_changes(last, functions, rounding)
        first = panels[0]
        first.set_yticks(range(len(functions)), functions)
        first.set_ylim(len(functions) - 0.4, -0.6)
        handles, labels = first.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
        figure.supxlabel(_CAPTION, fontsize="medium")
        # Without the date, the same numbers make the same file.
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_errors(axes: Axes, functions: list[str], rows: Sequence[Sharpness]) -> None:
    """Draw a line from the median to the largest error, thick up to the 99th percentile, for each implementation."""
    axes.axvspan(_LEFT, LOOSE, color="#F4F4F4", zorder=0)
    axes.axvline(1, color="#555555")
    for i, (name, (colour, marker)) in enumerate(zip(rows[0].spreads if rows else [], _LOOKS, strict=False)):
        spreads = [(functions.index(row.function) + 0.22 * (i - 1), row.spreads[name]) for row in rows]
        shown = [(y, spread) for y, spread in spreads if spread]
        for y, spread in shown:
            _draw_spread(axes, y, spread, colour)
        # A largest error of 0 stands at the edge.
        worst = [max(spread.worst, _LEFT) for _, spread in shown]
        axes.plot(worst, [y for y, _ in shown], marker, color=colour, label=name, linestyle="none", clip_on=False)
    hardest = [(row.worst, functions.index(row.function)) for row in rows if row.worst]
    axes.plot([part for part, _ in hardest], [y for _, y in hardest], **_WORST)
    axes.set_xscale("log")
    axes.set_xlim(_LEFT, 1.6)
    axes.xaxis.set_major_locator(LogLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("error / allowed")


def _draw_spread(axes: Axes, y: float, spread: Spread, colour: str) -> None:
    ends = [max(part, _LEFT) for part in (spread.median, spread.most, spread.worst)]
    axes.plot([ends[0], ends[2]], [y, y], color=colour, linewidth=0.8)
    axes.plot([ends[0], ends[1]], [y, y], color=colour, linewidth=2.4, solid_capstyle="butt")


def _draw_changes(axes: Axes, functions: list[str], rows: Sequence[Sharpness]) -> None:
    for dtype, (colour, marker) in _TYPES.items():
        seen = [
            (row.noticed, functions.index(row.function))
            for row in rows
            if row.dtype == dtype and row.noticed not in (None, NEVER)
        ]
        axes.plot([x for x, _ in seen], [y for _, y in seen], marker, color=colour, label=dtype, linestyle="none")
    axes.set_xlim(LEAST - 2, MOST + 2)
    axes.xaxis.set_major_locator(MultipleLocator(12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"$2^{{{value:g}}}$"))
    axes.set_xlabel("relative change of one element")
    axes.set_title("smallest change noticed")
    axes.legend(loc="upper right", frameon=True, framealpha=1)
