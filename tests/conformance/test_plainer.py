"""A requirement of which nothing was supported is tried on plainer cases."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.implementation import from_namespace
from conformance.judge import judge_requirement
from conformance.oracle import output_shape
from conformance.outcome import CONFORMS, FAILS, NOT_SUPPORTED
from conformance.plainer import plainer, plainer_cases
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
QUICK = Plan("quick")
PLAIN = {"stride", "padding", "kernel_size", "input_shape"}


def sparse(x: Any, weight: Any, bias: Any = None, *, stride: Any = 1, padding: Any = 0, **others: Any) -> Any:
    """Convolve with one stride and one padding in float64, and with nothing else."""
    if x.dtype != np.float64 or not isinstance(stride, int) or not isinstance(padding, int):
        raise NotImplementedError
    if any(value != 1 for value in others.values()):
        raise NotImplementedError
    return refcnn.conv2d(x, weight, bias, stride=stride, padding=padding, **others)


@pytest.mark.parametrize("id_", ["conv2d.inputs_unchanged", "conv2d.layouts", "conv2d.dtype", "conv2d.empty_batch"])
def test_what_only_few_problems_show_is_judged_on_plainer_ones(id_: str) -> None:
    result = judge_requirement(from_namespace("mine", SimpleNamespace(conv2d=sparse)), BY_ID[id_], QUICK)
    assert result.status == CONFORMS
    assert result.not_supported


def test_a_mistake_shows_on_them_too() -> None:
    def spoilt(x: Any, *rest: Any, **how: Any) -> Any:
        y = sparse(x, *rest, **how)
        if x.flags.writeable:
            x[...] = 0
        return y

    result = judge_requirement(
        from_namespace("mine", SimpleNamespace(conv2d=spoilt)), BY_ID["conv2d.inputs_unchanged"], QUICK
    )
    assert result.status == FAILS


@pytest.mark.parametrize("id_", ["conv2d.groups", "conv2d.dilation"])
def test_a_requirement_about_what_is_left_out_stays_not_supported(id_: str) -> None:
    result = judge_requirement(from_namespace("mine", SimpleNamespace(conv2d=sparse)), BY_ID[id_], QUICK)
    assert (result.status, result.cases) == (NOT_SUPPORTED, 0)


def test_a_call_that_is_to_be_refused_has_no_plainer_one() -> None:
    assert list(plainer_cases(BY_ID["conv2d.refusals"], QUICK)) == []


@pytest.mark.parametrize(
    "operator", ["im2col", "col2im", "conv1d", "conv2d", "conv_transpose2d", "max_pool2d", "linear"]
)
def test_plainer_cases_are_plain_and_have_an_answer(operator: str) -> None:
    requirement = BY_ID[f"{operator}.inputs_unchanged"]
    cases = list(plainer_cases(requirement, QUICK))
    assert len(cases) >= 3
    for case in cases:
        assert set(case.attributes) <= PLAIN
        assert all(isinstance(case.attributes.get(name, 1), int) for name in ("stride", "padding"))
        assert case.dtype == "float64"
        assert output_shape(case)


def test_the_first_group_of_a_transposed_convolution_keeps_its_filters() -> None:
    shapes = {"x": (1, 4, 3, 3), "weight": (4, 2, 2, 2), "bias": (4,)}
    plain = plainer(Case("conv_transpose2d", shapes, {"groups": 2, "output_padding": 1, "stride": 2}))
    assert plain is not None
    assert plain.describe() == "x (1,4,3,3) weight (4,2,2,2) bias (2) stride=2 float64"


def test_a_pool_steps_by_its_longer_side_where_it_has_no_stride() -> None:
    plain = plainer(Case("max_pool2d", {"x": (1, 1, 6, 6)}, {"kernel_size": (2, 3), "ceil_mode": True}))
    assert plain is not None
    assert dict(plain.attributes) == {"kernel_size": (2, 3), "stride": 3}


def test_a_case_that_has_no_answer_without_its_dilation_is_left_out() -> None:
    # Half of a kernel of 2 is 1: padding of 2 is too much unless the kernel is dilated.
    assert plainer(Case("max_pool2d", {"x": (1, 1, 6, 6)}, {"kernel_size": 2, "padding": 2, "dilation": 3})) is None
