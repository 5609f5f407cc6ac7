"""What the search finds is smallest, legal and the same for the same seed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

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
    def fails(case: Case) -> bool:
        return case.shapes["x"][2] > case.shapes["x"][3]

    first, second = (found_by(beyond_the_grid("global_avg_pool2d", same), fails, 20, seed) for _ in range(2))
    assert first is not None
    assert first == second


def test_nothing_is_found_where_nothing_fails() -> None:
    assert found_by(beyond_the_grid("relu", same), lambda _: False, 5) is None


@pytest.mark.no_cover
def test_nothing_is_found_where_no_case_is_left() -> None:
    nothing = beyond_the_grid("relu", where(lambda _: False))
    assert found_by(nothing, lambda _: True, 5) is None


@pytest.mark.no_cover
@pytest.mark.parametrize("operator", OPERATORS)
def test_cases_beyond_the_grid_are_legal(operator: str) -> None:
    cases = drawn(beyond_the_grid(operator, same), 10)
    assert len(set(map(repr, cases))) > 3
    assert all(is_legal(case) for case in cases)
    assert {case.operator for case in cases} == {operator}


@pytest.mark.no_cover
def test_cases_beyond_the_grid_lie_between_and_beyond_its_levels() -> None:
    levels = SPACES["conv1d"].factors["batch"]
    found = found_by(beyond_the_grid("conv1d", same), lambda case: case.shapes["x"][0] not in levels, 50)
    assert found is not None


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


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """Keep what fails in a folder of the test's own."""
    settings.register_profile("kept", database=DirectoryBasedExampleDatabase(tmp_path))
    before = settings.get_current_profile_name()
    settings.load_profile("kept")
    yield tmp_path
    settings.load_profile(before)


def tall(case: Case) -> Failure | None:
    return Failure(case, Violation("tall")) if case.shapes["x"][2] > case.shapes["x"][3] + 2 else None


@pytest.mark.usefixtures("database")
def test_what_failed_is_tried_first_the_next_time_whatever_the_seed() -> None:
    cases = beyond_the_grid("global_avg_pool2d", same)
    first = search(cases, tall, 200, 0, kept_as="mine.py global_avg_pool2d.values")
    assert first is not None
    # With an example alone, nothing but what was kept can be found.
    again = search(cases, tall, 1, 5, kept_as="mine.py global_avg_pool2d.values")
    assert again is not None
    assert again.case == first.case


@pytest.mark.usefixtures("database")
def test_what_was_kept_for_another_target_is_not_tried() -> None:
    cases = beyond_the_grid("global_avg_pool2d", same)
    assert search(cases, tall, 200, 0, kept_as="mine.py global_avg_pool2d.values") is not None
    assert search(cases, tall, 1, 5, kept_as="yours.py global_avg_pool2d.values") is None


def test_what_passes_again_is_forgotten(database: Path) -> None:
    cases = beyond_the_grid("global_avg_pool2d", same)
    search(cases, tall, 200, 0, kept_as="mine.py global_avg_pool2d.values")
    assert [path for path in database.rglob("*") if path.is_file()]
    assert search(cases, lambda _: None, 1, 5, kept_as="mine.py global_avg_pool2d.values") is None
    assert search(cases, tall, 1, 5, kept_as="mine.py global_avg_pool2d.values") is None


@pytest.mark.parametrize("text", [b"no JSON", b'{"operator": "conv9d"}', b"\xff"])
def test_what_is_no_case_any_more_is_forgotten(database: Path, text: bytes) -> None:
    kept = DirectoryBasedExampleDatabase(database)
    kept.save(b"mine.py", text)
    assert search(beyond_the_grid("global_avg_pool2d", same), tall, 1, 5, kept_as="mine.py") is None
    assert [*kept.fetch(b"mine.py")] == []


def test_without_a_name_nothing_is_kept(database: Path) -> None:
    assert search(beyond_the_grid("global_avg_pool2d", same), tall, 200, 0) is not None
    assert not [path for path in database.rglob("*") if path.is_file()]


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
