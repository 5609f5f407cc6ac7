"""Classes of somebody else are made by what their constructors take."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.layers.construction import by_name, by_position, takes


class Two:
    def __init__(self, first: Any, second: Any = "plain") -> None:
        self.given = (first, second)


class Open:
    def __init__(self, first: Any, **others: Any) -> None:
        self.given = {"first": first, **others}


def test_a_class_takes_what_its_signature_binds() -> None:
    assert [takes(Two, count) for count in range(4)] == [False, True, True, False]


def test_a_class_without_a_signature_takes_nothing() -> None:
    assert not takes(type("Odd", (), {"__signature__": "none"}), 0)


def test_optional_arguments_are_passed_as_far_as_there_is_room() -> None:
    assert by_position(Two, 1, stride=(2, 1), pad=(0, 0)).given == (1, 2)
    assert by_position(Two, 1, 2, pad=(0, 0)).given == (1, 2)


def test_what_finds_no_room_and_says_something_is_not_supported() -> None:
    with pytest.raises(NotImplementedError, match="Two takes no pad"):
        by_position(Two, 1, stride=(2, 1), pad=(1, 0))


def test_optional_arguments_are_passed_by_the_names_that_are_known() -> None:
    assert by_name(Two, {"first": 1}, {"second": (5, 0), "third": (0, 0)}).given == (1, 5)
    assert by_name(Open, {"first": 1}, {"third": (7, 0)}).given == {"first": 1, "third": 7}


def test_a_name_that_is_not_known_and_says_something_is_not_supported() -> None:
    with pytest.raises(NotImplementedError, match="Two takes no third"):
        by_name(Two, {"first": 1}, {"third": (7, 0)})
