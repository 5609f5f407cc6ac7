"""A covering array covers: every combination that can be had stands in some row, and what stands there is counted."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from conformance.covering import ALL_FREE, Combinations, Coverage, Legal, cover

Row = tuple[int, ...]
FACTORS: dict[str, Sequence[Any]] = {
    "a": (0, 1, 2),
    "b": ("x", "y"),
    "c": (None, True, False, 4),
    "d": (1, (1, 2)),
    "e": ("only",),
}
ROWS = list(itertools.product(*(range(len(levels)) for levels in FACTORS.values())))


def one_pair(a: int, b: int) -> bool:
    return not (a == 2 and b == 1)


def one_level(c: int) -> bool:
    return c != 1


def tied(c: int, a: int, d: int) -> bool:
    """Pairs go together that no single level forbids, and the factors come in an order of their own."""
    return (a + c + d) % 3 != 0


def nothing(a: int, d: int) -> bool:
    return a < 0 < d


def legal_where(names: str, go_together: Callable[..., bool]) -> Legal:
    counts = [len(FACTORS[name]) for name in names]
    table = [go_together(*levels) for levels in itertools.product(*map(range, counts))]
    return Legal(tuple(names), np.reshape(table, counts))


CONSTRAINTS = [("ab", one_pair), ("c", one_level), ("cad", tied), ("", lambda: True)]


def legal_rows(names: str, go_together: Callable[..., bool]) -> list[Row]:
    return [row for row in ROWS if go_together(*(row["abcde".index(name)] for name in names))]


def combinations(rows: Iterable[Sequence[int]], strength: int) -> set[tuple[Any, ...]]:
    return {
        (factors, tuple(int(row[factor]) for factor in factors))
        for row in rows
        for factors in itertools.combinations(range(len(FACTORS)), strength)
    }


@pytest.mark.parametrize(("names", "go_together"), CONSTRAINTS)
@pytest.mark.parametrize("strength", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_combination_of_some_legal_row_is_covered(
    names: str, go_together: Callable[..., bool], strength: int, seed: int
) -> None:
    legal = legal_rows(names, go_together)
    rows = cover(Combinations(FACTORS, strength, legal_where(names, go_together)), seed)
    assert set(map(tuple, rows.tolist())) <= set(legal)
    assert combinations(rows, strength) == combinations(legal, strength)


@pytest.mark.parametrize(("names", "go_together"), CONSTRAINTS)
@pytest.mark.parametrize("strength", [1, 2, 3])
def test_what_some_rows_cover_is_counted(names: str, go_together: Callable[..., bool], strength: int) -> None:
    legal = legal_rows(names, go_together)
    counted = Combinations(FACTORS, strength, legal_where(names, go_together))
    for count in (0, 1, 2, 7, len(legal)):
        some = legal[:count]
        rows = np.array(some, dtype=np.int64).reshape(count, len(FACTORS))
        covered, all_legal = len(combinations(some, strength)), len(combinations(legal, strength))
        assert counted.coverage(rows) == Coverage(strength, 5, covered, all_legal)


def test_a_combination_counts_once_in_however_many_rows_it_stands() -> None:
    counted = Combinations(FACTORS, 2)
    row = np.zeros((1, 5), dtype=np.int64)
    assert counted.coverage(np.repeat(row, 4, axis=0)) == counted.coverage(row)


def test_a_coverage_says_whether_all_is_covered() -> None:
    assert str(Coverage(3, 12, 3208, 3208)) == "every 3-way combination of 12 factors: 3,208 of 3,208"
    assert str(Coverage(3, 12, 31, 3208)) == "3-way combinations of 12 factors: 31 of 3,208"


def test_far_fewer_rows_than_combinations_of_all_factors_are_needed() -> None:
    # Nine rows are the least for pairs; all combinations would be 6561.
    assert 9 <= len(cover(Combinations(dict.fromkeys("abcdefgh", (0, 1, 2)), 2), 0)) <= 20


def test_no_row_comes_twice() -> None:
    rows = cover(Combinations(FACTORS, 3), 0).tolist()
    assert len(set(map(tuple, rows))) == len(rows)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    first, again, other = (cover(Combinations(FACTORS, 2), seed).tolist() for seed in (5, 5, 6))
    assert first == again != other


def test_more_strength_than_factors_means_every_combination() -> None:
    counted = Combinations({"a": (0, 1), "b": (0, 1, 2)}, 7, ALL_FREE)
    rows = cover(counted, 0)
    assert len(rows) == 6
    assert counted.coverage(rows) == Coverage(2, 2, 6, 6)


def test_where_no_row_is_legal_nothing_is_left_to_cover() -> None:
    counted = Combinations(FACTORS, 2, legal_where("ad", nothing))
    rows = cover(counted, 0)
    assert rows.shape == (0, 5)
    assert counted.coverage(rows) == Coverage(2, 5, 0, 0)
