"""The benchmark's results as tables, and its targets as a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from benchmark_im2col import WAYS, Trade
from benchmark_memory import MIB
from benchmark_timing import Growth, Ratio, Times
from rich import box
from rich.table import Table

NONE = "–"


@dataclass(frozen=True)
class Target:
    """What was promised: a value that may be at most so much."""

    promise: str
    value: float
    limit: float
    unit: str = "×"

    @property
    def reached(self) -> bool:
        """Whether the promise is kept."""
        return self.value <= self.limit


@dataclass(frozen=True)
class Memory:
    """The bytes beyond inputs and results of a convolution, the textbook's forward and backward in one."""

    case: str
    batch: int
    forward: int
    backward: int
    textbook: int | None


def times_table(title: str, cases: Mapping[tuple[str, str], Times], reference: str, rivals: list[str]) -> Table:
    """Show the times of each case and its parts, and the reference's as a multiple of each rival's."""
    rounds = sorted({times.rounds for times in cases.values()})
    note = (
        f"ms: minimum (median) of {' to '.join(map(str, rounds[:1] + rounds[1:][-1:]))} rounds; "
        f"÷: {reference}'s minimum over another's (quartiles of the rounds' ratios)"
    )
    names = [reference, *rivals]
    numbers = [f"{name}, ms" for name in names] + [f"÷ {rival}" for rival in rivals]
    table = _table(f"{title}\n{note}", words=["case"], numbers=numbers)
    for case, parts in groupby(cases.items(), key=lambda item: item[0][0]):
        for row, ((_, part), times) in enumerate(parts):
            cells = [f"{_milliseconds(times.minimum(name))} ({_milliseconds(times.median(name))})" for name in names]
            ratios = [_ratio(times.ratio(reference, rival)) for rival in rivals]
            table.add_row(f"  {part}" if row else case, *cells, *ratios)
    return table


def memory_table(rows: list[Memory]) -> Table:
    """Show the extra memory of each convolution on each batch."""
    numbers = ["batch", "forward, MiB", "backward, MiB", "textbook's both, MiB"]
    table = _table("Memory of a convolution beyond inputs and results", words=["case"], numbers=numbers)
    for row in rows:
        cells = (NONE if value is None else f"{value / MIB:.2f}" for value in (row.forward, row.backward, row.textbook))
        table.add_row(row.case, str(row.batch), *cells)
    return table


def trade_table(case: str, trades: list[Trade]) -> Table:
    """Show the time and memory of the three ways to a convolution, a row for each batch."""
    numbers = ["batch", *(f"{way}, {unit}" for unit in ("ms", "MiB") for way in WAYS)]
    table = _table(f"Three ways to {case}: time, and memory beyond inputs and results", words=[], numbers=numbers)
    for batch, group in groupby(trades, key=lambda trade: trade.batch):
        by_way = {trade.way: trade for trade in group}
        seconds = (_milliseconds(by_way[way].seconds) if way in by_way else NONE for way in WAYS)
        memory = (f"{by_way[way].memory / MIB:.3f}" if way in by_way else NONE for way in WAYS)
        table.add_row(str(batch), *seconds, *memory)
    return table


def growth_table(growths: Iterable[Growth]) -> Table:
    """Show what a convolution takes by size, and the exponent of each growth."""
    title = "Growth of refcnn's time, forward and backward: seconds ∝ sizeᵖ"
    table = _table(title, words=["sizes", "ms"], numbers=["p"])
    for growth in growths:
        sizes = ", ".join(map(str, growth.seconds))
        times = ", ".join(_milliseconds(each) for each in growth.seconds.values())
        table.add_row(f"{growth.what} {sizes}", times, f"{growth.exponent:.2f}")
    return table


def targets_table(targets: list[Target]) -> Table:
    """Show what was promised, what was measured, and whether the one keeps the other."""
    table = _table("Targets", words=["promise"], numbers=["at most", "measured", "verdict"])
    for target in targets:
        verdict = "reached" if target.reached else "[bold]missed[/bold]"
        limit, value = (f"{number:.3g} {target.unit}" for number in (target.limit, target.value))
        table.add_row(target.promise, limit, value, verdict)
    return table


def _table(title: str, *, words: list[str], numbers: list[str]) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in words:
        table.add_column(heading, no_wrap=True)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _milliseconds(seconds: float) -> str:
    value = 1e3 * seconds
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{decimals}f}"


def _ratio(ratio: Ratio) -> str:
    return f"{ratio.value:.2f} ({ratio.low:.2f}–{ratio.high:.2f})"
