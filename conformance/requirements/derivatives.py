"""Backward functions as derivatives and as adjoints."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.case import Case
from conformance.checks import (
    adjoints,
    gradients,
)
from conformance.contract import CONVOLUTIONS, Operator
from conformance.requirements.requirement import (
    Check,
    Requirement,
    integers,
    without_bias,
)

_DIFFERENTIABLE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(CONVOLUTIONS, ("x", "weight", "bias")),
    "linear": ("x", "weight", "bias"),
    "batch_norm": ("x", "gamma", "beta"),
    "cross_entropy": ("logits",),
    **dict.fromkeys(
        (
            "max_pool2d",
            "avg_pool2d",
            "global_avg_pool2d",
            "relu",
            "sigmoid",
            "tanh",
            "softmax",
            "local_response_norm",
            "dropout",
        ),
        ("x",),
    ),
}


def _smooth(case: Case) -> Case | None:
    """Return the case in float64, with data that is neither near a kink nor so large that differences drown."""
    data = "distinct" if case.operator in ("max_pool2d", "relu") else "uniform"
    if case.operator == "batch_norm" and case.data == "constant":
        return None
    return case.but(dtype="float64", data=data, layout="contiguous")


def gradients_of(operator: Operator) -> Iterator[Requirement]:
    """Yield the comparison with finite differences."""
    if operator.backward is not None:
        yield Requirement(
            f"{operator.name}.gradient",
            operator.name,
            "gradient",
            "The backward function is the derivative of the implementation's own forward function.",
            (operator.name, operator.backward.name),
            gradients.gradient(*_DIFFERENTIABLE[operator.name]),
            (),
            _smooth,
            few=True,
        )


def _adjoint(name: str, check: Check, *needs: str, id_: str = "adjoint", sentence: str = "") -> Requirement:
    return Requirement(
        f"{name}.{id_}",
        name,
        "adjoint",
        sentence or "The backward function is the adjoint of the forward one, exactly on whole numbers.",
        (name, *needs),
        check,
        (),
        lambda case: without_bias(integers(case)),  # type: ignore[arg-type]
    )


def adjoint_requirements() -> Iterator[Requirement]:
    """Yield the adjoint identities of the linear operators."""
    for name in (*CONVOLUTIONS, "linear"):
        yield _adjoint(name, adjoints.backward_is_adjoint("x", "weight"), f"{name}_backward")
    for name in ("avg_pool2d", "global_avg_pool2d"):
        yield _adjoint(name, adjoints.backward_is_adjoint("x"), f"{name}_backward")
    yield _adjoint("im2col", adjoints.im2col_adjoint, "col2im", sentence="col2im is the adjoint of im2col, exactly.")
    yield _adjoint(
        "conv_transpose2d",
        adjoints.transpose_adjoint,
        "conv2d",
        id_="adjoint_of_conv2d",
        sentence="conv_transpose2d is the adjoint of conv2d with the same weight, exactly on whole numbers.",
    )
