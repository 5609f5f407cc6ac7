"""Implementations that are right in other ways than the reference conform in all that they provide."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from conformance.contract import OPERATORS
from conformance.implementation import Implementation, load
from conformance.judge import CONFORMS, NOT_PROVIDED, judge_operator
from conformance.plan import Plan

RIGHT = Path(__file__).parents[1] / "implementations" / "right"


@cache
def implementation(name: str) -> Implementation:
    return load(str(RIGHT / f"{name}.py"))


def provided() -> Iterator[tuple[str, str]]:
    for path in sorted(RIGHT.glob("*.py")):
        for operator in OPERATORS:
            if implementation(path.stem).provides(operator):
                yield path.stem, operator


def assert_conforms(judged: Implementation, operator: str) -> None:
    result = judge_operator(judged, operator, Plan("quick"))
    broken = {each.requirement: each.failures[0] for each in result.requirements if each.failures}
    assert broken == {}
    statuses = {each.requirement: each.status for each in result.requirements}
    assert {id_: status for id_, status in statuses.items() if status not in (CONFORMS, NOT_PROVIDED)} == {}
    assert result.status == CONFORMS


@pytest.mark.parametrize(("name", "operator"), list(provided()))
def test_what_is_provided_conforms(name: str, operator: str) -> None:
    assert_conforms(implementation(name), operator)


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_torch_adapter_conforms(operator: str) -> None:
    pytest.importorskip("torch", reason="the adapter stands on PyTorch, which is an optional dependency")
    assert_conforms(load("conformance.adapters.torch"), operator)
