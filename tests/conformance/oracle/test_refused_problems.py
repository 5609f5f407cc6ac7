"""What the oracle gives no answer, and which cases count as legal."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.bad_input import GOOD
from conformance.case import Case
from conformance.contract import OPERATORS
from conformance.data import arrays
from conformance.oracle import IllegalProblemError, answers, is_legal, output_shape, problem

CONV = GOOD["conv2d"]
TRANSPOSED = GOOD["conv_transpose2d"]
REFUSED = [
    (CONV.with_attributes(groups=0), "channels that do not fit"),
    (CONV.with_attributes(groups=3), "channels that do not fit"),
    (CONV.with_shapes(weight=(5, 2, 2, 3)), "channels that do not fit"),
    (CONV.with_shapes(weight=(6, 3, 2, 3)), "channels that do not fit"),
    (CONV.with_shapes(bias=(4,)), "a bias that does not fit the filters"),
    (CONV.with_shapes(weight=(6, 2, 6, 3)), "a kernel that does not fit the padded image"),
    (GOOD["conv1d"].with_attributes(stride=0), "a count below its least value"),
    (TRANSPOSED.with_shapes(weight=(6, 3, 2, 3)), "channels that do not fit"),
    (TRANSPOSED.with_attributes(dilation=0), "a count below its least value"),
    (TRANSPOSED.with_attributes(stride=0), "a count below its least value"),
    (TRANSPOSED.with_attributes(output_padding=1), "output_padding of max"),
    (TRANSPOSED.with_attributes(padding=(2, 0)), "a convolution without output"),
    (GOOD["max_pool2d"].with_attributes(padding=2), "padding above half the kernel"),
    (GOOD["im2col"].with_attributes(kernel_size=0), "a count below its least value"),
    (GOOD["softmax"].with_attributes(axis=2), "axis out of range"),
    (GOOD["softmax"].with_attributes(axis=-3), "axis out of range"),
    (GOOD["cross_entropy"].with_shapes(logits=(0, 4), target=(0,)), "cross_entropy of an empty batch"),
    (GOOD["batch_norm"].with_shapes(x=(1, 3)), "training of batch_norm with fewer than two values per channel"),
    (GOOD["local_response_norm"].with_attributes(size=0), "size below 1"),
]


@pytest.mark.parametrize(("case", "reason"), REFUSED)
def test_a_problem_without_an_answer_is_refused(case: Case, reason: str) -> None:
    with pytest.raises(IllegalProblemError, match=f"^{reason}"):
        output_shape(case)
    assert not is_legal(case)


@pytest.mark.parametrize("function", ["softmax_backward", "cross_entropy_backward", "conv2d_backward"])
def test_a_backward_problem_is_refused_for_the_same_reasons(function: str) -> None:
    case = {
        "softmax_backward": GOOD["softmax"].with_attributes(axis=7),
        "cross_entropy_backward": GOOD["cross_entropy"].with_shapes(logits=(0, 4), target=(0,)),
        "conv2d_backward": CONV.with_attributes(groups=3),
    }[function]
    with pytest.raises(IllegalProblemError):
        answers(function, case, arrays(case, grad_output=(2, 3)), {})


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_good_case_of_each_operator_is_legal(operator: str) -> None:
    assert is_legal(GOOD[operator])


def test_an_empty_array_has_an_answer_but_is_no_case_to_learn_from() -> None:
    case = GOOD["relu"].with_shapes(x=(0, 3))
    assert output_shape(case) == (0, 3)
    assert not is_legal(case)


def test_softmax_of_nothing_is_nothing() -> None:
    case = Case("softmax", {"x": (0, 3)})
    for function in ("softmax", "softmax_backward"):
        (answer,) = answers(function, case, {"x": np.zeros((0, 3)), "grad_output": np.zeros((0, 3))}, {})
        assert answer.value.shape == answer.allowed.shape == (0, 3)


@pytest.mark.parametrize(
    ("case", "shape"),
    [
        (CONV, (2, 6, 4, 5)),
        (TRANSPOSED, (2, 6, 4, 6)),
        (GOOD["im2col"], (2 * 3 * 3, 2 * 2 * 3)),
        (GOOD["max_pool2d"], (2, 2, 2, 1)),
        (GOOD["global_avg_pool2d"], (2, 3, 1, 1)),
        (GOOD["linear"], (2, 4)),
        (GOOD["cross_entropy"], ()),
        (GOOD["batch_norm"], (4, 3)),
    ],
)
def test_the_shape_of_the_first_result(case: Case, shape: tuple[int, ...]) -> None:
    assert output_shape(case) == shape


def test_a_problem_holds_its_arrays_in_float64_and_every_attribute() -> None:
    case = GOOD["max_pool2d"].but(dtype="float32")
    posed = problem(case, arrays(case), {"max_pool2d.ties": "any"})
    assert posed.arrays["x"].dtype == np.float64
    assert posed.attributes == {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, "kernel_size": (2, 3)}
    assert posed.convention("max_pool2d.ties") == "any"
    assert posed.convention("conv2d.accuracy") == "componentwise"
