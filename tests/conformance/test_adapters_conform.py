"""The adapters that are quick conform on a sample of their cases; CI has the command judge them on all of these."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

import pytest
from many_seeds import Share, judge_share

from conformance.contract import OPERATORS
from conformance.implementation import Implementation, load
from conformance.outcome import CONFORMS

# PyTorch's is judged among the right implementations, JAX's by its own job of CI.
ADAPTERS = ("onnxruntime", "scipy")

# One case in so many is judged.
PARTS = 5


@cache
def implementation(name: str) -> Implementation:
    return load(f"conformance.adapters.{name}")


def provided() -> Iterator[tuple[str, str]]:
    for name in ADAPTERS:
        if find_spec(name):
            yield from ((name, operator) for operator in OPERATORS if implementation(name).provides(operator))


# What README accepts, with the reason: it fails where a sample has magnitudes far apart.
ACCEPTED = {("onnxruntime", "local_response_norm"): "local_response_norm.values"}


@pytest.mark.parametrize(("name", "operator"), list(provided()))
def test_a_sample_of_the_cases_conforms(name: str, operator: str) -> None:
    results = {
        each.requirement: each for each in judge_share(implementation(name), operator, Share("quick", parts=PARTS))
    }
    accepted = results.pop(ACCEPTED.get((name, operator), ""), None)
    assert {each.requirement: each.failures[0] for each in results.values() if each.failures} == {}
    if accepted is None:
        values = f"{operator}.scale" if operator == "dropout" else f"{operator}.values"
        assert results[values].status == CONFORMS
    assert results[f"{operator}.refusals"].status == CONFORMS
