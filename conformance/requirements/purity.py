"""Purity of every function: its inputs, its results, its memory and the process."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import bad_input, corners
from conformance.case import Case
from conformance.checks import (
    purity,
)
from conformance.contract import Operator
from conformance.layout import LAYOUTS
from conformance.requirements.requirement import (
    Requirement,
    functions_of,
    same,
    untied,
)


def _others(case: Case) -> list[Case]:
    """Return cases to put between two calls of a case: other numbers, other sizes, the other element type."""
    first = next(iter(case.shapes))
    others = [
        case.but(seed=case.seed + 1),
        case.but(dtype="float32" if case.dtype == "float64" else "float64"),
    ]
    if first == "x" and case.shapes["x"][0] > 0 and len(case.shapes["x"]) > 1:
        others.append(case.with_shapes(x=(case.shapes["x"][0] + 1, *case.shapes["x"][1:])))
    if "stride" in case.attributes and case.operator not in ("col2im", "conv_transpose2d"):
        others.append(case.with_attributes(stride=1))
    return others


def _contiguous(case: Case) -> Case:
    return case.but(layout="contiguous")


def purity_of(operator: Operator) -> Iterator[Requirement]:
    """Yield the requirements of a pure function."""
    for make, function in functions_of(operator):
        pure = untied if function == "max_pool2d_backward" else same
        yield Requirement(
            f"{function}.inputs_unchanged",
            operator.name,
            "purity",
            "No array that is passed in is changed.",
            (function,),
            purity.inputs_unchanged(make),
            corners.SPECIAL.get(operator.name, ()),
            lambda case: case if case.layout != "read_only" else case.but(layout="contiguous"),
            few=True,
        )
        yield Requirement(
            f"{function}.no_alias",
            operator.name,
            "purity",
            "No result shares memory with an input or with an earlier result.",
            (function,),
            purity.no_alias(make),
            (),
            same,
            few=True,
        )
        if operator.name != "dropout":
            yield Requirement(
                f"{function}.no_state",
                operator.name,
                "purity",
                "No call depends on an earlier one, whatever its shapes, and a repeated call gives the same answer.",
                (function,),
                purity.no_state(make, _others),
                (),
                lambda case, pure=pure: _contiguous(pure(case)),  # type: ignore[misc]
                few=True,
            )
            yield Requirement(
                f"{function}.layouts",
                operator.name,
                "purity",
                "Arrays of any memory layout give what contiguous ones give.",
                (function,),
                purity.layouts(make),
                tuple(
                    bad_input.GOOD[operator.name].but(layout=layout, dtype=dtype, data=data, note=f"{layout} arrays")
                    for layout in (*LAYOUTS, "mixed")
                    if layout != "contiguous"
                    for dtype in ("float64", "float32")
                    for data in (("distinct",) if operator.name == "max_pool2d" else ("uniform", "positive"))
                ),
            )
        yield Requirement(
            f"{function}.no_global_state",
            operator.name,
            "purity",
            "The process's random generators and NumPy's error settings are left as they were.",
            (function,),
            purity.no_global_state(make),
            corners.SPECIAL.get(operator.name, ()),
            same,
            few=True,
        )
