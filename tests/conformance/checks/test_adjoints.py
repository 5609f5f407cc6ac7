"""Two inner products tell whether one function is the adjoint of another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.checks.adjoints import backward_is_adjoint, im2col_adjoint, transpose_adjoint
from conformance.comparison import Finding, InconclusiveError
from conformance.implementation import Implementation, from_namespace, load

REFERENCE = load("refcnn")
LINEAR = Case("linear", {"x": (2, 3), "weight": (2, 3)}, data="integers")
CONV = Case("conv1d", {"x": (1, 1, 3), "weight": (1, 1, 2)}, data="integers")
AVERAGE = Case("global_avg_pool2d", {"x": (1, 2, 1, 3)}, data="integers")
COLUMNS = Case("im2col", {"x": (1, 1, 3, 3)}, {"kernel_size": 2}, data="integers")
SPREAD = Case("conv_transpose2d", {"x": (1, 1, 2, 3), "weight": (1, 1, 2, 2)}, {"stride": 2}, data="integers")


def reference_but(**functions: Any) -> Implementation:
    given = {name: getattr(refcnn, name) for name in refcnn.__all__} | functions
    return from_namespace("broken", SimpleNamespace(**given))


def message(finding: Finding) -> str:
    assert finding.violation is not None
    return finding.violation.message


@pytest.mark.parametrize(
    ("case", "arguments"),
    [(LINEAR, ("x", "weight")), (CONV, ("x", "weight")), (AVERAGE, ("x",))],
    ids=["linear", "conv1d", "an average, which is not whole"],
)
def test_the_backward_functions_of_the_reference_are_adjoints(case: Case, arguments: tuple[str, ...]) -> None:
    assert backward_is_adjoint(*arguments)(REFERENCE, case).violation is None


@pytest.mark.parametrize(("position", "argument"), [(0, "x"), (1, "weight")])
def test_a_gradient_that_is_doubled_is_named(position: int, argument: str) -> None:
    def linear_backward(*arrays: Any) -> Any:
        gradients = list(refcnn.linear_backward(*arrays))
        gradients[position] = 2 * gradients[position]
        return gradients

    found = message(backward_is_adjoint("x", "weight")(reference_but(linear_backward=linear_backward), LINEAR))
    assert found.startswith(f"⟨y, grad_output⟩ and ⟨{argument}, grad_{argument}⟩ must be equal, got ")
    assert found.endswith(" where 0 is allowed")


def test_a_result_of_the_wrong_shape_is_found() -> None:
    implementation = reference_but(linear=lambda x, weight: refcnn.linear(x, weight)[0])
    assert message(backward_is_adjoint("x")(implementation, LINEAR)) == (
        "⟨y, grad_output⟩ and ⟨x, grad_x⟩ need results of shape (2, 2), got (2,)"
    )


def test_an_answer_of_zero_is_inconclusive() -> None:
    with pytest.raises(InconclusiveError, match=r"^every right value is zero$"):
        backward_is_adjoint("x")(REFERENCE, AVERAGE.but(data="zeros"))


@pytest.mark.parametrize(("accuracy", "is_found"), [("componentwise", True), ("normwise", False)])
def test_rounding_is_allowed_to_what_declares_normwise_alone(accuracy: str, is_found: bool) -> None:
    implementation = reference_but(
        conv1d=lambda x, weight, **attributes: refcnn.conv1d(x, weight, **attributes) * (1 + 2.0**-52),
        CONVENTIONS={"conv1d.accuracy": accuracy},
    )
    assert (backward_is_adjoint("x")(implementation, CONV).violation is not None) is is_found


def test_normwise_allows_no_mistake() -> None:
    implementation = reference_but(
        conv1d=lambda x, weight, **attributes: 2 * refcnn.conv1d(x, weight, **attributes),
        CONVENTIONS={"conv1d.accuracy": "normwise"},
    )
    found = message(backward_is_adjoint("x")(implementation, CONV))
    assert found.startswith("⟨y, grad_output⟩ and ⟨x, grad_x⟩ must be equal, got ")


def test_im2col_and_col2im_of_the_reference_are_adjoint() -> None:
    assert im2col_adjoint(REFERENCE, COLUMNS) == Finding()


def test_a_col2im_that_does_not_add_up_overlaps_is_found() -> None:
    def col2im(cols: Any, input_shape: Any, kernel_size: Any, **attributes: Any) -> Any:
        hits = refcnn.col2im(np.ones_like(cols), input_shape, kernel_size, **attributes)
        return refcnn.col2im(cols, input_shape, kernel_size, **attributes) / np.maximum(hits, 1)

    found = message(im2col_adjoint(reference_but(col2im=col2im), COLUMNS))
    assert found.startswith("⟨im2col(x), cols⟩ and ⟨x, col2im(cols)⟩ must be equal, got ")


@pytest.mark.parametrize(
    "attributes",
    [{}, {"output_padding": 1}, {"padding": ((1, 0), (0, 1))}],
    ids=["plain", "with output_padding", "with padding"],
)
def test_conv_transpose2d_of_the_reference_is_the_adjoint_of_conv2d(attributes: dict[str, Any]) -> None:
    assert transpose_adjoint(REFERENCE, SPREAD.with_attributes(**attributes)) == Finding()


def test_a_conv_transpose2d_that_flips_its_kernel_is_found() -> None:
    def conv_transpose2d(x: Any, weight: Any, **attributes: Any) -> Any:
        return refcnn.conv_transpose2d(x, np.flip(weight, (2, 3)), **attributes)

    found = message(transpose_adjoint(reference_but(conv_transpose2d=conv_transpose2d), SPREAD))
    assert found.startswith("⟨conv_transpose2d(x), z⟩ and ⟨x, conv2d(z)⟩ must be equal, got ")


def test_output_padding_that_adds_outputs_to_conv2d_is_inconclusive() -> None:
    case = SPREAD.but(attributes={"dilation": 3, "output_padding": 1})
    with pytest.raises(InconclusiveError, match=r"^conv2d has more outputs than conv_transpose2d has inputs$"):
        transpose_adjoint(REFERENCE, case)
