"""Many seeds: what is right raises no alarm, what is wrong does, and the parts are all of the cases."""

from __future__ import annotations

import re
from pathlib import Path

import many_seeds
import pytest
import typer
from many_seeds import Share

from conformance.case import Case
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS, Requirement

WRONG = Path(__file__).parents[1] / "implementations" / "wrong"


def test_what_is_right_raises_no_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as end:
        many_seeds.main(["refcnn"], seeds=2, profile="quick", op=["sgd_update"])
    assert end.value.exit_code == 0
    first, second, total = capsys.readouterr().out.splitlines()
    assert first.startswith("refcnn seed 0: ")
    assert second.startswith("refcnn seed 1: ")
    cases = sum(int(line.split()[3]) for line in (first, second))
    assert total == f"{cases:,} cases of 1 targets with 2 seeds, 0 false alarms"


def test_what_is_wrong_does_and_says_with_which_case(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as end:
        many_seeds.main([str(WRONG / "null_ones.py")], seeds=1, profile="quick", op=["sgd_update"])
    assert end.value.exit_code == 1
    out = capsys.readouterr().out
    assert re.search(r"  sgd_update\.values: .*\n    \{.*sgd_update", out)
    assert re.search(r", [1-9]\d* false alarms$", out)


@pytest.mark.parametrize("parts", [1, 3])
def test_the_parts_are_all_of_the_cases_each_once(parts: int) -> None:
    plans = [Share("quick", seed=7, part=part, parts=parts) for part in range(parts)]
    assert sorted(map(Case.to_json, (case for plan in plans for case in plan.grid("conv2d")))) == sorted(
        map(Case.to_json, Plan("quick", 7).grid("conv2d"))
    )
    paths = next(each.paths for each in REQUIREMENTS if each.id == "conv2d.values")
    assert sorted(case.to_json() for plan in plans for case in plan.some(paths)) == sorted(
        map(Case.to_json, Plan("quick", 7).some(paths))
    )
    many = max(REQUIREMENTS, key=lambda each: len(each.corners))
    assert sorted(case.to_json() for plan in plans for case in plan.of(many).corners) == sorted(
        map(Case.to_json, many.corners)
    )


def test_few_corners_are_in_every_part_where_that_is_asked() -> None:
    few: Requirement = next(each for each in REQUIREMENTS if 2 <= len(each.corners) < 6 and each.kind != "refusals")
    assert Share("quick", part=1, parts=3).of(few).corners == few.corners
    assert Share("quick", part=1, parts=3, few_in_each=False).of(few).corners == few.corners[1::3]
    assert (Share("quick", parts=8).few, Share("quick", parts=8, few_in_each=False).few) == (8, 1)


def test_all_refusals_are_in_every_part() -> None:
    refusals: Requirement = next(each for each in REQUIREMENTS if each.kind == "refusals")
    assert Share("quick", part=1, parts=3).of(refusals).corners == refusals.corners
