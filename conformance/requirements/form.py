"""Values, exactness, shape and dtype of every function."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from conformance import corners
from conformance.calling import forward
from conformance.case import Case
from conformance.checks import (
    values,
)
from conformance.contract import CONVOLUTIONS, Operator
from conformance.oracle import output_shape, problem
from conformance.oracle.pooling import divisors
from conformance.requirements.requirement import (
    Make,
    Requirement,
    functions_of,
    same,
    untied,
)

# Sums of products of whole numbers are whole numbers; so are averages over 2**k cells, in binary.
_EXACT_FORWARD = ("im2col", "col2im", *CONVOLUTIONS, "max_pool2d", "avg_pool2d", "linear")


_EXACT_BACKWARD = (*CONVOLUTIONS, "avg_pool2d", "linear")


_LARGE = 5000


def _whole(case: Case) -> Case | None:
    """Return the case on whole numbers, if its averages are exact on them; to see that, no large one is needed."""
    if case.elements > _LARGE or math.prod(output_shape(case)) > _LARGE:
        return None
    case = case.but(data="distinct" if case.operator == "max_pool2d" else "integers")
    if case.operator == "avg_pool2d":
        window = np.prod(np.broadcast_to(case.attributes["kernel_size"], 2))  # some divide by it first
        cells = np.append(divisors(problem(case, forward(case).arrays, {})), window).astype(int)
        if (cells & (cells - 1)).any():
            return None
    return case


def form(operator: Operator) -> Iterator[Requirement]:
    """Yield values, exactness, shape and dtype of both functions."""
    for make, function in functions_of(operator):
        yield from _answers(operator.name, function, make)
        yield from _shape_and_dtype(operator.name, function, make)


def _answers(name: str, function: str, make: Make) -> Iterator[Requirement]:
    hand_written = (*corners.SHAPES.get(name, ()), *corners.SIZES.get(name, ()))
    # What becomes of the running statistics has requirements of its own.
    results = (0,) if function == "batch_norm" else ()
    if name != "dropout":
        yield Requirement(
            f"{function}.values",
            name,
            "values",
            "Every result is the contract's, within the rounding that its arithmetic can have.",
            (function,),
            values.values(make, *results),
            hand_written,
            untied if function == "max_pool2d_backward" else same,
            paths=corners.PATHS[name],
        )
    if name in (_EXACT_FORWARD if function == name else _EXACT_BACKWARD):
        yield Requirement(
            f"{function}.exact",
            name,
            "exact",
            "On small whole numbers nothing is rounded, so every result is equal bit for bit.",
            (function,),
            values.exact(make),
            tuple(case for case in map(_whole, hand_written) if case is not None),
            _whole,
            exact=name in CONVOLUTIONS,
        )


def _shape_and_dtype(name: str, function: str, make: Make) -> Iterator[Requirement]:
    yield Requirement(
        f"{function}.shape",
        name,
        "form",
        "Every result has the shape that the contract's arithmetic gives.",
        (function,),
        values.shape(make),
        corners.SHAPES.get(name, ()),
        same,
        few=True,
    )
    yield Requirement(
        f"{function}.dtype",
        name,
        "form",
        "Every result has the element type of the inputs.",
        (function,),
        values.dtype(make),
        (),
        same,
        few=True,
    )
