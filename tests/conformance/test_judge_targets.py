"""Partial, crashing and senseless targets: what is left out does not fail, and nothing stops the judge."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.implementation import Implementation, from_namespace
from conformance.judge import judge_operator, judge_requirement
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

QUICK = Plan("quick")
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}


def given(**functions: Any) -> Implementation:
    return from_namespace("given", SimpleNamespace(**functions))


def one_dtype(dtype: str) -> Implementation:
    """Return an implementation of relu and linear that does one element type alone."""

    def limited(name: str) -> Any:
        def function(*arrays: Any) -> Any:
            if any(array.dtype.newbyteorder("=").kind == "f" and array.dtype != dtype for array in arrays):
                raise NotImplementedError(f"{dtype} alone")
            return getattr(refcnn, name)(*arrays)

        return function

    return given(**{name: limited(name) for name in ("relu", "relu_backward", "linear", "linear_backward")})


@pytest.mark.no_cover
@pytest.mark.parametrize("operator", ["relu", "linear"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_element_type_conforms_and_the_other_is_counted(dtype: str, operator: str) -> None:
    result = judge_operator(one_dtype(dtype), operator, QUICK)
    assert result.status == "conforms"
    assert sum(each.not_supported for each in result.requirements) > 50
    assert sum(each.failed for each in result.requirements) == 0


def not_implemented(*_: Any, **__: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize("operator", ["im2col", "conv1d", "avg_pool2d", "cross_entropy", "adam_update"])
def test_what_supports_nothing_is_not_supported_and_does_not_fail(operator: str) -> None:
    nothing = given(**dict.fromkeys(refcnn.__all__, not_implemented))
    result = judge_operator(nothing, operator, QUICK)
    assert result.status == "not supported"
    assert result.cases == 0


def test_what_is_left_out_is_not_provided() -> None:
    result = judge_operator(given(relu=refcnn.relu), "tanh", QUICK)
    assert result.status == "not provided"
    assert {each.status for each in result.requirements} == {"not provided"}


def test_a_forward_function_alone_conforms() -> None:
    result = judge_operator(given(relu=refcnn.relu), "relu", QUICK)
    statuses = {each.requirement: each.status for each in result.requirements}
    assert result.status == "conforms"
    assert statuses["relu.values"] == "conforms"
    assert statuses["relu_backward.values"] == statuses["relu.gradient"] == "not provided"


def crash(_: Any) -> Any:
    raise IndexError("list index out of range")


def leave(_: Any) -> Any:
    sys.exit(3)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("relu", "found"),
    [
        (crash, "raised IndexError: list index out of range"),
        (leave, "raised SystemExit: 3"),
        (lambda x: (x, x, x), "returned y as tuple, which is no array"),
        (lambda _: "text", "returned y as str of <U4, want floating numbers"),
        (lambda _: object(), "returned y as object of object, want floating numbers"),
        (lambda x: np.full_like(x, np.nan), "is nan, want "),
        (lambda x: np.full_like(x, np.inf), "is inf, want "),
        (lambda x: x[:0], "has shape (0,"),
    ],
    ids=["a crash", "an exit", "three results", "text", "an object", "NaN", "infinity", "nothing"],
)
def test_whatever_a_target_does_is_a_violation_in_words(relu: Any, found: str) -> None:
    result = judge_requirement(given(relu=relu), BY_ID["relu.values"], QUICK)
    assert result.status == "fails"
    assert result.failed > 0
    assert found in result.failures[0].violation.message or "has shape" in result.failures[0].violation.message


def test_a_call_that_ends_in_an_exception_is_a_violation() -> None:
    found = BY_ID["relu.values"].judge(given(relu=crash), Case("relu", {"x": (2,)}))
    assert found.violation is not None
    assert found.violation.message == "raised IndexError: list index out of range"


@pytest.mark.no_cover
def test_whoever_reshapes_an_argument_fails_and_ends_nothing() -> None:
    def conv2d(x: Any, weight: Any, bias: Any = None, **attributes: Any) -> Any:
        y = refcnn.conv2d(x, weight, bias, **attributes)
        if x.flags.c_contiguous:
            x.shape = (-1,)
        return y

    result = judge_operator(given(conv2d=conv2d), "conv2d", QUICK, fail_fast=True)
    assert result.status == "fails"
    (failure,) = result.requirements[-1].failures
    assert "made x, float" in failure.violation.message
