"""Levels that factors share, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.case import Case, Shape

Row = dict[str, Any]


# A level that leaves the attribute out of the call.
DEFAULT = "default"


@dataclass(frozen=True)
class Space:
    """The factors of an operator with their levels, and how a row of levels becomes a case."""

    factors: Mapping[str, tuple[Any, ...]]
    assemble: Callable[[Row], Case]


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
