"""Where the gradient of a window went, and by what an average was divided."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.checks.routing import divisor, routing
from conformance.comparison import Finding, InconclusiveError
from conformance.implementation import Implementation, from_namespace, load

REFERENCE = load("refcnn")
# The four values of the first image are 3 times -3, then -2: the maximum is the last pixel.
TIES = Case("max_pool2d", {"x": (2, 1, 2, 2)}, {"kernel_size": 2}, data="tie_patterns")
IN_PADDING = Case(
    "max_pool2d",
    {"x": (1, 1, 1, 4)},
    {"kernel_size": 2, "stride": 1, "padding": 1, "dilation": 2},
    data="distinct",
)
BORDER = Case("avg_pool2d", {"x": (1, 1, 3, 3)}, {"kernel_size": 2, "padding": 1}, data="ones")


def max_pool(answer: Any, **conventions: str) -> Implementation:
    given = SimpleNamespace(
        max_pool2d_backward=answer, CONVENTIONS={f"max_pool2d.{k}": v for k, v in conventions.items()}
    )
    return from_namespace("broken", given)


def put(*pixels: tuple[int, int]) -> Any:
    """Send the gradient of the one window to the given pixels, in every image."""

    def backward(grad_output: Any, x: Any, *_: Any, **__: Any) -> Any:
        grad_x = np.zeros_like(x)
        for row, column in pixels:
            grad_x[:, :, row, column] = grad_output[:, :, 0, 0]
        return grad_x

    return backward


def message(finding: Finding) -> str:
    assert finding.violation is not None
    return finding.violation.message


@pytest.mark.parametrize("case", [TIES, IN_PADDING, IN_PADDING.but(dtype="float32")])
def test_routing_passes_the_reference(case: Case) -> None:
    assert routing(REFERENCE, case) == Finding()


@pytest.mark.parametrize(
    ("pixels", "went"),
    [([(0, 1)], "(0, 1)"), ([(0, 0), (1, 1)], "(0, 0) and (1, 1)"), ([], "no pixel")],
)
def test_routing_finds_where_the_gradient_went_and_must_go(pixels: list[tuple[int, int]], went: str) -> None:
    assert message(routing(max_pool(put(*pixels)), TIES)) == (
        f"grad_x[0, 0]: the gradient of window (0, 0) went to {went}, must go to (0, 0)"
    )


def test_routing_takes_any_maximum_where_ties_are_declared_free() -> None:
    assert routing(max_pool(put((0, 1)), ties="any"), TIES.with_shapes(x=(1, 1, 2, 2))) == Finding()


def test_routing_takes_no_lesser_pixel_where_ties_are_declared_free() -> None:
    # In the second image the last pixel is the highest.
    assert message(routing(max_pool(put((0, 1)), ties="any"), TIES)) == (
        "grad_x[1, 0]: the gradient of window (0, 0) went to (0, 1), must go to (1, 1)"
    )


def test_routing_takes_no_two_maxima_where_ties_are_declared_free() -> None:
    assert message(routing(max_pool(put((0, 1), (1, 0)), ties="any"), TIES)) == (
        "grad_x[0, 0]: the gradient of window (0, 0) went to (0, 1) and (1, 0), "
        "must go to (0, 0) or (0, 1) or (1, 0) or (1, 1)"
    )


def test_routing_wants_nothing_from_a_window_of_padding() -> None:
    case = Case("max_pool2d", {"x": (1, 1, 1, 1)}, IN_PADDING.attributes, data="distinct")
    found = message(routing(max_pool(lambda _, x, *__, **___: np.ones_like(x)), case))
    assert found == "grad_x[0, 0]: the gradient of window (0, 0) went to (0, 0), must go to no pixel"


@pytest.mark.parametrize("factor", [0.5, -1.0, 1e9, np.nan], ids=["halved", "negated", "too large", "NaN"])
def test_routing_finds_what_is_no_sum_of_gradients(factor: float) -> None:
    implementation = max_pool(lambda _, x, *__, **___: np.full_like(x, factor))
    assert message(routing(implementation, TIES)) == (
        "grad_x[0, 0] holds what no sum of different windows' gradients gives: "
        f"[[{factor}, {factor}], [{factor}, {factor}]]"
    )


def test_routing_finds_a_wrong_shape() -> None:
    implementation = max_pool(lambda _, x, *__, **___: x[0])
    assert message(routing(implementation, TIES)) == "grad_x has shape (1, 2, 2), want (2, 1, 2, 2)"


def test_routing_is_inconclusive_with_more_windows_than_bits() -> None:
    case = TIES.but(shapes={"x": (1, 1, 5, 5)}, attributes={"kernel_size": 1}, dtype="float32", data="ties")
    with pytest.raises(InconclusiveError, match=r"^more windows than powers of two that add up exactly$"):
        routing(REFERENCE, case)


@pytest.mark.parametrize("attributes", [{}, {"count_include_pad": False}, {"ceil_mode": True}])
def test_divisor_passes_the_reference(attributes: dict[str, Any]) -> None:
    assert divisor(REFERENCE, BORDER.with_attributes(**attributes)) == Finding()


def test_divisor_finds_what_was_divided_by() -> None:
    def avg_pool2d(x: Any, kernel_size: Any, **attributes: Any) -> Any:
        return refcnn.avg_pool2d(x, kernel_size, **attributes | {"count_include_pad": False})

    assert message(divisor(from_namespace("broken", SimpleNamespace(avg_pool2d=avg_pool2d)), BORDER)) == (
        "y[0, 0, 0, 0] divides the sum of its window by 1, must divide by 4; 3 of 4 differ"
    )


def test_divisor_finds_a_wrong_shape() -> None:
    implementation = from_namespace("broken", SimpleNamespace(avg_pool2d=lambda x, *_, **__: x))
    assert message(divisor(implementation, BORDER)) == "y has shape (1, 1, 3, 3), want (1, 1, 2, 2)"
