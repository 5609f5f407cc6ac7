"""The sharpness of the bounds as tables, with the reasons of those that are loose."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from types import MappingProxyType

from rich import box
from rich.table import Table
from sharpness_measure import NEVER, Sharpness, Spread

# A bound that is more than twenty times the errors of right implementations has to say why.
LOOSE = 1 / 20
NONE = "–"
UNEXPLAINED = "not known: sharpen the bound"
IN_FLOAT64 = "half of what is allowed is for the oracle's own rounding, which is often the same one"
_LIBRARY = "it admits libraries that are off by 4 units in the last place, and the formulas that make the most of that"
REASONS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("sigmoid", "sigmoid_backward", "tanh", "tanh_backward"), _LIBRARY)
)


def sharpness_table(title: str, rows: list[Sharpness]) -> Table:
    """Show how errors are spread, a row for each function in each element type."""
    names = list(rows[0].spreads)
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("function", "type"):
        table.add_column(heading, no_wrap=True)
    for heading in (*names, "worst\ncase", "noticed\nfrom"):
        table.add_column(heading, justify="right", no_wrap=True)
    for function, group in groupby(rows, key=lambda row: row.function):
        for i, row in enumerate(group):
            cells = [_spread(row.spreads[name]) for name in names]
            table.add_row("" if i else function, row.dtype, *cells, part(row.worst), change(row.noticed))
    return table


def loose(rows: list[Sharpness]) -> list[Sharpness]:
    """Return those of which no implementation makes a twentieth of the allowed error on the suite's data."""
    return [row for row in rows if row.rounds and row.measured < LOOSE]


def reason(row: Sharpness) -> str:
    """Return why a bound is loose."""
    reasons = [REASONS[row.function]] if row.function in REASONS else []
    if row.dtype == "float64":
        reasons.append(IN_FLOAT64)
    return "; ".join(reasons) or UNEXPLAINED


def reasons_table(rows: list[Sharpness]) -> Table:
    """Show which bounds are loose on the suite's data, what the worst case makes of them, and why."""
    title = f"\nAllowed more than {1 / LOOSE:.0f} × the largest error on the suite's data: {len(rows)}"
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("function", "type"):
        table.add_column(heading, no_wrap=True)
    for heading in ("largest", "worst case"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("why")
    for row in rows:
        table.add_row(row.function, row.dtype, f"{row.measured:.3f}", part(row.worst), reason(row))
    return table


def part(number: float | None) -> str:
    """Return a part of what is allowed as text; an error of 0 is none."""
    return f"{number:.3f}" if number else NONE


def change(exponent: float | None) -> str:
    """Return the smallest relative change that is noticed, as a power of two."""
    if exponent is None:
        return NONE
    return "never" if exponent == NEVER else f"2^{exponent:g}"


def _spread(spread: Spread | None) -> str:
    return NONE if spread is None else f"{spread.median:.3f} {spread.most:.3f} {spread.worst:.3f}"
