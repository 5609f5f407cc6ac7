"""Covering arrays: few rows in which every combination of any ``strength`` levels stands together in one.

A row is an array of positions: which level each factor has.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Levels = Mapping[str, Sequence[Any]]
Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Legal:
    """Which levels go together: a truth table with an axis for each of the named factors; all others are free."""

    names: tuple[str, ...]
    table: NDArray[np.bool_]


ALL_FREE = Legal((), np.array(True))


@dataclass(frozen=True)
class Coverage:
    """How many of the combinations that can be had stand in some row."""

    strength: int
    factors: int
    covered: int
    legal: int

    def __str__(self) -> str:
        what = "every {}-way combination" if self.covered == self.legal else "{}-way combinations"
        return f"{what.format(self.strength)} of {self.factors} factors: {self.covered:,} of {self.legal:,}"


class Combinations:
    """The combinations of levels of any ``strength`` factors, numbered one after the other.

    Parameters
    ----------
    factors : the levels of each factor
    strength : how many factors are taken together; all of them where there are fewer
    legal : which rows are legal

    Attributes
    ----------
    legal : which combinations stand in some legal row
    """

    def __init__(self, factors: Levels, strength: int, legal: Legal = ALL_FREE) -> None:
        names, self.strength = list(factors), min(strength, len(factors))
        self.counts = np.array([len(levels) for levels in factors.values()])
        self._constrained = np.array([names.index(name) for name in legal.names], dtype=np.int64)
        self._table = legal.table
        self._changed = np.repeat(np.arange(len(names)), self.counts)
        self._changed_to = np.concatenate([np.arange(count) for count in self.counts])
        self._subsets = np.array(list(itertools.combinations(range(len(names)), self.strength)))
        behind = np.cumprod(self.counts[self._subsets][:, ::-1], axis=1)[:, ::-1]
        self._first = np.concatenate([[0], np.cumsum(behind[:, 0])[:-1]])
        # Within its subset a combination is a number whose digits are the levels.
        self._values = np.concatenate([behind[:, 1:], np.ones((len(behind), 1), dtype=np.int64)], axis=1)
        self._weights = np.zeros((len(names), len(behind)))
        self._weights[self._subsets.T, np.arange(len(behind))] = self._values.T
        self.legal = np.concatenate([self._legal_in(subset) for subset in self._subsets])

    def _legal_in(self, subset: Positions) -> NDArray[np.bool_]:
        """Return which combinations of one subset of the factors stand in some legal row."""
        order = np.argsort(self._constrained)
        outside = ~np.isin(self._constrained[order], subset)
        seen = self._table.transpose(order).any(axis=tuple(np.flatnonzero(outside)))
        shape = np.where(np.isin(subset, self._constrained), self.counts[subset], 1)
        return np.broadcast_to(seen.reshape(shape), self.counts[subset]).ravel()

    def held_by(self, rows: Positions) -> Positions:
        """Return the numbers of the combinations that each row holds: (rows, subsets)."""
        # As floating numbers these are exact, and one product of matrices makes them all.
        return np.asarray((rows @ self._weights).astype(np.int64) + self._first)

    def complete(self, number: int, random: np.random.Generator) -> Positions:
        """Draw a legal row that holds the combination of the given number, which must be legal."""
        subset = np.searchsorted(self._first, number, side="right") - 1
        factors = self._subsets[subset]
        levels = (number - self._first[subset]) // self._values[subset] % self.counts[factors]
        held = dict(zip(factors.tolist(), levels.tolist(), strict=True))
        part = (slice(held[each], held[each] + 1) if each in held else slice(None) for each in self._constrained)
        rows = np.argwhere(self._table[tuple(part)])
        row = random.integers(0, self.counts)
        row[self._constrained] = rows[random.integers(len(rows))]
        row[factors] = levels
        return row

    def neighbours(self, row: Positions) -> Positions:
        """Return the legal rows that differ from a legal row in one level at most."""
        rows = np.repeat(row[None], len(self._changed), axis=0)
        rows[np.arange(len(rows)), self._changed] = self._changed_to
        # Where all factors are free, the table is a single truth.
        legal = np.ones(len(rows), dtype=bool) & self._table[tuple(rows[:, self._constrained].T)]
        return np.asarray(rows[legal])

    def coverage(self, rows: Positions) -> Coverage:
        """Count the combinations that stand in some of the legal rows."""
        covered = np.unique(self.held_by(rows)).size
        return Coverage(self.strength, len(self.counts), covered, int(self.legal.sum()))


def cover(combinations: Combinations, seed: int) -> Positions:
    """Return legal rows that hold every legal combination.

    Each round draws a legal row that holds a combination which no row holds yet, and changes one level at a time
    while that wins further ones. So each round covers at least one more, and the last one leaves none.

    Examples
    --------
    >>> combinations = Combinations({"a": (0, 1), "b": (0, 1), "c": (0, 1)}, 2)
    >>> rows = cover(combinations, seed=0)
    >>> print(combinations.coverage(rows))
    every 2-way combination of 3 factors: 12 of 12
    """
    random = np.random.default_rng([seed, combinations.strength])
    missing = combinations.legal.copy()
    rows: list[Positions] = []
    while missing.any():
        row = combinations.complete(random.choice(np.flatnonzero(missing)), random)
        rows.append(_climb(combinations, missing, row))
        missing[combinations.held_by(rows[-1])] = False
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(combinations.counts))


def _climb(combinations: Combinations, missing: NDArray[np.bool_], row: Positions) -> Positions:
    """Change one level at a time while the row then holds more of what is missing."""
    most = 0
    while True:
        rows = combinations.neighbours(row)
        gains = np.count_nonzero(missing[combinations.held_by(rows)], axis=1)
        if gains.max() <= most:
            return row
        row, most = rows[gains.argmax()], gains.max()
