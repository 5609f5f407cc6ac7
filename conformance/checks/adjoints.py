"""⟨A x, y⟩ = ⟨x, Aᵀ y⟩: the gradient test of a linear operator, without a step size and exact on whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import Finding, InconclusiveError, first_violation, is_whole, violated
from conformance.contract import AVERAGES, FUNCTIONS
from conformance.data import draw
from conformance.implementation import Implementation
from conformance.oracle import Answer, output_shape
from conformance.space import transposed_im2col

Array = NDArray[Any]
Check = Callable[[Implementation, Case], Finding]


def backward_is_adjoint(*arguments: str) -> Check:
    """Require of a backward function that it is the adjoint of the forward one, in each of the arguments.

    The operator is linear in each of them; a bias is left out of the case.
    """

    def check(implementation: Implementation, case: Case) -> Finding:
        call, back = forward(case), backward(case)
        # The oracle is asked before the calls, which may change their arguments.
        answer, answers = call.answers(implementation)[0], back.answers(implementation)
        y, gradients = call.run(implementation)[0], back.run(implementation)
        names = FUNCTIONS[back.function].results
        grad = back.arrays["grad_output"]
        findings = []
        for argument in arguments:
            position = names.index(f"grad_{argument}")
            findings.append(
                _same(
                    f"⟨y, grad_output⟩ and ⟨{argument}, grad_{argument}⟩",
                    (y, grad, answer),
                    (gradients[position], call.arrays[argument], answers[position]),
                    exact=_adds_up(implementation, case.operator),
                )
            )
        return first_violation(*findings)

    return check


def _same(
    names: str, left: tuple[Array, Array, Answer], right: tuple[Array, Array, Answer], *, exact: bool = True
) -> Finding:
    """Compare two inner products; what the factors may be off by is all that they may differ by."""
    products, allowed = [], 0.0
    for result, other, answer in (left, right):
        if result.shape != other.shape:
            return violated(f"{names} need results of shape {other.shape}, got {result.shape}")
        products.append(float(np.sum(result.astype(np.float64) * other.astype(np.float64))))
        if not exact or not is_whole(answer.value):
            allowed += float(np.sum(answer.allowed * np.abs(other))) + 1e-12 * float(
                np.sum(np.abs(answer.value * other))
            )
    if not np.any(left[2].value):
        raise InconclusiveError("every right value is zero")
    difference = abs(products[0] - products[1])
    if difference <= allowed:
        return Finding(worst=difference / allowed if allowed else 0.0)
    return violated(f"{names} must be equal, got {products[0]} and {products[1]} where {allowed:.2g} is allowed")


def _adds_up(implementation: Implementation, operator: str) -> bool:
    """Return whether the operator promises the rounding of a sum of products, hence none on whole numbers."""
    transforms = implementation.conventions.get(f"{operator}.accuracy") == "normwise"
    return not transforms and operator not in AVERAGES


def im2col_adjoint(implementation: Implementation, case: Case) -> Finding:
    """⟨im2col(x), cols⟩ = ⟨x, col2im(cols)⟩."""
    gather, scatter = forward(case), forward(transposed_im2col(case))
    (gathers,), (scatters,) = gather.answers(implementation), scatter.answers(implementation)
    return _same(
        "⟨im2col(x), cols⟩ and ⟨x, col2im(cols)⟩",
        (gather.run(implementation)[0], scatter.arrays["cols"], gathers),
        (scatter.run(implementation)[0], gather.arrays["x"], scatters),
    )


def transpose_adjoint(implementation: Implementation, case: Case) -> Finding:
    """⟨conv_transpose2d(x), z⟩ = ⟨x, conv2d(z)⟩ with the same weight; what output_padding adds, conv2d skips."""
    spread = forward(case)
    attributes = {name: value for name, value in case.attributes.items() if name != "output_padding"}
    back = Case(
        "conv2d",
        {"x": output_shape(case), "weight": case.shapes["weight"]},
        attributes,
        case.dtype,
        case.layout,
        case.data,
    )
    if output_shape(back) != case.shapes["x"]:
        # With a dilation above the stride, output_padding may add room for whole outputs.
        raise InconclusiveError("conv2d has more outputs than conv_transpose2d has inputs")
    z = draw("integers", output_shape(case), case.dtype, case.seed, 7)
    gather = Call("conv2d", back, {"x": z, "weight": spread.arrays["weight"]})
    (spreads,), (gathers,) = spread.answers(implementation), gather.answers(implementation)
    return _same(
        "⟨conv_transpose2d(x), z⟩ and ⟨x, conv2d(z)⟩",
        (spread.run(implementation)[0], z, spreads),
        (gather.run(implementation)[0], spread.arrays["x"], gathers),
        exact=_adds_up(implementation, "conv_transpose2d") and _adds_up(implementation, "conv2d"),
    )
