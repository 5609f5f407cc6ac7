"""A failure is traced to a mistake of the catalogue, or to a simple pattern, or to nothing: never to a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.diagnosis import diagnose
from conformance.implementation import from_namespace
from conformance.judge import judge_operator, judge_requirement
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

QUICK = Plan("quick")
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}


def looks_like(id_: str, conventions: dict[str, str] | None = None, **functions: Callable[..., Any]) -> str:
    """Judge functions by one requirement, and return what its failures look like."""
    mine = from_namespace("mine", SimpleNamespace(**functions, CONVENTIONS=conventions or {}))
    result = judge_requirement(mine, BY_ID[id_], QUICK)
    assert result.wrong
    return diagnose(mine, {BY_ID[id_]: result.wrong}, QUICK).get(id_, "")


def spoilt(function: str, spoil: Callable[[Any], Any]) -> dict[str, Callable[..., Any]]:
    right = getattr(refcnn, function)
    return {function: lambda *arrays, **how: spoil(right(*arrays, **how))}


def test_a_mistake_of_the_catalogue_is_named_in_other_code() -> None:
    def conv1d(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
        flipped = weight[..., ::-1]
        y = refcnn.conv2d(x[:, :, None], flipped[:, :, None], **_of_rows(how))[:, :, 0]
        return y if bias is None else y + bias[:, None]

    said = looks_like("conv1d.values", conv1d=conv1d)
    assert said.startswith("the kernel is flipped")
    count = said.rpartition("equal on ")[2].removesuffix(" wrong cases").split(" of ")
    assert count[0] == count[1]


def _of_rows(how: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of conv1d as those of an image of one row."""
    padding = how.get("padding", 0)
    sides = padding if isinstance(padding, tuple) else (padding, padding)
    steps = {name: (1, how[name]) for name in ("stride", "dilation") if name in how}
    return {"groups": how.get("groups", 1), "padding": ((0, 0), sides), **steps}


def test_a_mistake_in_what_is_accepted_is_told_from_one_in_what_is_computed() -> None:
    def relu(x: Any) -> Any:
        return np.where(x < 0, 0, x) * np.ones((), np.asarray(x).dtype)

    assert not looks_like("relu.refusals", relu=relu).startswith("every value")


@pytest.mark.parametrize(
    ("function", "spoil", "says"),
    [
        ("linear", lambda y: 3 * y, "every value is 3 times what it must be"),
        ("linear", lambda y: -y / 8, "every value is -1/8 times what it must be"),
        ("linear", lambda y: y / np.asarray(len(y), y.dtype), "every value is 1/N of what it must be"),
        ("linear", lambda y: y * np.asarray(len(y), y.dtype), "every value is N times what it must be"),
        ("linear", np.zeros_like, "every value is 0"),
        ("avg_pool2d", lambda y: y.swapaxes(0, 1), "axes 0 and 1 of the result are swapped"),
        (
            "avg_pool2d",
            lambda y: np.roll(y, (1, -1), (2, 3)),
            "the image lies 1 rows down and -1 columns right of its place",
        ),
    ],
)
def test_a_simple_pattern_is_said(function: str, spoil: Callable[[Any], Any], says: str) -> None:
    said = looks_like(f"{function}.values", **spoilt(function, spoil))
    sentence, _, count = said.partition("; so on ")
    assert sentence == says
    assert count.endswith(" wrong cases")


def spoil_part(*where: Any) -> Callable[[Any], Any]:
    def spoil(y: Any) -> Any:
        y = y.copy()
        y[where] += 1
        return y

    return spoil


def spoil_border(y: Any) -> Any:
    wrong = y + 1
    wrong[..., 1:-1, 1:-1] = y[..., 1:-1, 1:-1]
    return wrong


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (spoil_part(..., -1), "in the last column"),
        (spoil_part(..., -1, slice(None)), "in the last row"),
        (spoil_part(slice(None), -1), "in the last channel"),
        (spoil_part(-1), "in the last sample"),
        (spoil_part(slice(1, None)), "from the second sample on"),
        (spoil_part(slice(None), slice(1, None)), "from the second channel on"),
        (spoil_border, "at the border"),
    ],
)
def test_what_is_wrong_in_one_place_is_said_to_be(spoil: Callable[[Any], Any], place: str) -> None:
    def avg_pool2d_backward(*arrays: Any, **how: Any) -> Any:
        right = refcnn.avg_pool2d_backward(*arrays, **how)
        # Elsewhere there is no such place to tell from the rest.
        return spoil(right) if min(right.shape[2:]) > 2 and min(right.shape[:2]) > 1 else right

    said = looks_like("avg_pool2d_backward.values", avg_pool2d_backward=avg_pool2d_backward)
    assert said.startswith(f"it is right except {place}; so on ")
