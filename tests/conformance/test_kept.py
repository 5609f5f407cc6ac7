"""What failed is kept, tried first the next time, and forgotten once it passes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

import refcnn
from conformance.case import Case
from conformance.comparison import Failure, Violation
from conformance.implementation import from_namespace
from conformance.judge import judge_requirement
from conformance.kept import keep, still_failing
from conformance.outcome import CONFORMS
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS
from conformance.requirements.requirement import same
from conformance.search import beyond_the_grid

CASE = Case("relu", {"x": (5,)}, seed=7)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """Keep what fails in a folder of the test's own."""
    settings.register_profile("kept", database=DirectoryBasedExampleDatabase(tmp_path))
    before = settings.get_current_profile_name()
    settings.load_profile("kept")
    yield tmp_path
    settings.load_profile(before)


def failing(case: Case) -> Failure:
    return Failure(case, Violation("wrong"))


@pytest.mark.usefixtures("database")
def test_what_failed_is_tried_the_next_time() -> None:
    keep("mine.py relu.values", failing(CASE))
    again = still_failing("mine.py relu.values", failing)
    assert again is not None
    assert again.case == CASE


@pytest.mark.usefixtures("database")
def test_what_was_kept_for_another_target_is_not_tried() -> None:
    keep("mine.py relu.values", failing(CASE))
    assert still_failing("yours.py relu.values", failing) is None


@pytest.mark.usefixtures("database")
def test_what_passes_again_is_forgotten() -> None:
    keep("mine.py relu.values", failing(CASE))
    assert still_failing("mine.py relu.values", lambda _: None) is None
    assert still_failing("mine.py relu.values", failing) is None


@pytest.mark.parametrize("text", [b"no JSON", b'{"operator": "conv9d"}', b"\xff"])
def test_what_is_no_case_any_more_is_forgotten(database: Path, text: bytes) -> None:
    kept = DirectoryBasedExampleDatabase(database)
    kept.save(b"mine.py", text)
    assert still_failing("mine.py", failing) is None
    assert [*kept.fetch(b"mine.py")] == []


def test_without_a_database_nothing_is_kept() -> None:  # as the tests' own settings say
    keep("mine.py relu.values", failing(CASE))
    assert still_failing("mine.py relu.values", failing) is None


class WrongForSix:
    """Is wrong for a batch of six, of which no case of the grid is."""

    @staticmethod
    def conv1d(x: Any, *arguments: Any, **attributes: Any) -> Any:
        return refcnn.conv1d(x, *arguments, **attributes) + (len(x) == 6)


def draws_six(seed: int) -> bool:
    return any(case.shapes["x"][0] == 6 for case in beyond_the_grid("conv1d", same, Plan("quick").examples, seed))


@pytest.mark.usefixtures("database")
def test_what_the_search_finds_is_kept_and_found_with_any_seed() -> None:
    (values,) = (each for each in REQUIREMENTS if each.id == "conv1d.values")
    wrong = from_namespace("mine.py", WrongForSix)
    finds, does_not = (next(seed for seed in range(99) if draws_six(seed) == each) for each in (True, False))
    assert judge_requirement(wrong, values, Plan("quick", does_not)).status == CONFORMS
    found = judge_requirement(wrong, values, Plan("quick", finds))
    assert found.failures[0].case.shapes["x"][0] == 6
    assert still_failing("mine.py conv1d.values", failing) is not None
    assert judge_requirement(wrong, values, Plan("quick", does_not)).failures[0].case == found.failures[0].case
