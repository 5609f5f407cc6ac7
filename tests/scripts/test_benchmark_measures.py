"""What the benchmark measures with: turns, ratios, exponents, memory, and the three ways to a convolution."""

from __future__ import annotations

import gc
import itertools
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import benchmark_timing
import numpy as np
import pytest
from benchmark_im2col import BLOCKS, LOOPS, MATRIX, WAYS, by_blocks, measure_trade
from benchmark_memory import MIB, extra_memory, peak_of_program
from benchmark_tables import Memory, Target, memory_table, targets_table, times_table, trade_table
from benchmark_timing import Growth, Ratio, Times, interleave
from numpy.testing import assert_allclose
from rich.console import Console
from rich.table import Table


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_timing, "PAUSE", 0.0)
    # Of all that thousands of tests have made, a collection takes longer than what is measured.
    monkeypatch.setattr(gc, "collect", lambda: 0)


def printed(table: Table) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_ratios_are_of_the_minima_with_the_quartiles_of_the_rounds() -> None:
    times = Times({"mine": [2.0, 9.0, 3.0, 8.0, 5.0], "other": [4.0, 3.0, 1.0, 4.0, 2.0]})
    assert times.rounds == 5
    assert (times.minimum("mine"), times.median("mine")) == (2.0, 5.0)
    assert times.ratio("mine", "other") == Ratio(2.0, 2.0, 3.0)


def test_a_power_law_has_its_exponent() -> None:
    assert Growth("images", {1: 3.0, 10: 3e2, 100: 3e4}).exponent == pytest.approx(2)


def test_turns_go_through_all_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []

    def turn(work: Callable[[], object], lasts: float) -> float:
        turns.append(str(work()))
        return lasts

    monkeypatch.setattr(benchmark_timing, "_turn", turn)
    times = interleave({name: partial(str, name) for name in "abc"}, rounds=6, seconds=0)
    orders = {"".join(turns[i : i + 3]) for i in range(0, 18, 3)}
    assert orders == {"abc", "acb", "bac", "bca", "cab", "cba"}
    assert times.rounds == 6


def test_without_a_number_the_rounds_fill_the_time_between_the_fewest_and_the_most() -> None:
    works = {"work": lambda: None}
    assert interleave(works, rounds=None, seconds=0).rounds == benchmark_timing.FEWEST_ROUNDS
    assert interleave(works, rounds=None, seconds=600).rounds == benchmark_timing.MOST_ROUNDS


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_not_collected_while_timing_and_as_before_afterwards(enabled: bool) -> None:
    before, seen = gc.isenabled(), []
    try:
        (gc.enable if enabled else gc.disable)()
        interleave({"work": lambda: seen.append(gc.isenabled())}, rounds=2, seconds=0)
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()
    assert not seen[-1]


def test_the_fastest_of_short_calls_counts_after_an_unmeasured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.accumulate([0.0, 5.0, 0.0, 3.0, 0.0, 4.0])
    calls: list[int] = []
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert benchmark_timing._turn(lambda: calls.append(0), lasts=benchmark_timing.TURN / 3) == 3.0
    assert len(calls) == 1 + 3


def test_a_long_call_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(time, "perf_counter", lambda: float(len(calls)))
    assert benchmark_timing._turn(lambda: calls.append(0), lasts=benchmark_timing.LONG) == 1.0
    assert len(calls) == 1


def test_extra_memory_is_beyond_what_was_there_and_what_is_answered() -> None:
    kept = np.ones(4 * MIB, np.uint8)

    def work() -> tuple[Any, Any]:
        passing = np.ones(3 * MIB, np.uint8)
        del passing
        return kept[: 2 * MIB].copy(), np.zeros(0)

    # The 3 MiB are gone before the answer of 2 MiB comes: 1 MiB is what the answer does not account for.
    assert extra_memory(work) / MIB == pytest.approx(1, abs=0.01)
    assert extra_memory(lambda: kept.copy()) / MIB == pytest.approx(0, abs=0.01)


def test_the_peak_of_a_program_is_its_own_and_not_that_of_who_started_it() -> None:
    here = np.ones(200 * MIB, np.uint8)
    small = peak_of_program([sys.executable, "-S", "-c", ""])
    large = peak_of_program([sys.executable, "-S", "-c", f"bytearray(b'1') * {100 * MIB}"])
    assert here.nbytes == 200 * MIB
    assert 2 * MIB < small < 60 * MIB
    assert 100 * MIB < large < 160 * MIB


def test_a_program_that_fails_is_quoted() -> None:
    program = "import sys; sys.exit('no such data')"
    with pytest.raises(RuntimeError, match="ended with 1: no such data"):
        peak_of_program([sys.executable, "-c", program])


def test_a_program_that_is_not_there_has_no_memory() -> None:
    with pytest.raises(OSError, match=r"no memory counted: .*no_such_program"):
        peak_of_program(["no_such_program"])


@pytest.mark.parametrize("way", WAYS)
def test_all_ways_lead_to_the_same_convolution(way: str) -> None:
    rng = np.random.default_rng(0)
    x, weight, bias = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 3, 2)), rng.standard_normal(4)
    y = WAYS[way](x, weight, bias)
    assert_allclose(y, by_blocks(x, weight, bias), 1e-12, 1e-12, err_msg=way, strict=True)
    assert y.flags.c_contiguous


def test_the_trade_leaves_out_loops_on_large_batches_and_sees_the_big_matrix() -> None:
    trades = measure_trade((1, 20, 20), (1, 1, 5, 5), [1, 8], loops_up_to=1, rounds=2, seconds=0)
    assert [(trade.way, trade.batch) for trade in trades] == [
        *((way, 1) for way in (LOOPS, MATRIX, BLOCKS)),
        *((way, 8) for way in (MATRIX, BLOCKS)),
    ]
    matrix = next(trade for trade in trades if (trade.way, trade.batch) == (MATRIX, 8))
    # 8 images of 16·16 windows of 25 pixels in float32 are the least that the matrix takes.
    assert matrix.memory >= 8 * 16 * 16 * 25 * 4
    assert "–" in printed(trade_table("case", trades))


def test_tables_show_times_ratios_and_memory() -> None:
    times = Times({"mine": [0.002, 0.003], "other": [1.0, 1.5]})
    text = printed(times_table("title", {("case", "both"): times, ("case", "forward"): times}, "mine", ["other"]))
    assert "2.00 (2.50)" in text
    assert "1,000 (1,250)" in text
    assert "0.00 (0.00–0.00)" in text
    assert "of 2 rounds" in text
    rows = [Memory("case", 1, MIB, 2 * MIB, None), Memory("case", 2, MIB, MIB, 34 * MIB)]
    assert [word in printed(memory_table(rows)) for word in ("1.00", "2.00", "–", "34.00")] == [True] * 4


@pytest.mark.parametrize(("value", "verdict"), [(1.0, "reached"), (1.01, "missed"), (float("nan"), "missed")])
def test_a_target_is_reached_up_to_its_limit(value: float, verdict: str) -> None:
    assert verdict in printed(targets_table([Target("promise", value, 1.0)]))
