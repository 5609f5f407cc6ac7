"""Every corner has an answer and a reason, and every piece of bad input is refused by the reference."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import refcnn
from conformance import corners
from conformance.bad_input import GOOD, for_backward, for_forward
from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.contract import OPERATORS
from conformance.data import arrays
from conformance.implementation import CallError, from_namespace
from conformance.judge import first_failure
from conformance.kinds import KINDS
from conformance.oracle import answers, is_legal, output_shape
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

GROUPS = {
    "SIZES": corners.SIZES,
    "SHAPES": corners.SHAPES,
    "SPECIAL": corners.SPECIAL,
    "ROUTING": {"max_pool2d": corners.ROUTING},
}
REFERENCE = from_namespace("refcnn", refcnn)
BACKWARD = [name for name, operator in OPERATORS.items() if operator.backward]


@pytest.mark.parametrize("group", GROUPS)
def test_every_corner_is_legal_and_says_why_it_is_there(group: str) -> None:
    for operator, cases in GROUPS[group].items():
        assert cases
        for case in cases:
            assert case.operator == operator
            assert case.note
            assert case.data in KINDS
            assert is_legal(case), case.describe()


@pytest.mark.parametrize("group", GROUPS)
def test_no_corner_comes_twice(group: str) -> None:
    for operator, cases in GROUPS[group].items():
        texts = [case.but(note="").to_json() for case in cases]
        assert sorted(set(texts)) == sorted(texts), operator


def is_near(case: Case) -> bool:
    return case.operator == "max_pool2d" and case.data == "offset"


@pytest.mark.parametrize("group", GROUPS)
def test_every_corner_comes_in_both_element_types(group: str) -> None:
    for cases in GROUPS[group].values():
        # The integer type of labels has nothing to do with the logits; pixels near to one another tie in float32.
        floating = [case for case in cases if not case.data.endswith("_labels") and not is_near(case)]
        wide = [case.but(note="", dtype="") for case in floating if case.dtype == "float64"]
        narrow = [case.but(note="", dtype="") for case in floating if case.dtype == "float32"]
        assert wide == narrow


@pytest.mark.parametrize("group", GROUPS)
def test_every_corner_has_a_right_value_or_gradient_that_is_not_all_zero(group: str) -> None:
    for cases in GROUPS[group].values():
        for case in cases:
            if case.operator == "cross_entropy" and case.shapes["logits"][1] == 1:
                continue  # with a single class there is nothing to lose
            calls = [forward(case), *([backward(case)] if OPERATORS[case.operator].backward else [])]
            first = [answers(call.function, case, call.arrays, {})[0].value for call in calls]
            assert any(value.any() for value in first), case.describe()


def test_sizes_reach_past_the_blocks_that_implementations_use() -> None:
    for operator in ("conv1d", "conv2d", "conv_transpose2d"):
        shapes = [case.shapes for case in corners.SIZES[operator]]
        assert max(shape["x"][0] for shape in shapes) > 128
        assert max(shape["x"][1] for shape in shapes) > 128
        assert max(shape["weight"][0] for shape in shapes) > 128


@pytest.mark.parametrize("operator", GOOD)
def test_the_good_case_of_an_operator_is_one_that_the_reference_answers(operator: str) -> None:
    case = GOOD[operator]
    assert case.operator == operator
    assert is_legal(case)
    (first, *_) = forward(case).run(REFERENCE)
    assert first.shape == output_shape(case)
    if OPERATORS[operator].backward:
        assert backward(case).run(REFERENCE)


def test_every_operator_has_a_good_case() -> None:
    assert set(GOOD) == set(OPERATORS)


def refused_by_the_reference(call: Call) -> None:
    """Require a ValueError, or a TypeError for a wrong type, from the reference."""
    with pytest.raises(CallError) as caught:
        call.run(REFERENCE)
    of_a_type = call.case.dtype == "int64" or call.case.data == "bytes"
    wanted: type[Exception] = TypeError if of_a_type else ValueError
    assert isinstance(caught.value.__cause__, wanted), call.case.note


def bad_call(function: str, case: Case) -> Call:
    """Make the call without asking the oracle for a shape, which it has none."""
    made = arrays(case, grad_output=output_shape(GOOD[case.operator]))
    if function == case.operator or "grad_output" not in OPERATORS[case.operator].functions[-1].arguments:
        del made["grad_output"]
    return Call(function, case, {name: a for name, a in made.items() if name in _arguments(function)})


def _arguments(function: str) -> tuple[str, ...]:
    operator = OPERATORS[function.removesuffix("_backward")]
    return next(f for f in operator.functions if f.name == function).arguments


@pytest.mark.parametrize(
    ("operator", "case"), [(name, case) for name in OPERATORS for case in for_forward(name)], ids=str
)
def test_bad_input_is_refused_by_the_reference(operator: str, case: Case) -> None:
    refused_by_the_reference(bad_call(operator, case))


@pytest.mark.parametrize(("operator", "case"), [(name, case) for name in BACKWARD for case in for_backward(name)])
def test_bad_input_to_a_backward_function_is_refused_by_the_reference(operator: str, case: Case) -> None:
    refused_by_the_reference(bad_call(f"{operator}_backward", case))


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_piece_of_bad_input_says_what_is_bad_and_differs_from_the_good_case(operator: str) -> None:
    for make in (for_forward, for_backward):
        cases = list(make(operator))
        assert all(case.note and case != GOOD[operator] for case in cases)
        assert len({case.to_json() for case in cases}) == len(cases)


def wrong_past(limit: int, right: Any) -> Any:
    """Return a convolution whose last row is wrong where its windows take more bytes than a limit."""

    def convolution(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        y = right(x, weight, bias, **how)
        windows = y if right is refcnn.conv2d else x
        if windows[0, 0].size * weight[0].size * weight.itemsize > limit:
            y[..., -1, :] *= 2
        return y

    return convolution


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d"])
def test_an_image_that_is_worked_on_in_pieces_is_among_the_cases(name: str) -> None:
    (values,) = (each for each in REQUIREMENTS if each.id == f"{name}.values")
    spoilt = SimpleNamespace(**{name: wrong_past(2**21, getattr(refcnn, name))})
    failure = first_failure(from_namespace("mine", spoilt), values, Plan("quick"))
    assert failure is not None
    assert failure.case.note == "windows of more than 2 MiB in float64"


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "global_avg_pool2d", "im2col", "conv2d", "batch_norm"])
def test_an_image_past_a_tile_both_ways_is_among_the_cases(name: str) -> None:
    assert any(min(case.shapes["x"][2:]) > 64 for case in corners.SIZES[name])
