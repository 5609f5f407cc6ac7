"""Classes of somebody else are made by what their constructors take."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.layers.construction import by_name, by_position, can_be_made


class Two:
    def __init__(self, first: Any, second: Any = "plain") -> None:
        self.given = (first, second)


class Open:
    def __init__(self, first: Any, **others: Any) -> None:
        self.given = {"first": first, **others}


class ByName:
    def __init__(self, first: Any, *, stride: Any = "plain", padding: Any = "plain") -> None:
        self.given = (first, stride, padding)


class TheOtherWayRound:
    def __init__(self, first: Any, pad: Any = "plain", stride: Any = "plain") -> None:
        self.given = (first, stride, pad)


class OwnWords:
    def __init__(self, first: Any, step: Any = "plain", *, pad: Any = "plain") -> None:
        self.given = (first, step, pad)


class Star:
    def __init__(self, *given: Any) -> None:
        self.given = given


class StarAfter:
    def __init__(self, first: Any, stride: Any = "plain", *others: Any) -> None:
        self.given = (first, stride, *others)


class PositionAlone:
    def __init__(self, first: Any, step: Any = "plain", border: Any = "plain", /) -> None:
        self.given = (first, step, border)


class WithAnother:
    def __init__(self, first: Any, name: Any = "plain", stride: Any = "plain", pad: Any = "plain") -> None:
        self.given = (first, name, stride, pad)


class StrideAfterAnother:
    def __init__(self, first: Any, name: Any = "plain", stride: Any = "plain") -> None:
        self.given = (first, name, stride)


class StarBehindAnother:
    def __init__(self, first: Any, name: Any = "plain", *others: Any, stride: Any = "plain") -> None:
        self.given = (first, name, stride, *others)


def test_what_a_constructor_refuses_cannot_be_made() -> None:
    assert can_be_made(lambda: Two(1))
    assert not can_be_made(lambda: by_position(Two, 1, 2, 3))


def test_optional_arguments_are_passed_as_far_as_there_is_room() -> None:
    assert by_position(Two, 1, stride=(2, 1), pad=(0, 0)).given == (1, 2)
    assert by_position(Two, 1, 2, pad=(0, 0)).given == (1, 2)


def test_what_finds_no_room_and_says_something_is_not_supported() -> None:
    with pytest.raises(NotImplementedError, match="Two takes no pad"):
        by_position(Two, 1, stride=(2, 1), pad=(1, 0))


@pytest.mark.parametrize(
    ("made", "given"),
    [
        (ByName, (1, 2, 3)),
        (TheOtherWayRound, (1, 2, 3)),
        (OwnWords, (1, 2, 3)),
        (Star, (1, 2, 3)),
        (StarAfter, (1, 2, 3)),
        (PositionAlone, (1, 2, 3)),
        (WithAnother, (1, "plain", 2, 3)),
        (Open, {"first": 1, "stride": 2, "pad": 3}),
    ],
)
def test_every_kind_of_parameter_is_room(made: type, given: Any) -> None:
    assert by_position(made, 1, stride=(2, 0), pad=(3, 0)).given == given


@pytest.mark.parametrize("made", [StarBehindAnother, StrideAfterAnother])
def test_what_would_land_in_the_place_of_another_argument_is_not_supported(made: type) -> None:
    with pytest.raises(NotImplementedError, match=f"{made.__name__} takes no pad"):
        by_position(made, 1, stride=(2, 0), pad=(3, 0))
    assert by_position(made, 1, stride=(2, 0), pad=(0, 0)).given == (1, "plain", 2)


def test_optional_arguments_are_passed_by_the_names_that_are_known() -> None:
    assert by_name(Two, {"first": 1}, {"second": (5, 0), "third": (0, 0)}).given == (1, 5)
    assert by_name(Open, {"first": 1}, {"third": (7, 0)}).given == {"first": 1, "third": 7}


def test_a_name_that_is_not_known_and_says_something_is_not_supported() -> None:
    with pytest.raises(NotImplementedError, match="Two takes no third"):
        by_name(Two, {"first": 1}, {"third": (7, 0)})
