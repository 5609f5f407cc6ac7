"""An implementation under test as the operators of a network, with the reference where it provides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import refcnn
from conformance.contract import FUNCTIONS
from conformance.implementation import Implementation, NotProvidedError, NotSupportedError


class Operators:
    """The functions of the contract as attributes, for `Layer.use`.

    What the implementation leaves out, or answers with NotImplementedError, the reference does; `borrowed` collects
    the names. What it gets wrong in form, or raises, ends the training as a CallError.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from conformance.implementation import from_namespace
    >>> operators = Operators(from_namespace("mine", SimpleNamespace(relu=lambda x: [[7.0]])))
    >>> operators.relu(np.ones((1, 1))).tolist(), operators.tanh(np.zeros((1, 1))).tolist(), operators.borrowed
    ([[7.0]], [[0.0]], {'tanh'})
    """

    def __init__(self, implementation: Implementation) -> None:
        self.implementation = implementation
        self.borrowed: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in FUNCTIONS:
            raise AttributeError(name)

        def function(*arguments: Any, **attributes: Any) -> Any:
            try:
                results = self.implementation.call(name, arguments, attributes)
            except (NotProvidedError, NotSupportedError):
                self.borrowed.add(name)
                return getattr(refcnn, name)(*arguments, **attributes)
            return results[0] if len(results) == 1 else results

        return function
