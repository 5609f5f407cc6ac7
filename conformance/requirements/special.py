"""Special values, empty batches and bad input."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from conformance import bad_input, corners
from conformance.case import Case
from conformance.checks import (
    refusals,
    values,
)
from conformance.contract import CONVOLUTIONS, Operator
from conformance.requirements.requirement import (
    Requirement,
    functions_of,
)

# Operators that add up what they read, so that a NaN has to show in the sum.
_SUMS = (*CONVOLUTIONS, "col2im", "avg_pool2d", "global_avg_pool2d", "linear", "softmax", "cross_entropy", "batch_norm")

# Of these, what an infinity comes to is not promised.
_EXPONENTIALS = ("softmax", "cross_entropy", "batch_norm")

# Where the contract does not say what a derivative is; arithmetic that takes subnormal numbers for 0 is in wide use.
_UNDEFINED = {
    "relu_backward": ("nan", "subnormal"),
    **dict.fromkeys(("sigmoid_backward", "tanh_backward"), ("nan", "infinite")),
}


def special(operator: Operator) -> Iterator[Requirement]:
    """Yield the requirements on special values and empty batches."""
    name = operator.name
    for make, function in functions_of(operator):
        cases = tuple(case for case in corners.SPECIAL.get(name, ()) if case.data not in _UNDEFINED.get(function, ()))
        # Special values tie in a max pool; ``routing`` follows them.
        if cases and function != "max_pool2d_backward":
            results = (0,) if function == "batch_norm" else ()
            yield Requirement(
                f"{function}.special_values",
                name,
                "special",
                "NaN, infinities, signed zeros, extreme and nearly equal numbers are treated as the contract says.",
                (function,),
                values.values(make, *results),
                cases,
            )
        if function in _SUMS:
            yield _not_a_number(name)
        empties = tuple(_empty_batches(name))
        if empties:
            yield Requirement(
                f"{function}.empty_batch",
                name,
                "special",
                "A batch without samples gives empty results, and gradients of zero for the parameters.",
                (function,),
                values.empty_batch(make),
                empties,
            )


def _not_a_number(name: str) -> Requirement:
    kinds = ("nan",) if name in _EXPONENTIALS else ("nan", "infinite")
    return Requirement(
        f"{name}.not_a_number",
        name,
        "special",
        "A NaN or an infinity is never lost: what depends on one is not finite.",
        (name,),
        values.spreads,
        tuple(
            bad_input.GOOD[name].but(dtype=dtype, data=data, seed=seed, note=f"{data} among ordinary numbers")
            for dtype, data, seed in itertools.product(("float64", "float32"), kinds, range(3))
        ),
    )


def _empty_batches(name: str) -> Iterator[Case]:
    good = bad_input.GOOD[name]
    if name == "cross_entropy" or name.endswith("_update"):
        return
    if name == "batch_norm":
        good = good.with_attributes(training=False)
    for dtype in ("float64", "float32"):
        case = good.but(dtype=dtype, note="no sample")
        if name == "col2im":
            shape = (0, *good.attributes["input_shape"][1:])
            yield case.with_attributes(input_shape=shape).with_shapes(cols=(0, good.shapes["cols"][1]))
            continue
        yield case.with_shapes(x=(0, *good.shapes["x"][1:]))
        if name == "batch_norm":
            yield case.with_shapes(x=(0, 3, 2, 2))
        if name == "dropout":
            yield case.with_attributes(training=False).with_shapes(x=(0, 5))


def refusals_of(operator: Operator) -> Iterator[Requirement]:
    """Yield the requirements on bad input."""
    for make, function in functions_of(operator):
        cases = bad_input.for_forward if function == operator.name else bad_input.for_backward
        yield Requirement(
            f"{function}.refusals",
            operator.name,
            "refusals",
            "Bad input is refused with ValueError or TypeError.",
            (function,),
            refusals.refuses(make),
            tuple(cases(operator.name)),
            shrinks=False,
        )
