"""A backward function against the slope of the forward function beside it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.checks.gradients import gradient
from conformance.comparison import Finding, InconclusiveError
from conformance.implementation import Implementation, from_namespace, load

REFERENCE = load("refcnn")
LINEAR = Case("linear", {"x": (2, 3), "weight": (2, 3), "bias": (2,)})
RELU = Case("relu", {"x": (4,)}, data="distinct")
LOSS = Case("cross_entropy", {"logits": (2, 3), "target": (2,)})
LINEAR_GRADIENT = gradient("x", "weight", "bias")


def linear(**functions: Any) -> Implementation:
    given = {"linear": refcnn.linear, "linear_backward": refcnn.linear_backward} | functions
    return from_namespace("broken", SimpleNamespace(**given))


def relu(forward: Any, backward: Any) -> Implementation:
    return from_namespace("broken", SimpleNamespace(relu=forward, relu_backward=backward))


def message(finding: Finding) -> str:
    assert finding.violation is not None
    return finding.violation.message


@pytest.mark.parametrize(
    ("case", "arguments"),
    [
        (LINEAR, ("x", "weight", "bias")),
        (LINEAR.but(shapes={"x": (2, 3), "weight": (2, 3)}), ("x", "weight", "bias")),
        (LOSS, ("logits",)),
    ],
    ids=["linear", "linear without a bias", "a loss, which has no grad_output"],
)
def test_the_reference_differentiates(case: Case, arguments: tuple[str, ...]) -> None:
    finding = gradient(*arguments)(REFERENCE, case)
    assert finding.violation is None
    assert 0 < finding.worst <= 1


@pytest.mark.parametrize("position", range(3))
def test_a_gradient_that_is_doubled_is_named(position: int) -> None:
    def linear_backward(*arrays: Any) -> Any:
        gradients = list(refcnn.linear_backward(*arrays))
        gradients[position] = 2 * gradients[position]
        return gradients

    found = message(LINEAR_GRADIENT(linear(linear_backward=linear_backward), LINEAR))
    name = ("x", "weight", "bias")[position]
    assert found.startswith(f"grad_{name} along a random direction is ")
    assert ", but the forward function changes by " in found
    assert "; they may differ by " in found


def test_a_mistake_that_forward_and_backward_share_is_no_violation() -> None:
    # What the values ought to be is for another requirement to say.
    both = relu(lambda x: 3 * x, lambda grad_output, _: 3 * grad_output)
    assert gradient("x")(both, RELU).violation is None


def test_a_function_without_a_slope_agrees_with_a_gradient_of_zero() -> None:
    both = relu(np.zeros_like, lambda _, x: np.zeros_like(x))
    assert gradient("x")(both, RELU) == Finding()


def test_a_gradient_of_the_wrong_shape_is_found() -> None:
    implementation = relu(refcnn.relu, lambda grad_output, _: grad_output[:1])
    assert message(gradient("x")(implementation, RELU)) == "grad_x has shape (1,), want (4,)"


def test_a_forward_result_of_the_wrong_shape_is_inconclusive() -> None:
    implementation = relu(lambda x: x[:1], refcnn.relu_backward)
    with pytest.raises(InconclusiveError, match=r"^the forward function gives a result of the wrong shape$"):
        gradient("x")(implementation, RELU)


def test_a_gradient_that_is_zero_everywhere_is_inconclusive() -> None:
    with pytest.raises(InconclusiveError, match=r"^every right gradient is zero$"):
        gradient("x")(REFERENCE, RELU.but(data="negative"))
