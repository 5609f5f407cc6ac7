"""Functions take more than the contract says: keyword parameters with defaults, and whatever else is named.

Unusual: the arrays have other names and are taken by position alone.
"""

from __future__ import annotations

from typing import Any

import refcnn


def leave(*switches: object) -> None:
    """Refuse what is not the default."""
    if any(switches):
        raise NotImplementedError("nothing but the defaults is supported")


def relu(values: Any, /, *, inplace: bool = False, **_: Any) -> Any:
    leave(inplace)
    return refcnn.relu(values)


def relu_backward(upstream: Any, values: Any, /, *, threshold: float = 0.0, **_: Any) -> Any:
    leave(threshold)
    return refcnn.relu_backward(upstream, values)


def linear(rows: Any, matrix: Any, offset: Any = None, /, activation: str | None = None, **_: Any) -> Any:
    leave(activation)
    return refcnn.linear(rows, matrix, offset)


def linear_backward(upstream: Any, rows: Any, matrix: Any, /, *, accumulate: bool = False, **_: Any) -> Any:
    leave(accumulate)
    return refcnn.linear_backward(upstream, rows, matrix)


def max_pool2d(*arrays: Any, return_indices: bool = False, algorithm: str = "", **attributes: Any) -> Any:
    leave(return_indices, algorithm)
    return refcnn.max_pool2d(*arrays, **attributes)


def softmax(scores: Any, /, axis: int = -1, log: bool = False, **_: Any) -> Any:
    leave(log)
    return refcnn.softmax(scores, axis=axis)


def adam_update(*state: Any, weight_decay: float = 0.0, amsgrad: bool = False, **attributes: Any) -> Any:
    leave(weight_decay, amsgrad)
    return refcnn.adam_update(*state, **attributes)
