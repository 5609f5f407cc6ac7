"""Attributes of the contract, in the narrower words of layers."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.layers.attributes import absent, an_axis, one


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3), ((2, 2), 2), (((1, 1), (1, 1)), 1), (0, 0), (((0, 0), (0, 0)), 0)]
)
def test_alike_numbers_are_one(value: Any, number: int) -> None:
    assert one("padding", value) == number


@pytest.mark.parametrize("value", [(1, 2), ((1, 0), (1, 0)), ((1, 1), (2, 2))])
def test_unlike_numbers_are_not_supported_and_said(value: Any) -> None:
    with pytest.raises(NotImplementedError) as raised:
        one("stride", value)
    assert str(raised.value) == f"layers have one stride, not {value}"


@pytest.mark.parametrize(
    ("value", "numbers"), [(2, 2), ((1, 2), (1, 2)), (((1, 1), (3, 3)), (1, 3)), (((2, 2), (2, 2)), 2), ((2, 2), 2)]
)
def test_an_axis_may_have_a_number_of_its_own(value: Any, numbers: Any) -> None:
    assert an_axis("padding", value) == numbers


def test_the_ends_of_an_axis_may_not_differ() -> None:
    with pytest.raises(NotImplementedError, match="one padding for the two ends of an axis"):
        an_axis("padding", ((0, 1), (1, 1)))


def test_what_says_nothing_may_be_absent() -> None:
    absent(dilation=((1, 1), 1), ceil_mode=(False, False))
    with pytest.raises(NotImplementedError, match="layers have no dilation, which is 2"):
        absent(groups=(1, 1), dilation=(2, 1))
