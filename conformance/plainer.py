"""Cases for implementations that answer few problems: a requirement of which little ran is tried on plainer ones.

Cases that combine as many attributes as they can are beyond an implementation without groups, or without dilation.
Were they all, nothing would be known of, say, what it does to its inputs, and little of what it computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.case import Case
from conformance.oracle import IllegalProblemError, output_shape
from conformance.plan import Plan, spaced
from conformance.requirements import Requirement

# A hand-written case of another kind is about the very attributes that a plainer one lacks.
_CORNERS_OF = ("form", "purity", "special")
# How many times as many cases are tried as are wanted: some have no answer when they are plain, or are no case then.
_TRIED = 8
_LEFT_OUT = ("dilation", "groups", "ceil_mode", "count_include_pad", "output_padding")


def plainer_cases(requirement: Requirement, plan: Plan) -> Iterator[Case]:
    """Yield cases of a requirement without what few implementations have; a call to be refused has none."""
    if requirement.kind == "refusals":
        return
    if requirement.kind in _CORNERS_OF:
        yield from (case for case in map(plainer, requirement.corners) if case is not None)
    if requirement.adapt is not None:
        grid = spaced(plan.grid(requirement.operator), _TRIED * plan.few)
        plain = (case for case in map(plainer, grid) if case is not None)
        yield from spaced(tuple(case for case in map(requirement.adapt, plain) if case is not None), plan.few)


def plainer(case: Case) -> Case | None:
    """Return a case in float64 without dilation, groups and rounding up, alike along both axes, if it has an answer.

    Examples
    --------
    >>> case = Case("conv2d", {"x": (1, 4, 5, 5), "weight": (2, 2, 3, 3)}, {"groups": 2, "stride": (2, 1)}, "float32")
    >>> plainer(case).describe()
    'x (1,2,5,5) weight (2,2,3,3) stride=2 float64'
    """
    attributes = {name: value for name, value in case.attributes.items() if name not in _LEFT_OUT}
    attributes |= {name: _largest(attributes[name]) for name in ("stride", "padding") if attributes.get(name)}
    if "pool" in case.operator and "kernel_size" in attributes and not attributes.get("stride"):
        attributes["stride"] = _largest(attributes["kernel_size"])
    try:
        plain = case.but(dtype="float64", attributes=attributes, shapes=_shapes(case, attributes))
        output_shape(plain)
    except IllegalProblemError:
        return None
    return plain


def _largest(value: Any) -> int:
    return max(map(_largest, value)) if isinstance(value, tuple) else int(value)


def _shapes(case: Case, attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the shapes of the first group alone, and of the columns that plainer windows have."""
    groups, shapes = case.attributes.get("groups", 1), dict(case.shapes)
    if case.operator == "col2im":
        others = {name: value for name, value in attributes.items() if name != "input_shape"}
        shapes["cols"] = output_shape(Case("im2col", {"x": attributes["input_shape"]}, others))
    elif groups > 1 and case.operator != "conv_transpose2d":
        shapes["x"] = (shapes["x"][0], shapes["weight"][1], *shapes["x"][2:])
    elif groups > 1 and "bias" in shapes:
        shapes["bias"] = shapes["weight"][1:2]
    return shapes
