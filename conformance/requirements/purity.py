"""Purity of every function: its inputs, its results, its memory and the process."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from conformance import bad_input, corners
from conformance.case import Case
from conformance.checks import memory, purity
from conformance.contract import Operator
from conformance.layout import ALL_LAYOUTS
from conformance.requirements.requirement import (
    Make,
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


def _specials(name: str) -> Iterator[Case]:
    """Yield cases whose every array holds NaN, infinities and zeros of either sign."""
    for dtype in ("float64", "float32"):
        yield bad_input.GOOD[name].but(dtype=dtype, data="specials", note="special values in every array")


def _refused(name: str, function: str) -> Iterator[Case]:
    """Yield a call that is refused."""
    cases = bad_input.for_forward if function == name else bad_input.for_backward
    yield next(case for case in cases(name) if case.dtype == "int64")


def _units(name: str) -> Iterator[Case]:
    """Yield a case whose every size is 1, where a result may be an input in another shape."""
    good = bad_input.GOOD[name]
    plain = {"groups": 1, "kernel_size": 1, "input_shape": (1, 1, 1, 1), "training": False}
    attributes = {name: plain.get(name, value) for name, value in good.attributes.items()}
    shapes = {argument: (1,) * len(shape) for argument, shape in good.shapes.items()}
    yield good.but(shapes=shapes, attributes=attributes, note="one of everything")


def _at_rest(name: str) -> Iterator[Case]:
    """Yield problems of which a result has the numbers of an argument."""
    for case in corners.SIZES[name]:
        if case.data in ("no_grad", "first_step") or case.attributes.get("momentum") == 0:
            yield case


# A batch of a size that no other requirement has, so that the first call with it is the first of its shape.
_UNUSED_BATCH = 7


def _unused(case: Case) -> Case:
    """Return the case with writable arrays and a batch of an unused size."""
    case = case.but(layout="contiguous")
    if case.operator == "col2im":
        N, *image = case.attributes["input_shape"]
        rows, columns = case.shapes["cols"]
        shape = (rows // N * _UNUSED_BATCH, columns)
        return case.with_attributes(input_shape=(_UNUSED_BATCH, *image)).with_shapes(cols=shape)
    first = next(iter(case.shapes))
    batched = ("x",) if first == "x" else tuple(case.shapes)
    return case.but(
        shapes={name: (_UNUSED_BATCH, *shape[1:]) if name in batched else shape for name, shape in case.shapes.items()}
    )


def purity_of(operator: Operator) -> Iterator[Requirement]:
    """Yield the requirements of a pure function."""
    for make, function in functions_of(operator):
        yield from _of_any_result(operator.name, function, make)
        # A mask may be any that the seed gives, so that the oracle has no answer to compare with.
        if operator.name != "dropout":
            yield from _of_an_answer(operator.name, function, make)


def _of_any_result(name: str, function: str, make: Make) -> Iterator[Requirement]:
    """Yield what can be seen without knowing the right answer."""
    unusual = (*corners.SPECIAL.get(name, ()), *_specials(name), *corners.LARGE[name])
    yield Requirement(
        f"{function}.inputs_unchanged",
        name,
        "purity",
        "No array that is passed in is changed.",
        (function,),
        purity.inputs_unchanged(make),
        (*unusual, *corners.HUGE[name]),
        lambda case: case if case.layout != "read_only" else case.but(layout="contiguous"),
        few=True,
    )
    yield Requirement(
        f"{function}.no_alias",
        name,
        "purity",
        "No result shares memory with an input or with an earlier result.",
        (function,),
        purity.no_alias(make),
        (*corners.SHAPES.get(name, ()), *_units(name), *corners.LARGE[name], *corners.HUGE[name], *_at_rest(name)),
        same,
        few=True,
    )
    yield Requirement(
        f"{function}.no_global_state",
        name,
        "purity",
        "NumPy's global random generator and error settings are left as they were.",
        (function,),
        purity.no_global_state(make),
        (*unusual, *_refused(name, function), *(corners.HUGE[name] if name == "dropout" else ())),
        same,
        few=True,
    )


def _of_an_answer(name: str, function: str, make: Make) -> Iterator[Requirement]:
    """Yield what needs a right answer, or one for contiguous arrays, to compare with."""
    pure = untied if function == "max_pool2d_backward" else same
    yield Requirement(
        f"{function}.no_state",
        name,
        "purity",
        "No call depends on an earlier one, whatever its shapes, and a repeated call gives the same answer.",
        (function,),
        memory.no_state(make, _others),
        corners.LARGE[name],
        lambda case: _unused(pure(case)),
        few=True,
    )
    yield Requirement(
        f"{function}.layouts",
        name,
        "purity",
        "Arrays of any memory layout give what contiguous ones give.",
        (function,),
        purity.layouts(make),
        (
            *_laid_out(name, "distinct" if name == "max_pool2d" else "uniform"),
            *(case.but(layout="fortran") for case in corners.LARGE[name]),
        ),
        paths=(
            *(_laid_out(name, "positive") if name != "max_pool2d" else ()),
            *(case.but(layout=layout) for case in corners.LARGE[name] for layout in ("channels_last", "cropped")),
        ),
    )


def _laid_out(name: str, data: str) -> Iterator[Case]:
    for layout, dtype in itertools.product(ALL_LAYOUTS, ("float64", "float32")):
        if layout != "contiguous":
            yield bad_input.GOOD[name].but(layout=layout, dtype=dtype, data=data, note=f"{layout} arrays")
