"""A covering array covers: every combination that can be had stands in some row."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from conformance.covering import cover

Row = dict[str, Any]
FACTORS: dict[str, Sequence[Any]] = {
    "a": (0, 1, 2),
    "b": ("x", "y"),
    "c": (None, True, False, 4),
    "d": (1, (1, 2)),
    "e": ("only",),
}


def everything(row: Row) -> bool:
    return bool(row)


def not_equal(row: Row) -> bool:
    return not (row["a"] == 2 and row["b"] == "y")


def narrow(row: Row) -> bool:
    return row["a"] != 1 and not (row["b"] == "x" and row["c"] is None)


def combinations(rows: list[Row], strength: int) -> set[tuple[Any, ...]]:
    return {
        (names, tuple(row[name] for name in names))
        for row in rows
        for names in itertools.combinations(FACTORS, strength)
    }


@pytest.mark.parametrize("is_legal", [everything, not_equal, narrow])
@pytest.mark.parametrize("strength", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_combination_of_some_legal_row_is_covered(
    is_legal: Callable[[Row], bool], strength: int, seed: int
) -> None:
    legal = [
        row
        for levels in itertools.product(*FACTORS.values())
        if is_legal(row := dict(zip(FACTORS, levels, strict=True)))
    ]
    rows = cover(FACTORS, strength, is_legal, seed)
    assert all(is_legal(row) for row in rows)
    assert combinations(rows, strength) == combinations(legal, strength)


def test_far_fewer_rows_than_combinations_of_all_factors_are_needed() -> None:
    factors = dict.fromkeys("abcdefgh", (0, 1, 2))
    # Nine rows are the least for pairs; all combinations would be 6561.
    assert 9 <= len(cover(factors, 2, everything, 0)) <= 25


def test_no_row_comes_twice() -> None:
    rows = cover(FACTORS, 3, everything, 0)
    assert len({tuple(row.items()) for row in rows}) == len(rows)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    assert cover(FACTORS, 2, everything, 5) == cover(FACTORS, 2, everything, 5)
    assert cover(FACTORS, 2, everything, 5) != cover(FACTORS, 2, everything, 6)


def test_more_strength_than_factors_means_every_combination() -> None:
    assert len(cover({"a": (0, 1), "b": (0, 1, 2)}, 7, everything, 0)) == 6


def test_the_search_ends_where_no_row_is_legal() -> None:
    assert cover(FACTORS, 2, lambda row: "a" not in row, 0) == []


def test_a_row_names_its_factors_in_their_order_and_holds_the_levels_themselves() -> None:
    level = (1, 2)
    rows = cover({"b": (level,), "a": (0,)}, 2, everything, 0)
    assert [list(row) for row in rows] == [["b", "a"]]
    assert rows[0]["b"] is level
