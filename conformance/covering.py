"""Covering arrays: few rows in which every combination of any ``strength`` levels stands together in one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Levels = Mapping[str, Sequence[Any]]
Row = dict[str, Any]

_CANDIDATES = 40
_FRUITLESS_ROUNDS = 6


def cover(factors: Levels, strength: int, is_legal: Callable[[Row], bool], seed: int) -> list[Row]:
    """Return rows that cover the combinations of levels, greedily.

    Each round draws candidates at random, aims each at a combination that no row holds yet, and keeps the legal
    one that covers most. The search ends when nothing is left, or when several rounds in a row found no legal row
    that covers more: what is left then cannot be had, or hardly.

    Parameters
    ----------
    factors : the levels of each factor
    strength : how many factors are taken together
    is_legal : whether a row can be used at all
    seed : makes the draws

    Examples
    --------
    >>> rows = cover({"a": (0, 1), "b": (0, 1), "c": (0, 1)}, 2, lambda row: True, seed=0)
    >>> len({(row["a"], row["b"]) for row in rows})
    4
    """
    names, counts = list(factors), np.array([len(levels) for levels in factors.values()])
    tables = _Combinations(counts, min(strength, len(names)))
    random = np.random.default_rng([seed, strength])
    covered = np.zeros(tables.total, dtype=bool)
    rows: list[Row] = []
    fruitless = 0
    while fruitless < _FRUITLESS_ROUNDS and not covered.all():
        drawn = random.integers(0, counts, size=(_CANDIDATES, len(names)))
        tables.aim(drawn, random.choice(np.flatnonzero(~covered), size=_CANDIDATES))
        gains = (~covered[tables.members(drawn)]).sum(axis=1)
        for candidate in np.argsort(-gains, kind="stable"):
            row = {name: factors[name][level] for name, level in zip(names, drawn[candidate], strict=True)}
            if is_legal(row):
                covered[tables.members(drawn[candidate : candidate + 1])] = True
                rows.append(row)
                fruitless = 0
                break
        else:
            fruitless += 1
    return rows


class _Combinations:
    """Number the combinations of levels of any ``strength`` factors, one after the other."""

    def __init__(self, counts: NDArray[np.int64], strength: int) -> None:
        self.subsets = np.array(list(itertools.combinations(range(len(counts)), strength)))
        sizes = counts[self.subsets].prod(axis=1)
        self.first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self.total = int(sizes.sum())
        # The weight of a factor is the product of the counts behind it in its subset.
        behind = np.cumprod(counts[self.subsets][:, ::-1], axis=1)[:, ::-1]
        self.weight = np.concatenate([behind[:, 1:], np.ones((len(self.subsets), 1), dtype=int)], axis=1)
        self.counts = counts

    def members(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers of the combinations that each row holds: (rows, subsets)."""
        numbers: NDArray[np.int64] = self.first + (rows[:, self.subsets] * self.weight).sum(axis=2)
        return numbers

    def aim(self, rows: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        """Write into each row the levels of the combination of the given number."""
        subset = np.searchsorted(self.first, numbers, side="right") - 1
        rest = numbers - self.first[subset]
        for position in range(self.subsets.shape[1]):
            factor = self.subsets[subset, position]
            rows[np.arange(len(rows)), factor] = rest // self.weight[subset, position] % self.counts[factor]
