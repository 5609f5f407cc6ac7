"""Which cases a run takes: the profile says how many, the seed says with which numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from conformance.case import Case
from conformance.covering import cover
from conformance.space import SPACES, assemble

# How many factors the grid combines, how many cases a requirement takes that needs few, how many Hypothesis draws.
_STRENGTH: Mapping[str, int] = MappingProxyType({"quick": 2, "default": 3, "exhaustive": 4})
_FEW: Mapping[str, int] = MappingProxyType({"quick": 8, "default": 24, "exhaustive": 240})
_EXAMPLES: Mapping[str, int] = MappingProxyType({"quick": 5, "default": 25, "exhaustive": 500})
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

    def grid(self, operator: str) -> tuple[Case, ...]:
        """Return the systematic cases of an operator, each with data of its own."""
        return _grid(operator, _STRENGTH[self.profile], self.seed)


@cache
def _grid(operator: str, strength: int, seed: int) -> tuple[Case, ...]:
    rows = cover(SPACES[operator].factors, strength, lambda row: assemble(operator, row) is not None, seed)
    cases = [SPACES[operator].assemble(row) for row in rows]
    return tuple(case.but(seed=seed * 100_003 + position) for position, case in enumerate(cases))


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
