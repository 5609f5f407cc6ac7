"""A target is called without trust: what it returns or raises becomes arrays, or a finding in words."""

from __future__ import annotations

import re
import warnings
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conformance.implementation import (
    CallError,
    EndedError,
    Implementation,
    NotProvidedError,
    NotSupportedError,
    from_namespace,
)


def relu(function: Any) -> Implementation:
    return from_namespace("here", SimpleNamespace(relu=function))


def test_a_result_comes_as_a_tuple_of_arrays() -> None:
    (result,) = relu(lambda _: [1.0, 2.0]).call("relu", [np.zeros(2)], {})
    np.testing.assert_array_equal(result, [1.0, 2.0], strict=True)


@pytest.mark.parametrize("kind", [tuple, list])
def test_a_list_serves_for_a_tuple(kind: type) -> None:
    loaded = from_namespace("here", SimpleNamespace(momentum_update=lambda *_, **__: kind([1.0, 2.0])))
    assert loaded.call("momentum_update", [], {}) == (np.array(1.0), np.array(2.0))


def test_what_is_left_out_is_not_provided() -> None:
    with pytest.raises(NotProvidedError, match=r"^conv2d$"):
        relu(abs).call("conv2d", [], {})


def raising(error: BaseException) -> Implementation:
    def function(_: Any) -> Any:
        raise error

    return relu(function)


def test_not_implemented_is_not_supported() -> None:
    with pytest.raises(NotSupportedError, match=r"^no float32$"):
        raising(NotImplementedError("no float32")).call("relu", [1], {})


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EndedError(143)])
def test_who_asks_the_judge_to_end_is_heard_during_a_call(error: BaseException) -> None:
    with pytest.raises(type(error)):
        raising(error).call("relu", [1], {})


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3), GeneratorExit("gone"), MemoryError("full")])
def test_any_other_exception_is_a_finding(error: BaseException) -> None:
    with pytest.raises(CallError, match=f"^raised {type(error).__name__}: {error}$") as caught:
        raising(error).call("relu", [1], {})
    assert caught.value.raised is error


def test_an_exception_that_cannot_be_printed_is_one_like_any_other() -> None:
    class SilentError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    with pytest.raises(CallError, match=r"^raised SilentError: \(an exception that cannot be printed\)$"):
        raising(SilentError()).call("relu", [np.zeros(2)], {})


def test_a_warning_of_a_call_is_no_error() -> None:
    def warning(x: Any) -> Any:
        warnings.warn("slow", stacklevel=1)
        return x

    assert relu(warning).call("relu", [1.0], {}) == (np.array(1.0),)


class Unreadable:
    """What has an ``__array__`` that fails."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("on another device")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("text", "returned y as str of <U4, want floating numbers"),
        (None, "returned y as NoneType of object, want floating numbers"),
        (np.zeros(2, complex), "returned y as ndarray of complex128, want floating numbers"),
        (ModuleType("m"), "returned y as module of object, want floating numbers"),
        (Unreadable(), "returned y as Unreadable, which is no array (on another device)"),
    ],
    ids=["text", "None", "complex", "module", "unreadable"],
)
def test_what_is_no_array_of_numbers_is_a_finding(answer: Any, reason: str) -> None:
    with pytest.raises(CallError, match=f"^{re.escape(reason)}$") as caught:
        relu(lambda _: answer).call("relu", [1], {})
    assert caught.value.raised is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((1.0,), r"returned tuple of 1, want a tuple \(param, velocity\)"),
        ([1.0] * 3, r"returned list of 3, want a tuple \(param, velocity\)"),
        (np.zeros(2), r"returned ndarray, want a tuple \(param, velocity\)"),
        (None, r"returned NoneType, want a tuple \(param, velocity\)"),
    ],
    ids=["one", "three", "an array", "None"],
)
def test_a_wrong_number_of_results_is_a_finding(answer: Any, reason: str) -> None:
    loaded = from_namespace("here", SimpleNamespace(momentum_update=lambda *_, **__: answer))
    with pytest.raises(CallError, match=f"^{reason}$"):
        loaded.call("momentum_update", [], {})
