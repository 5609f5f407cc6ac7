"""Several steps show what one step does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import refcnn
from conformance.case import Case
from conformance.checks.optimisers import several_steps
from conformance.implementation import from_namespace, load

SGD = Case("sgd_update", {"param": (2,), "grad": (2,)}, {"lr": 0.5})
ADAM = Case("adam_update", dict.fromkeys(("param", "grad", "m", "v"), (2,)), {"step": 1, "lr": 0.5})


@pytest.mark.parametrize("case", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_reference_stays_right(case: Case, dtype: str) -> None:
    assert several_steps(load("refcnn"), case.but(dtype=dtype)).violation is None


def test_the_worst_of_all_steps_is_kept() -> None:
    assert 0 < several_steps(load("refcnn"), ADAM.but(dtype="float32")).worst <= 1


def test_a_wrong_step_is_named_with_its_result() -> None:
    implementation = from_namespace("broken", SimpleNamespace(sgd_update=lambda param, *_, **__: param + 1000))
    violation = several_steps(implementation, SGD).violation
    assert violation is not None
    assert violation.message.startswith("param after step 1[0] is ")


def test_a_step_that_is_not_counted_shows_in_the_second_one() -> None:
    def adam_update(*arrays: Any, **attributes: Any) -> Any:
        return refcnn.adam_update(*arrays, **attributes | {"step": 1})

    violation = several_steps(from_namespace("broken", SimpleNamespace(adam_update=adam_update)), ADAM).violation
    assert violation is not None
    assert violation.message.startswith("param after step 2[0] is ")
