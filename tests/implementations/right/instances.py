"""The functions are methods, bound objects and partial functions of an instance inside an instance."""

from __future__ import annotations

import functools
from typing import Any

import refcnn


class Callable:
    """An object that is called."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Any, **attributes: Any) -> Any:
        return getattr(refcnn, self.name)(*arguments, **attributes)


class Operators:
    """What has functions as attributes."""

    linear = Callable("linear")
    sgd_update = functools.partial(refcnn.sgd_update)

    def linear_backward(self, grad_output: Any, x: Any, weight: Any) -> Any:
        return refcnn.linear_backward(grad_output, x, weight)

    @staticmethod
    def relu(x: Any) -> Any:
        return refcnn.relu(x)

    @classmethod
    def relu_backward(cls, grad_output: Any, x: Any) -> Any:
        return refcnn.relu_backward(grad_output, x)

    def __getattr__(self, name: str) -> Any:
        if name in ("cross_entropy", "cross_entropy_backward"):
            return getattr(refcnn, name)
        raise AttributeError(name)


class Library:
    """What has operators."""

    def __init__(self) -> None:
        self.operators = Operators()


library = Library()
