"""The oracle: each operator from its definition, in float64, with the error that is allowed.

It shares no code with ``refcnn`` and is itself proven in ``tests/conformance/oracle``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.case import Case, Shape
from conformance.contract import OPERATORS
from conformance.oracle import convolution, loss, normalisation, optimisers, pointwise, pooling
from conformance.oracle.answer import Answer, Problem
from conformance.oracle.bounds import Rounding
from conformance.oracle.geometry import IllegalProblemError

__all__ = ["Answer", "IllegalProblemError", "answers", "is_legal", "output_shape", "problem", "solve"]

Array = NDArray[Any]

_DEFINITIONS: Mapping[str, Callable[[Problem], tuple[Answer, ...]]] = MappingProxyType(
    {
        name: getattr(module, name)
        for module, names in (
            (convolution, ("im2col", "col2im", "conv1d", "conv1d_backward", "conv2d", "conv2d_backward")),
            (convolution, ("conv_transpose2d", "conv_transpose2d_backward")),
            (pooling, ("max_pool2d", "max_pool2d_backward", "avg_pool2d", "avg_pool2d_backward")),
            (pooling, ("global_avg_pool2d", "global_avg_pool2d_backward")),
            (
                pointwise,
                ("linear", "linear_backward", "relu", "relu_backward", "sigmoid", "sigmoid_backward"),
            ),
            (pointwise, ("tanh", "tanh_backward", "dropout", "dropout_backward")),
            (loss, ("softmax", "softmax_backward", "cross_entropy", "cross_entropy_backward")),
            (normalisation, ("batch_norm", "batch_norm_backward")),
            (normalisation, ("local_response_norm", "local_response_norm_backward")),
            (optimisers, ("sgd_update", "momentum_update", "adam_update")),
        )
        for name in names
    }
)


def problem(case: Case, arrays: Mapping[str, Array], conventions: Mapping[str, str]) -> Problem:
    """Return what the definitions work on: the case with its arrays in float64."""
    return Problem(
        operator=case.operator,
        arrays={name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()},
        attributes=case.all_attributes,
        rounding=Rounding.of(case.dtype),
        conventions=conventions,
    )


def answers(
    function: str, case: Case, arrays: Mapping[str, Array], conventions: Mapping[str, str]
) -> tuple[Answer, ...]:
    """Return the right results of a function of the contract, one answer a result.

    Raises
    ------
    IllegalProblemError
        where the contract wants the call refused
    """
    return solve(function, problem(case, arrays, conventions))


def solve(function: str, setting: Problem) -> tuple[Answer, ...]:
    """Return the right results of a problem, in the arithmetic that its arrays are in."""
    # Cases hold infinities and numbers near the limits on purpose.
    with np.errstate(all="ignore"):
        return _DEFINITIONS[function](setting)


def output_shape(case: Case) -> Shape:
    """Return the shape of the operator's first result, which is the shape of its ``grad_output``."""
    return _output_shape(case.operator, tuple(case.shapes.items()), tuple(case.attributes.items()))


@lru_cache(maxsize=20_000)
def _output_shape(operator: str, shapes: tuple[Any, ...], attributes: tuple[Any, ...]) -> Shape:
    """Ask the definition for the answer to zeros: it alone knows the shape, and only the shape matters here."""
    case = Case(operator, dict(shapes), dict(attributes))
    arguments = OPERATORS[operator].forward.arguments
    arrays = {name: np.zeros(shape) for name, shape in shapes if name in arguments}
    return tuple(answers(operator, case, arrays, {})[0].value.shape)


def is_legal(case: Case) -> bool:
    """Return whether the contract gives the case an answer, and it is not an empty one."""
    if any(0 in shape for shape in case.shapes.values()):
        return False
    try:
        output_shape(case)
    except IllegalProblemError:
        return False
    return True
