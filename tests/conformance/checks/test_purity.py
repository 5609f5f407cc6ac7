"""Impure functions are found by what they leave behind."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.calling import forward
from conformance.case import Case
from conformance.checks import purity
from conformance.comparison import Finding, InconclusiveError
from conformance.implementation import CallError, Implementation, from_namespace, load

REFERENCE = load("refcnn")
CASE = Case("relu", {"x": (2, 3)}, data="positive")


def others(case: Case) -> list[Case]:
    return [case.with_shapes(x=(3, 3))]


no_state = purity.no_state(forward, others)


def relu(function: Callable[[Any], Any]) -> Implementation:
    return from_namespace("broken", SimpleNamespace(relu=function))


def message(finding: Finding) -> str:
    assert finding.violation is not None
    return finding.violation.message


@pytest.mark.parametrize(
    "check",
    [
        purity.inputs_unchanged(forward),
        purity.no_alias(forward),
        no_state,
        purity.layouts(forward),
        purity.no_global_state(forward),
    ],
    ids=["inputs_unchanged", "no_alias", "no_state", "layouts", "no_global_state"],
)
@pytest.mark.parametrize("layout", ["contiguous", "read_only", "strided"])
def test_the_reference_is_pure(check: Any, layout: str) -> None:
    assert check(REFERENCE, CASE.but(layout=layout)) == Finding()


def test_a_number_written_into_an_input_is_found() -> None:
    def in_place(x: Any) -> Any:
        x[0, 0] = -1.0
        return refcnn.relu(x)

    finding = purity.inputs_unchanged(forward)(relu(in_place), CASE)
    assert message(finding) == "x was changed by the call"
    assert finding.violation is not None
    assert finding.violation.got is not None
    assert finding.violation.got[0, 0] == -1.0


def test_a_change_of_type_in_place_is_found() -> None:
    def renamed(x: Any) -> Any:
        result = refcnn.relu(x)
        x.shape = (6,)
        return result

    finding = purity.inputs_unchanged(forward)(relu(renamed), CASE)
    assert message(finding) == "x had its shape changed in place, from (2, 3) to (6,)"


@pytest.mark.parametrize("view", [lambda x: x, lambda x: x[:, ::-1], np.transpose], ids=["itself", "reversed", "turned"])
def test_a_view_of_an_argument_is_found(view: Callable[[Any], Any]) -> None:
    assert message(purity.no_alias(forward)(relu(view), CASE)) == "y shares memory with the argument x"


def test_one_buffer_for_all_results_is_found() -> None:
    buffer = np.zeros((2, 3))

    def into_buffer(x: Any) -> Any:
        return np.maximum(x, 0, out=buffer)

    assert message(purity.no_alias(forward)(relu(into_buffer), CASE)) == (
        "y shares memory with the y of an earlier call"
    )


def test_two_buffers_in_turn_are_found() -> None:
    buffers = [np.zeros((2, 3)), np.zeros((2, 3))]

    def into_buffers(x: Any) -> Any:
        buffers.reverse()
        return np.maximum(x, 0, out=buffers[0])

    assert message(purity.no_alias(forward)(relu(into_buffers), CASE)) == "y was changed by a later call"


def test_a_cache_by_shape_is_found_after_other_calls() -> None:
    cache: dict[Any, Any] = {}

    def stale(x: Any) -> Any:
        return cache.setdefault(x.shape, refcnn.relu(x)).copy()

    # In a fresh process the first answer is right; it is the new numbers in the same array that show the cache.
    assert message(no_state(relu(stale), CASE.but(layout="read_only"))) == ""


def test_a_call_that_other_calls_spoil_is_found() -> None:
    seen: list[Any] = []

    def spoilt(x: Any) -> Any:
        seen.append(x.shape)
        return refcnn.relu(x) + (x.shape == (2, 3) and (3, 3) in seen)

    assert message(no_state(relu(spoilt), CASE)).startswith("right in a first call, but after 1 others y[0, 0] is ")
