"""An implementation's functions as the operators of a network: its own where it has them, borrowed ones elsewhere."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import refcnn
from conformance.contract import FUNCTIONS
from conformance.implementation import CallError, from_namespace
from conformance.operators import Operators

X = np.array([[-1.0, 2.0]])


def operators(only: list[str] | None = None, **functions: Any) -> Operators:
    return Operators(from_namespace("mine", SimpleNamespace(**functions)), only)


def unsupported(*_: Any, **__: Any) -> Any:
    raise NotImplementedError


def test_what_the_implementation_has_is_called_as_it_was_called_for() -> None:
    called: list[Any] = []

    def max_pool2d(*arguments: Any, **attributes: Any) -> Any:
        called.append((arguments, attributes))
        return np.full((1, 1), 7.0)

    ops = operators(max_pool2d=max_pool2d)
    assert_array_equal(ops.max_pool2d(X, 2, stride=1), [[7.0]])
    assert called == [((X, 2), {"stride": 1})]
    assert ops.borrowed == set()


def test_one_answer_is_an_array_and_several_are_a_tuple_of_arrays() -> None:
    ops = operators(relu=lambda x: x.tolist(), linear_backward=lambda *_: [[1.0], [2.0], [3.0]])
    assert_array_equal(ops.relu(X), X)
    assert [array.tolist() for array in ops.linear_backward(X, X, X)] == [[1.0], [2.0], [3.0]]


def test_what_it_leaves_out_or_does_not_support_is_borrowed_and_noted() -> None:
    ops = operators(relu=refcnn.relu, tanh=unsupported)
    assert_array_equal(ops.relu(X), refcnn.relu(X))
    assert_array_equal(ops.tanh(X), refcnn.tanh(X))
    assert_array_equal(ops.softmax(X, axis=0), [[1.0, 1.0]])
    assert ops.used == {"relu"}
    assert ops.borrowed == {"tanh", "softmax"}
    assert ops.unsupported == {"tanh"}


def test_only_the_operators_named_are_its_own_with_their_backward_functions() -> None:
    seven = np.full_like(X, 7.0)
    ops = operators(["relu"], relu=lambda _: seven, relu_backward=lambda *_: seven, tanh=lambda _: seven)
    assert_array_equal(ops.relu(X), seven)
    assert_array_equal(ops.relu_backward(X, X), seven)
    assert_array_equal(ops.tanh(X), refcnn.tanh(X))
    assert ops.borrowed == {"tanh"}


def test_every_function_of_the_contract_is_there_and_nothing_else() -> None:
    ops = operators(relu=refcnn.relu)
    assert all(callable(getattr(ops, name)) for name in FUNCTIONS)
    with pytest.raises(AttributeError, match=r"^conv4d$"):
        _ = ops.conv4d


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "returned y as NoneType of object, want floating numbers"),
        ("seven", "returned y as str of <U5, want floating numbers"),
        (np.array([1, 2]), "returned int64, want floating numbers"),
        (np.array([True]), "returned bool, want floating numbers"),
    ],
)
def test_nonsense_is_an_error_that_names_the_function(answer: Any, said: str) -> None:
    with pytest.raises(CallError, match=f"^mine: relu {said}$"):
        operators(relu=lambda _: answer).relu(X)


def test_a_tuple_of_another_length_is_an_error() -> None:
    with pytest.raises(CallError, match=r"^mine: linear_backward returned tuple of 2, want a tuple "):
        operators(linear_backward=lambda *_: (X, X)).linear_backward(X, X, X)


def test_what_is_raised_is_kept() -> None:
    error = ZeroDivisionError("one by none")

    def relu(_: Any) -> Any:
        raise error

    with pytest.raises(CallError, match=r"^mine: relu raised ZeroDivisionError: one by none$") as caught:
        operators(relu=relu).relu(X)
    assert caught.value.raised is error


def test_an_interrupt_goes_through() -> None:
    def relu(_: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        operators(relu=relu).relu(X)


def test_dropout_is_borrowed_with_its_backward_function_or_not_at_all() -> None:
    x = np.ones((2, 3))
    how: dict[str, Any] = {"p": 0.5, "training": True, "seed": 0}
    half = operators(dropout=lambda x, **_: 7 * x)
    assert_array_equal(half.dropout(x, **how), refcnn.dropout(x, **how))
    assert half.borrowed == {"dropout"}
    both = operators(dropout=lambda x, **_: 7 * x, dropout_backward=lambda g, _, **__: 8 * g)
    assert_array_equal(both.dropout(x, **how), 7 * x)
    assert_array_equal(both.dropout_backward(x, x, **how), 8 * x)


def test_a_mask_without_its_backward_function_is_an_error() -> None:
    how: dict[str, Any] = {"p": 0.5, "training": True, "seed": 0}
    half = operators(dropout=lambda x, **_: 7 * x, dropout_backward=unsupported)
    half.dropout(np.ones(2), **how)
    with pytest.raises(CallError, match="dropout_backward is not supported where dropout is; a mask needs both"):
        half.dropout_backward(np.ones(2), np.ones(2), **how)
    neither = operators(dropout=unsupported, dropout_backward=lambda g, _, **__: 8 * g)
    neither.dropout(np.ones(2), **how)
    assert_array_equal(
        neither.dropout_backward(np.ones(2), np.ones(2), **how), refcnn.dropout_backward(np.ones(2), np.ones(2), **how)
    )
