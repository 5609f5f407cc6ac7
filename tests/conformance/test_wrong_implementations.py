"""Every implementation that is wrong on purpose is rejected, by the requirement that names its mistake."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from conformance.contract import OPERATORS
from conformance.implementation import Implementation, load
from conformance.judge import first_failure, judge_requirement
from conformance.outcome import CONFORMS
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS, requirements_for

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

WRONG = Path(__file__).parents[1] / "implementations" / "wrong"
QUICK = Plan("quick")

MISTAKES: dict[str, tuple[str, ...]] = {
    "flipped_kernel": ("conv2d.values", "conv2d.exact", "conv2d_backward.values"),
    "swapped_height_width": ("conv2d.values", "conv2d.shape"),
    "max_pool_zero_padding": ("max_pool2d.padding", "max_pool2d.values"),
    "max_pool_ties_to_all": ("max_pool2d.routing",),
    "bias_gradient_misses_an_axis": ("conv2d.gradient", "conv2d_backward.values"),
    "groups_in_wrong_order": ("conv2d.groups", "conv2d.values"),
    "input_mutated": ("relu.inputs_unchanged", "relu.no_alias"),
    "stale_cache": ("conv2d.no_state",),
    "softmax_without_shift": ("softmax.shift_invariance", "softmax.special_values"),
    "running_var_biased": ("batch_norm.running_var",),
    "float64_computed_in_float32": ("linear.values", "linear.gradient"),
    "bad_stride_accepted": ("conv2d.refusals",),
}
# What each mistake leaves right: a suite that rejects everything would be of no use.
STILL_RIGHT: dict[str, str] = {
    "flipped_kernel": "conv2d.shape",
    "swapped_height_width": "conv2d.dtype",
    "max_pool_zero_padding": "max_pool2d.shape",
    "max_pool_ties_to_all": "max_pool2d_backward.values",
    "bias_gradient_misses_an_axis": "conv2d.adjoint",
    "groups_in_wrong_order": "conv2d.refusals",
    "input_mutated": "relu.values",
    "stale_cache": "conv2d.shape",
    "softmax_without_shift": "softmax.gradient",
    "running_var_biased": "batch_norm.values",
    "float64_computed_in_float32": "linear.exact",
    "bad_stride_accepted": "conv2d.values",
}
NULLS = ("null_zeros", "null_ones", "null_input", "null_other_operator")
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}


@cache
def null(name: str) -> Implementation:
    return load(str(WRONG / f"{name}.py"))


def breaks(name: str, requirement: str) -> bool:
    # Loaded anew, so that nothing is left of the calls for another requirement.
    return first_failure(load(str(WRONG / f"{name}.py")), BY_ID[requirement], QUICK) is not None


def test_every_wrong_implementation_is_in_a_table() -> None:
    assert {path.stem for path in WRONG.glob("*.py")} == {*MISTAKES, *NULLS}
    assert set(STILL_RIGHT) == set(MISTAKES)


@pytest.mark.parametrize(
    ("name", "requirement"), [(name, requirement) for name, ids in MISTAKES.items() for requirement in ids]
)
def test_a_mistake_breaks_the_requirement_that_names_it(name: str, requirement: str) -> None:
    assert breaks(name, requirement)


@pytest.mark.parametrize(("name", "requirement"), STILL_RIGHT.items())
def test_a_mistake_leaves_what_it_does_not_touch(name: str, requirement: str) -> None:
    assert judge_requirement(load(str(WRONG / f"{name}.py")), BY_ID[requirement], QUICK).status == CONFORMS


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("name", NULLS)
def test_what_computes_nothing_fails_every_operator(name: str, operator: str) -> None:
    target = null(name)
    assert any(first_failure(target, requirement, QUICK) for requirement in requirements_for(target, [operator]))
