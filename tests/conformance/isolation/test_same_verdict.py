"""Isolation weakens nothing: wrong implementations are found wrong on the same cases, in the same words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.faults import CATALOGUE
from conformance.implementation import Implementation, load
from conformance.isolation.source import Source, opened
from conformance.judge import first_failure, judge_requirement
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

IMPLEMENTATIONS = Path(__file__).parents[2] / "implementations"
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
# What a wrong implementation does to one requirement; all others are compared in test_wrong_implementations.
WRONG = {
    "flipped_kernel": "conv2d.values",
    "swapped_height_width": "conv2d.shape",
    "max_pool_zero_padding": "max_pool2d.padding",
    "max_pool_ties_to_all": "max_pool2d.routing",
    "bias_gradient_misses_an_axis": "conv2d.gradient",
    "groups_in_wrong_order": "conv2d.groups",
    "input_mutated": "relu.inputs_unchanged",
    "stale_cache": "conv2d.no_state",
    "softmax_without_shift": "softmax.special_values",
    "running_var_biased": "batch_norm.running_var",
    "float64_computed_in_float32": "linear.gradient",
    "bad_stride_accepted": "conv2d.refusals",
    "null_zeros": "tanh.values",
    "null_ones": "tanh.values",
    "null_input": "relu.values",
    "null_other_operator": "relu.values",
}
# A few of the mistakes that only purity shows, which depends most on what is carried between the processes: all of
# them were compared once, and each costs a process.
IMPURE = [fault for fault in CATALOGUE if BY_ID[fault.killed_by].kind == "purity"][::24]
OTHERS = [fault for fault in CATALOGUE if BY_ID[fault.killed_by].kind != "purity"][::400]


def told(implementation: Implementation, requirement: str) -> str:
    with np.errstate():  # some faults change the settings for good
        failure = first_failure(implementation, BY_ID[requirement], Plan("quick"))
    assert failure is not None
    return f"{failure.case.to_json()} {failure.violation.message}"


def both(target: str, requirement: str) -> tuple[str, str]:
    isolated = opened.__wrapped__(Source(target))
    try:
        return told(load(target), requirement), told(isolated, requirement)
    finally:
        isolated.speaker.close()


def test_every_wrong_implementation_is_compared() -> None:
    assert {path.stem for path in (IMPLEMENTATIONS / "wrong").glob("*.py")} == set(WRONG)


@pytest.mark.parametrize(("name", "requirement"), WRONG.items())
def test_a_wrong_implementation_fails_in_the_same_case_and_words(name: str, requirement: str) -> None:
    here, isolated = both(str(IMPLEMENTATIONS / "wrong" / f"{name}.py"), requirement)
    assert isolated == here


@pytest.mark.parametrize("fault", [*IMPURE, *OTHERS][::2], ids=lambda fault: fault.id)
def test_a_fault_of_the_catalogue_fails_in_the_same_case_and_words(fault: object) -> None:
    id_, requirement = fault.id, fault.killed_by  # type: ignore[attr-defined]  # a fault, which ids take for any object
    here, isolated = both(f"{IMPLEMENTATIONS / 'one_fault.py'}:{id_.replace('.', '__')}", requirement)
    assert isolated == here


@pytest.mark.parametrize("name", ["noisy", "read_only_results"])
def test_an_unusual_implementation_conforms_isolated(name: str) -> None:
    isolated = opened.__wrapped__(Source(str(IMPLEMENTATIONS / "right" / f"{name}.py")))
    try:
        for requirement in ("relu.no_state", "relu.no_alias", "relu.no_global_state"):
            assert judge_requirement(isolated, BY_ID[requirement], Plan("quick")).status == "conforms"
    finally:
        isolated.speaker.close()
