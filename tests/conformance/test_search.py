"""What the search finds is smallest, legal and the same for the same seed."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import strategies as st

from conformance.case import Case
from conformance.comparison import Failure, Violation
from conformance.contract import OPERATORS
from conformance.oracle import is_legal
from conformance.plan import Plan
from conformance.requirements.requirement import same, where
from conformance.search import beyond_the_grid, search, smaller
from conformance.space import SPACES

CONV = Case(
    "conv2d",
    {"x": (3, 4, 7, 8), "weight": (6, 2, 2, 3), "bias": (6,)},
    {"stride": (2, 1), "padding": ((1, 2), (0, 3)), "dilation": 2, "groups": 2},
    layout="negative",
    seed=77,
)


def found_by(
    cases: st.SearchStrategy[Case], condition: Callable[[Case], bool], examples: int, seed: int = 0
) -> Case | None:
    """Search for a case that meets a condition."""

    def fails(case: Case) -> Failure | None:
        return Failure(case, Violation("met")) if condition(case) else None

    failure = search(cases, fails, examples, seed)
    return None if failure is None else failure.case


def drawn(cases: st.SearchStrategy[Case], count: int) -> list[Case]:
    """Draw some cases, by a search for what never comes."""
    seen: list[Case] = []

    def never(case: Case) -> bool:
        seen.append(case)
        return False

    assert found_by(cases, never, count) is None
    return seen


@pytest.mark.no_cover
def test_what_is_found_is_the_smallest_that_fails() -> None:
    found = found_by(smaller(CONV), lambda case: case.shapes["weight"][3] > 1, 60)
    assert found is not None
    assert found.shapes["weight"] == (1, 1, 1, 2)
    assert found.shapes["bias"] == (1,)
    assert found.elements < 10
    assert found.layout == "contiguous"
    assert found.seed == 0


@pytest.mark.no_cover
def test_an_attribute_that_matters_stays_and_the_others_go() -> None:
    found = found_by(smaller(CONV), lambda case: case.all_attributes["groups"] == 2, 60)
    assert found is not None
    assert dict(found.attributes) == {"groups": 2}
    assert found.shapes["x"][:2] == (1, 2)
    assert found.shapes["weight"] == (2, 1, 1, 1)


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", [0, 1, 20])
def test_the_same_seed_finds_the_same(seed: int) -> None:
    first, second = (found_by(smaller(CONV), lambda case: case.shapes["x"][2] > 3, 20, seed) for _ in range(2))
    assert first is not None
    assert first == second


def test_nothing_is_found_where_nothing_fails() -> None:
    assert found_by(smaller(CONV), lambda _: False, 5) is None


@pytest.mark.no_cover
@pytest.mark.parametrize("operator", OPERATORS)
def test_cases_beyond_the_grid_are_legal(operator: str) -> None:
    cases = list(beyond_the_grid(operator, same, 10, 0))
    assert len(cases) == 10
    assert len(set(map(repr, cases))) > 3
    assert all(is_legal(case) for case in cases)
    assert {case.operator for case in cases} == {operator}


@pytest.mark.no_cover
def test_cases_beyond_the_grid_lie_between_and_beyond_its_levels() -> None:
    levels = SPACES["conv1d"].factors["batch"]
    assert any(case.shapes["x"][0] not in levels for case in beyond_the_grid("conv1d", same, 50, 0))


@pytest.mark.no_cover
def test_each_seed_draws_cases_of_its_own() -> None:
    first, again, other = (list(beyond_the_grid("relu", same, 5, seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_where_most_is_left_out_more_is_drawn() -> None:
    single = where(lambda case: case.dtype == "float32")
    drawn, more = (list(beyond_the_grid("relu", adapt, 5, 0)) for adapt in (same, single))
    assert len(more) == 5
    assert {case.dtype for case in more} == {"float32"}
    assert [case for case in drawn if case.dtype == "float32"] == more[: sum(c.dtype == "float32" for c in drawn)]
    assert len(set(map(Case.to_json, more))) == 5


def test_where_all_is_left_out_the_search_ends() -> None:
    assert list(beyond_the_grid("relu", where(lambda _: False), 5, 0)) == []


@pytest.mark.parametrize("operator", OPERATORS)
def test_smaller_cases_are_legal_and_no_larger(operator: str) -> None:
    for case in itertools.islice(Plan("quick").grid(operator), 0, None, 29):
        for less in drawn(smaller(case), 6):
            assert is_legal(less)
            assert less.operator == operator
            assert less.elements <= case.elements
            assert (less.dtype, less.data) == (case.dtype, case.data)
            assert less.layout in ("contiguous", case.layout)
            assert set(less.attributes) <= set(case.attributes)


@pytest.mark.no_cover
@pytest.mark.parametrize("operator", OPERATORS)
def test_a_case_that_always_fails_shrinks_to_single_numbers(operator: str) -> None:
    case = max(Plan("quick").grid(operator), key=lambda each: each.elements)
    found = found_by(smaller(case), lambda _: True, 60)
    assert found is not None
    assert found.elements <= 12


def test_a_target_that_fails_now_and_then_still_gives_a_failure() -> None:
    calls = itertools.count()

    def fails(case: Case) -> Failure | None:
        return Failure(case, Violation("now and then")) if next(calls) % 3 == 2 else None

    found = search(smaller(CONV), fails, 60, 0)
    assert found is not None
    assert found.violation.message == "now and then"


def test_a_smaller_case_does_not_claim_the_reason_of_the_original() -> None:
    found = found_by(smaller(CONV.but(note="all in one")), lambda _: True, 60)
    assert found is not None
    assert found.note == ""
