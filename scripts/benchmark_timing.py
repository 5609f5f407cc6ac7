"""Times side by side: contenders take turns, so that whatever else the machine does falls on all of them."""

from __future__ import annotations

import gc
import itertools
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

Work = Callable[[], object]

PAUSE = 0.05
"""Seconds before a turn. Threads of the libraries spin that long for more work and would slow down who comes next."""

TURN = 0.05
"""Seconds that a turn should last at least: calls that take less are repeated, and the fastest counts."""

LONG = 0.2
"""Seconds from which on a call needs no unmeasured one before it: what that would warm up is lost in its time."""

FEWEST_ROUNDS, MOST_ROUNDS, MOST_CALLS = 5, 100, 100
"""How many rounds there are where a time is given and not a number, and calls in a turn."""


@dataclass(frozen=True)
class Ratio:
    """How much longer one contender takes: the ratio of the minima, and the quartiles of the rounds' ratios."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Times:
    """The seconds of a call by contender, one for each round."""

    seconds: Mapping[str, list[float]]

    @property
    def rounds(self) -> int:
        """The number of rounds."""
        return len(next(iter(self.seconds.values())))

    def median(self, name: str) -> float:
        """Return what a call usually takes."""
        return statistics.median(self.seconds[name])

    def minimum(self, name: str) -> float:
        """Return what a call takes at best; verdicts are on these, since what else the machine does only adds."""
        return min(self.seconds[name])

    def ratio(self, name: str, rival: str) -> Ratio:
        """Compare two contenders."""
        pairs = zip(self.seconds[name], self.seconds[rival], strict=True)
        low, _, high = statistics.quantiles([mine / other for mine, other in pairs], n=4, method="inclusive")
        return Ratio(self.minimum(name) / self.minimum(rival), low, high)


@dataclass(frozen=True)
class Growth:
    """The seconds that something takes by size."""

    what: str
    seconds: Mapping[int, float]

    @property
    def exponent(self) -> float:
        """The p of seconds ∝ sizeᵖ, by least squares on the logarithms."""
        return float(np.polyfit(np.log(list(self.seconds)), np.log(list(self.seconds.values())), 1)[0])


def interleave(contenders: Mapping[str, Work], *, rounds: int | None, seconds: float) -> Times:
    """Time the contenders in rounds: each has a turn in each round, and the rounds go through all orders.

    Parameters
    ----------
    contenders : what to call, by name
    rounds : how many; at least 2, or None for as many as fit
    seconds : the time to fill, where the number of rounds is left open
    """
    end = time.perf_counter() + seconds
    lasts = {name: _last(work) for name, work in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    orders = itertools.cycle(itertools.permutations(contenders))
    with _without_garbage_collection():
        while not _enough(len(next(iter(times.values()))), rounds, end):
            for name in next(orders):
                time.sleep(PAUSE)
                times[name].append(_turn(contenders[name], lasts[name]))
    return Times(times)


def _enough(done: int, rounds: int | None, end: float) -> bool:
    if rounds is not None:
        return done >= rounds
    return done >= MOST_ROUNDS or (done >= FEWEST_ROUNDS and time.perf_counter() >= end)


def _last(work: Work) -> float:
    """Return the seconds of a call that is not the first."""
    work()
    return max(_seconds(work), 1e-9)  # a coarse clock may not have moved


def _turn(work: Work, lasts: float) -> float:
    if lasts < LONG:
        work()
    calls = min(MOST_CALLS, math.ceil(TURN / lasts))
    return min(_seconds(work) for _ in range(calls))


def _seconds(work: Work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
