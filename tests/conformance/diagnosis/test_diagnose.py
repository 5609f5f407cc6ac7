"""A failure is traced to a mistake of the catalogue, or to a simple pattern, or to nothing: never to a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.diagnosis import diagnose
from conformance.implementation import from_namespace
from conformance.judge import judge_operator, judge_requirement
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

QUICK = Plan("quick")
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}


def looks_like(id_: str, **functions: Callable[..., Any]) -> str:
    """Judge functions by one requirement, and return what its failures look like."""
    mine = from_namespace("mine", SimpleNamespace(**functions))
    result = judge_requirement(mine, BY_ID[id_], QUICK)
    assert result.wrong
    return diagnose(mine, {BY_ID[id_]: result.wrong}, QUICK).get(id_, "")


@pytest.mark.no_cover
def test_a_mistake_of_the_catalogue_is_named_in_other_code() -> None:
    def conv1d(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        flipped = weight[..., ::-1]
        y = refcnn.conv2d(x[:, :, None], flipped[:, :, None], **_of_rows(how))[:, :, 0]
        return y if bias is None else y + bias[:, None]

    said = looks_like("conv1d.values", conv1d=conv1d)
    assert said.startswith("the kernel is flipped")
    count = said.rpartition("equal on ")[2].removesuffix(" wrong cases").split(" of ")
    assert count[0] == count[1]


def _of_rows(how: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of conv1d as those of an image of one row."""
    padding = how.get("padding", 0)
    sides = padding if isinstance(padding, tuple) else (padding, padding)
    steps = {name: (1, how[name]) for name in ("stride", "dilation") if name in how}
    return {"groups": how.get("groups", 1), "padding": ((0, 0), sides)} | dict(steps)


def test_a_mistake_in_what_is_accepted_is_told_from_one_in_what_is_computed() -> None:
    def relu(x: Any) -> Any:
        return np.where(x < 0, 0, x) * np.ones((), np.asarray(x).dtype)

    assert not looks_like("relu.refusals", relu=relu).startswith("every value")


@pytest.mark.no_cover
def test_a_mistake_in_what_is_computed_explains_nothing_that_is_accepted_or_raised() -> None:
    def conv2d(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        return refcnn.conv2d(x, weight[:, :, ::-1, ::-1], bias, **how)  # a weight of three axes: IndexError

    assert looks_like("conv2d.values", conv2d=conv2d).startswith("the kernel is flipped")
    assert looks_like("conv2d.refusals", conv2d=conv2d) == ""


@pytest.mark.parametrize(
    ("function", "spoil", "says"),
    [
        ("linear", lambda y: 3 * y, "every value is 3 times what it must be"),
        ("linear", lambda y: -y / 8, "every value is -1/8 times what it must be"),
        ("linear", lambda y: y / np.asarray(len(y), y.dtype), "every value is 1/N of what it must be"),
        ("linear", lambda y: y * np.asarray(len(y), y.dtype), "every value is N times what it must be"),
        ("linear", np.zeros_like, "every value is 0"),
        ("avg_pool2d", lambda y: y.swapaxes(0, 1), "axes 0 and 1 of the result are swapped"),
        (
            "avg_pool2d",
            lambda y: np.roll(y, (1, -1), (2, 3)),
            "the image lies 1 rows down and 1 columns left of its place",
        ),
    ],
)
def test_a_simple_pattern_is_said(function: str, spoil: Callable[[Any], Any], says: str) -> None:
    right = getattr(refcnn, function)
    said = looks_like(f"{function}.values", **{function: lambda *arrays, **how: spoil(right(*arrays, **how))})
    sentence, _, count = said.partition("; so on ")
    assert sentence == says
    assert count.endswith(" wrong cases")


def spoil_part(*where: Any) -> Callable[[Any], Any]:
    def spoil(y: Any) -> Any:
        y = y.copy()
        y[where] += 1
        return y

    return spoil


def spoil_border(y: Any) -> Any:
    wrong = y + 1
    wrong[..., 1:-1, 1:-1] = y[..., 1:-1, 1:-1]
    return wrong


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (spoil_part(..., -1), "in the last column"),
        (spoil_part(..., -1, slice(None)), "in the last row"),
        (spoil_part(slice(None), -1), "in the last channel"),
        (spoil_part(-1), "in the last sample"),
        (spoil_part(slice(1, None)), "from the second sample on"),
        (spoil_part(slice(None), slice(1, None)), "from the second channel on"),
        (spoil_border, "at the border"),
    ],
)
def test_what_is_wrong_in_one_place_is_said_to_be(spoil: Callable[[Any], Any], place: str) -> None:
    def avg_pool2d_backward(*arrays: Any, **how: Any) -> Any:
        right = refcnn.avg_pool2d_backward(*arrays, **how)
        # Elsewhere there is no such place to tell from the rest.
        return spoil(right) if min(right.shape[2:]) > 2 and min(right.shape[:2]) > 1 else right

    said = looks_like("avg_pool2d_backward.values", avg_pool2d_backward=avg_pool2d_backward)
    assert said.startswith(f"it is right except {place}; so on ")


def test_a_tail_of_the_channels_is_not_said_to_begin_at_the_second() -> None:
    def conv2d(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        y = refcnn.conv2d(x, weight, bias, **how)
        y[:, y.shape[1] // 16 * 16 if y.shape[1] > 16 else y.shape[1] :] *= 2
        return y

    assert "second channel" not in looks_like("conv2d.values", conv2d=conv2d)


def test_two_mistakes_at_once_are_not_taken_for_one() -> None:
    def linear(x: Any, weight: Any, bias: Any = None) -> Any:
        y = refcnn.linear(np.sort(x, axis=1), weight[:, ::-1], bias)
        return y + np.arange(y.shape[1], dtype=y.dtype)

    assert looks_like("linear.values", linear=linear) == ""


def test_what_is_wrong_in_two_results_follows_no_pattern() -> None:
    def linear_backward(*arrays: Any) -> Any:
        grad_x, grad_weight, grad_bias = refcnn.linear_backward(*arrays)
        return 3 * grad_x, 5 * grad_weight, grad_bias

    assert looks_like("linear_backward.values", linear_backward=linear_backward) == ""


def test_a_pattern_names_the_result_that_is_wrong() -> None:
    def linear_backward(*arrays: Any) -> Any:
        grad_x, grad_weight, grad_bias = refcnn.linear_backward(*arrays)
        return grad_x, grad_weight, 7 * grad_bias

    said = looks_like("linear_backward.values", linear_backward=linear_backward)
    assert said.startswith("grad_bias: every value is 7 times what it must be; so on ")


def test_a_type_that_is_less_precise_than_the_other_is_said() -> None:
    def linear(x: Any, weight: Any, bias: Any = None) -> Any:
        y = refcnn.linear(x, weight, bias)
        significand, exponent = np.frexp(y)
        return np.ldexp(np.round(significand * 2**11) / 2**11, exponent) if x.dtype == np.float64 else y

    assert looks_like("linear.values", linear=linear).startswith("it is right in float32, but not in float64; so on ")


def test_what_raises_everywhere_follows_no_pattern() -> None:
    def relu(x: Any) -> Any:
        raise ArithmeticError(x)

    assert looks_like("relu.values", relu=relu) == ""


def test_what_is_right_when_it_is_asked_again_is_not_traced() -> None:
    requirement = BY_ID["relu.values"]
    mine = from_namespace("mine", SimpleNamespace(relu=refcnn.relu))
    assert diagnose(mine, {requirement: list(requirement.cases(QUICK))[:3]}, QUICK) == {}


def test_a_mistake_of_behaviour_is_named_too() -> None:
    def relu(x: Any) -> Any:
        y = refcnn.relu(x)
        if x.flags.writeable:
            x[...] = y
        return y

    assert looks_like("relu.inputs_unchanged", relu=relu) != ""


def test_a_requirement_of_several_functions_is_left_to_those_of_one() -> None:
    mine = from_namespace("mine", SimpleNamespace(linear=refcnn.linear, linear_backward=refcnn.linear_backward))
    requirement = BY_ID["linear.adjoint"]
    assert diagnose(mine, {requirement: list(requirement.cases(QUICK))[:3]}, QUICK) == {}


def test_the_report_of_an_operator_holds_the_diagnosis() -> None:
    mine = from_namespace("mine", SimpleNamespace(tanh=lambda x: 3 * refcnn.tanh(x)))
    said = {each.requirement: each.diagnosis for each in judge_operator(mine, "tanh", QUICK).requirements}
    assert said["tanh.values"].startswith("every value is 3 times what it must be")
    assert said["tanh.shape"] == ""


def test_small_results_make_no_pattern() -> None:
    def cross_entropy(logits: Any, target: Any) -> Any:
        y = refcnn.cross_entropy(logits, target)
        return 3 * y if len(logits) == 5 and logits.shape[1] == 10 else y

    assert looks_like("cross_entropy.values", cross_entropy=cross_entropy) == ""


@pytest.mark.no_cover
def test_one_over_the_channels_is_said() -> None:
    def global_avg_pool2d(x: Any) -> Any:
        return refcnn.global_avg_pool2d(x) / np.asarray(x.shape[1], x.dtype)

    said = looks_like("global_avg_pool2d.values", global_avg_pool2d=global_avg_pool2d)
    assert said.startswith("every value is 1/C of what it must be; so on ")


def test_what_is_not_supported_is_no_mistake() -> None:
    def tanh(x: Any) -> Any:
        if x.dtype == np.float32:
            raise NotImplementedError
        return 3 * refcnn.tanh(x)

    assert looks_like("tanh.values", tanh=tanh).startswith("every value is 3 times what it must be")


def test_a_factor_that_no_size_explains_is_no_pattern() -> None:
    def tanh(x: Any) -> Any:
        return refcnn.tanh(x) * np.asarray(3 + x.size % 5, x.dtype)

    assert looks_like("tanh.values", tanh=tanh) == ""


def test_a_result_of_another_type_is_a_mistake() -> None:
    def global_avg_pool2d(x: Any) -> Any:
        return refcnn.global_avg_pool2d(x).astype(np.float64)

    assert looks_like("global_avg_pool2d.dtype", global_avg_pool2d=global_avg_pool2d) != ""


def test_results_of_a_wrong_shape_may_agree() -> None:
    def global_avg_pool2d(x: Any) -> Any:
        return refcnn.global_avg_pool2d(x)[:, :, 0, 0]

    assert looks_like("global_avg_pool2d.shape", global_avg_pool2d=global_avg_pool2d) != ""
