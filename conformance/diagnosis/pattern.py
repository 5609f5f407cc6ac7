"""Mistakes that are simple without being in the catalogue: a factor, swapped axes, a shift, a precision, a place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract import FUNCTIONS
from conformance.diagnosis.question import Question, Results
from conformance.diagnosis.wrong import Wrong, wrong_results
from conformance.oracle import is_legal

Array = NDArray[Any]
Asked = Sequence[tuple[Question, "Results | str"]]
Found = Sequence[Wrong]

# Fewer wrong cases, or fewer numbers, tell no pattern from an accident.
_LEAST_CASES, _LEAST_CELLS = 3, 12


def pattern(function: str, mistakes: Asked, rest: Asked, conventions: Mapping[str, str]) -> str:
    """Return the pattern that explains every wrong result, or nothing."""
    results = [(question, got) for question, got in mistakes if not isinstance(got, str)]
    if len(results) < max(_LEAST_CASES, len(mistakes)):
        return ""
    wrong = [wrong_results(question, got, conventions) for question, got in results]
    positions = {position for found in wrong for position in found}
    if len(positions) != 1:
        return ""
    (position,) = positions
    found = [each[position] for each in wrong if each]
    if sum(each.want.size for each in found) < _LEAST_CELLS:
        return ""
    if not (said := _said(found)):
        right = [question for question, got in rest if not isinstance(got, str)]
        said = _precision(found, right) or _place(found)
    names = FUNCTIONS[function].results
    return f"{names[position]}: {said}" if said and len(names) > 1 else said


def _said(found: Found) -> str:
    told = [said for each in (_factor, _swapped, _shifted) if (said := each(found))]
    return told[0] if len(told) == 1 else ""


def _factor(found: Found) -> str:
    """Name the number by which every value is multiplied: the same in all cases, or a size of each."""
    if not all(each.fits for each in found):
        return ""
    if not any(each.got.any() for each in found):
        return "every value is 0"
    factors = [_ratio(each) for each in found]
    with np.errstate(all="ignore"):
        if not all(each.equals(c * each.want, abs(c) * each.allowed) for each, c in zip(found, factors, strict=True)):
            return ""
    if np.ptp(factors) <= 1e-3 * np.abs(factors[0]):
        return f"every value is {_number(factors[0])} times what it must be"
    for name, size in _SIZES.items():
        sizes = np.array([size(each) for each in found], float)
        if np.allclose(factors, sizes, rtol=1e-3):
            return f"every value is {name} times what it must be"
        if np.allclose(factors * sizes, 1, rtol=1e-3):
            return f"every value is 1/{name} of what it must be"
    return ""


def _ratio(each: Wrong) -> float:
    """Return the factor between the largest finite numbers of what was wanted and of what came."""
    finite = np.isfinite(each.want) & np.isfinite(each.got)
    if not each.want[finite].any():
        return np.nan
    largest = np.argmax(np.abs(np.where(finite, each.want, 0.0)))
    return float(each.got.reshape(-1)[largest]) / float(each.want.reshape(-1)[largest])


def _number(value: float) -> str:
    """Write a number, as a fraction if it is one over a whole number."""
    whole = round(1 / value)
    return f"{'-' * (value < 0)}1/{abs(whole)}" if abs(whole) > 1 and abs(whole * value - 1) < 1e-3 else f"{value:.4g}"


def _image(each: Wrong) -> tuple[int, ...]:
    return next(iter(each.case.shapes.values()))


_SIZES: Mapping[str, Callable[[Wrong], int]] = MappingProxyType(
    {
        "N": lambda each: prod(_image(each)[:1]),
        "C": lambda each: prod(_image(each)[1:2]),
        "H·W": lambda each: prod(_image(each)[2:]),
        "OH·OW": lambda each: prod(each.want.shape[2:]),
        "groups": lambda each: int(each.case.all_attributes.get("groups", 1)),
    }
)


def _swapped(found: Found) -> str:
    """Name two axes of the result that stand in each other's place."""
    ranks = {each.want.ndim for each in found}
    for i, j in itertools.combinations(range(max(ranks) if len(ranks) == 1 else 0), 2):
        if all(each.equals(each.want.swapaxes(i, j), each.allowed.swapaxes(i, j)) for each in found):
            return f"axes {i} and {j} of the result are swapped"
    return ""


def _shifted(found: Found) -> str:
    """Say by how many whole pixels an image lies beside its place."""
    if not all(each.fits and each.want.ndim == 4 for each in found):
        return ""
    steps = (step for step in itertools.product(range(-2, 3), repeat=2) if step != (0, 0))
    fitting = [step for step in steps if _lies_beside(found, *step)]
    if len(fitting) != 1:
        return ""
    ((down, right),) = fitting
    rows, columns = "up" if down < 0 else "down", "left" if right < 0 else "right"
    return f"the image lies {abs(down)} rows {rows} and {abs(right)} columns {columns} of its place"


def _lies_beside(found: Found, down: int, right: int) -> bool:
    compared = 0
    for each in found:
        (to_h, at_h), (to_w, at_w) = _overlap(each.want.shape[2], down), _overlap(each.want.shape[3], right)
        part = each.part((..., to_h, to_w), (..., at_h, at_w))
        if not part.equals(part.want):
            return False
        compared += int(np.count_nonzero(part.want))  # zeros are alike wherever they lie
    return compared >= _LEAST_CELLS


def _overlap(size: int, step: int) -> tuple[slice, slice]:
    """Return where a moved axis has what it had before, and where it had that."""
    return slice(max(0, step), max(0, size + min(0, step))), slice(max(0, -step), max(0, size + min(0, -step)))


# Data on which a type shows how precise it is.
_ROUNDED = ("uniform", "wide", "positive")


def _precision(found: Found, right: Sequence[Question]) -> str:
    """Name a type in which it is wrong, if it is right in the other one."""
    types = {each.case.dtype for each in found}
    fine = [each.case for each in right if each.case.data in _ROUNDED and is_legal(each.case)]
    others = [case.dtype for case in fine if case.dtype not in types]
    if len(types) == 1 and len(others) >= _LEAST_CASES and len(others) == len(fine):
        return f"it is right in {others[0]}, but not in {types.pop()}"
    return ""


def _place(found: Found) -> str:
    """Name a place outside of which everything is right."""
    if not all(each.fits and each.want.ndim == 4 for each in found):
        return ""
    told = [place for place, inside in _PLACES.items() if all(map(inside, found))]
    return f"it is right except {told[0]}" if told else ""


def _only(axis: int, part: slice) -> Callable[[Wrong], bool]:
    """Return whether all that is wrong lies in a part of an axis, and something lies outside of it."""

    def inside(each: Wrong) -> bool:
        outside = np.ones(each.want.shape[axis], bool)
        outside[part] = False
        return bool(outside.any()) and not each.differs.swapaxes(0, axis)[outside].any()

    return inside


def _from_second(axis: int) -> Callable[[Wrong], bool]:
    """Return whether the first along an axis is right, and each of the others wrong somewhere."""

    def inside(each: Wrong) -> bool:
        first, *others = each.differs.swapaxes(0, axis)
        return bool(others) and not first.any() and all(other.any() for other in others)

    return inside


def _border(each: Wrong) -> bool:
    interior = each.differs[..., 1:-1, 1:-1]
    return interior.size > 0 and not interior.any()


_PLACES: Mapping[str, Callable[[Wrong], bool]] = MappingProxyType(
    {
        "in the last column": _only(3, slice(-1, None)),
        "in the last row": _only(2, slice(-1, None)),
        "in the last channel": _only(1, slice(-1, None)),
        "in the last sample": _only(0, slice(-1, None)),
        "from the second sample on": _from_second(0),
        "from the second channel on": _from_second(1),
        "at the border": _border,
    }
)
