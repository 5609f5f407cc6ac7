"""Levels that factors share, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.case import Case, Shape
from conformance.covering import Legal, Levels, Positions

Row = dict[str, Any]


# A level that leaves the attribute out of the call.
DEFAULT = "default"


@dataclass(frozen=True)
class Space:
    """The factors of an operator with their levels, and how a row of levels becomes a case.

    Levels that cannot be had together in one case make no legal row. Empty batches are no level: the contract
    says of them alone what is legal, and a requirement of their own tests them.

    Parameters
    ----------
    factors : the levels of each factor
    assemble : makes the case of a row, whose levels may also lie between those listed; what such levels ask for
        and cannot get is cut down to what they can, or refused by ``IllegalProblemError``
    legal : which of the listed levels go together, in the case and not only in the row; where nothing is said,
        those of ``constrained`` do that assemble, and the other factors are free
    constrained : the factors on whose levels it depends whether a row assembles
    """

    factors: Mapping[str, tuple[Any, ...]]
    assemble: Callable[[Row], Case]
    legal: Callable[[Levels], Legal] | None = None
    constrained: tuple[str, ...] = ()

    def row(self, positions: Positions) -> Row:
        """Return the levels at the given positions, one for each factor."""
        chosen = zip(self.factors.items(), positions.tolist(), strict=True)
        return {name: levels[position] for (name, levels), position in chosen}


DTYPES = ("float64", "float32")


LAYOUTS = ("contiguous", "mixed", "channels_last", "negative", "read_only", "broadcast")


ARITHMETIC_DATA = ("uniform", "integers", "wide")


def without(factors: Mapping[str, tuple[Any, ...]], *names: str) -> dict[str, tuple[Any, ...]]:
    """Return factors less some."""
    return {name: levels for name, levels in factors.items() if name not in names}


def given(row: Row, *names: str) -> dict[str, Any]:
    """Return the attributes of a row, less those that are left to their default."""
    return {name: row[name] for name in names if row[name] != DEFAULT}


def default_or(value: Any, default: Any) -> Any:
    """Return a level's value, or the default for the level that leaves it out."""
    return default if value == DEFAULT else value


def make_case(operator: str, shapes: Mapping[str, Shape], attributes: Mapping[str, Any], row: Row) -> Case:
    """Return the case of an operator with the row's element type, layout and data."""
    return Case(operator, shapes, attributes, **{name: row[name] for name in ("dtype", "layout", "data")})
