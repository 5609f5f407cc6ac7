"""Which cases a run takes: the profile says how many, the seed says with which numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from conformance.case import Case
from conformance.covering import Combinations, Coverage, Positions, cover
from conformance.space import SPACES, legal_levels

# How many factors the grid combines, how many cases a requirement takes that needs few, how many Hypothesis draws.
_STRENGTH: Mapping[str, int] = MappingProxyType({"quick": 2, "default": 3, "exhaustive": 4})
_FEW: Mapping[str, int] = MappingProxyType({"quick": 8, "default": 24, "exhaustive": 240})
_EXAMPLES: Mapping[str, int] = MappingProxyType({"quick": 5, "default": 25, "exhaustive": 500})
# Of hand-written cases that are much alike, one in so many; the seed says which.
_ALIKE: Mapping[str, int] = MappingProxyType({"quick": 7, "default": 1, "exhaustive": 1})
PROFILES = tuple(_STRENGTH)


@dataclass(frozen=True)
class Plan:
    """A profile and a seed; together they fix every case of a run."""

    profile: str = "default"
    seed: int = 0

    @property
    def few(self) -> int:
        """How many cases a requirement takes that need not see every combination."""
        return _FEW[self.profile]

    @property
    def examples(self) -> int:
        """How many cases Hypothesis draws beyond the grid, a requirement."""
        return _EXAMPLES[self.profile]

    def some(self, cases: tuple[Case, ...]) -> tuple[Case, ...]:
        """Return those of many cases, each much like its neighbours, that are taken.

        Examples
        --------
        >>> len(Plan("quick").some(Plan().grid("linear"))) < len(Plan().some(Plan().grid("linear")))
        True
        """
        step = _ALIKE[self.profile]
        return cases[self.seed % step :: step]

    def grid(self, operator: str) -> tuple[Case, ...]:
        """Return the systematic cases of an operator, each with data of its own."""
        return _grid(operator, _STRENGTH[self.profile], self.seed)

    def coverage(self, operator: str, ran: Iterable[Case]) -> Coverage:
        """Count the combinations of levels that stand in the cases of the grid that ran.

        Other cases count for nothing: neither those that are no part of the grid, nor those that a requirement
        changed, for then other levels ran.

        Examples
        --------
        >>> plan = Plan("quick")
        >>> print(plan.coverage("linear", plan.grid("linear")))
        every 2-way combination of 7 factors: 262 of 262
        """
        strength, grid = _STRENGTH[self.profile], self.grid(operator)
        counts = np.zeros(len(grid), dtype=bool)
        for case in ran:
            position = case.seed - _first_seed(self.seed)
            if 0 <= position < len(grid) and case == grid[position]:
                counts[position] = True
        return _combinations(operator, strength).coverage(_rows(operator, strength, self.seed)[counts])


def _first_seed(seed: int) -> int:
    return seed * 100_003


@cache
def _combinations(operator: str, strength: int) -> Combinations:
    return Combinations(SPACES[operator].factors, strength, legal_levels(operator))


@cache
def _rows(operator: str, strength: int, seed: int) -> Positions:
    return cover(_combinations(operator, strength), seed)


@cache
def _grid(operator: str, strength: int, seed: int) -> tuple[Case, ...]:
    space = SPACES[operator]
    cases = (space.assemble(space.row(positions)) for positions in _rows(operator, strength, seed))
    return tuple(case.but(seed=_first_seed(seed) + position) for position, case in enumerate(cases))


def spaced(cases: tuple[Case, ...], count: int) -> tuple[Case, ...]:
    """Return ``count`` of the cases, evenly spaced.

    Examples
    --------
    >>> spaced(tuple("abcdef"), 3)
    ('a', 'c', 'e')
    """
    if len(cases) <= count:
        return cases
    return tuple(cases[position * len(cases) // count] for position in range(count))
