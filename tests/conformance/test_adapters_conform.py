"""The adapters that are quick conform on a sample of their cases; CI has the command judge them on all of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec

import pytest

from conformance.case import Case
from conformance.contract import OPERATORS
from conformance.implementation import Implementation, load
from conformance.judge import judge_requirement
from conformance.outcome import CONFORMS
from conformance.plan import Plan
from conformance.requirements import requirements_for

# PyTorch's is judged among the right implementations, JAX's by its own job of CI.
ADAPTERS = ("onnxruntime", "scipy")

# A requirement with fewer corners keeps them all; refusals and special values are cheap.
FEW = 6


@dataclass(frozen=True)
class Sample(Plan):
    """A profile with every seventh case of its grids, of either dtype, and one of Hypothesis beyond them."""

    @property
    def few(self) -> int:
        """How many cases a requirement takes that needs few."""
        return 3

    @property
    def examples(self) -> int:
        """How many cases Hypothesis draws beyond the grid, a requirement."""
        return 1

    def grid(self, operator: str) -> tuple[Case, ...]:
        return super().grid(operator)[::7]


@cache
def implementation(name: str) -> Implementation:
    return load(f"conformance.adapters.{name}")


def provided() -> Iterator[tuple[str, str]]:
    for name in ADAPTERS:
        if find_spec(name):
            yield from ((name, operator) for operator in OPERATORS if implementation(name).provides(operator))


@pytest.mark.parametrize(("name", "operator"), list(provided()))
def test_a_sample_of_the_cases_conforms(name: str, operator: str) -> None:
    target, results = implementation(name), {}
    for requirement in requirements_for(target, [operator]):
        cheap = requirement.kind in ("refusals", "special") or len(requirement.corners) < FEW
        sampled = requirement if cheap else replace(requirement, corners=requirement.corners[::4])
        results[requirement.id] = judge_requirement(target, sampled, Sample("quick"))
    assert {each.requirement: each.failures[0] for each in results.values() if each.failures} == {}
    values = f"{operator}.scale" if operator == "dropout" else f"{operator}.values"
    assert results[values].status == results[f"{operator}.refusals"].status == CONFORMS
