"""An implementation under test as the operators of a network, with the reference where it provides nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import refcnn
from conformance.contract import FUNCTIONS, OPERATORS
from conformance.implementation import CallError, Implementation, NotProvidedError, NotSupportedError


class Operators:
    """The functions of the contract as attributes, for `Layer.use`.

    What the implementation leaves out, or answers with NotImplementedError, the reference does; `borrowed` collects
    the names, `unsupported` those of the second kind, and `used` what the implementation did itself. With `only`, the
    other operators are the reference's too. What it gets wrong in form, or raises, ends the training as a CallError
    that names the function.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from conformance.implementation import from_namespace
    >>> operators = Operators(from_namespace("mine", SimpleNamespace(relu=lambda x: [[7.0]])))
    >>> operators.relu(np.ones((1, 1))).tolist(), operators.tanh(np.zeros((1, 1))).tolist(), operators.borrowed
    ([[7.0]], [[0.0]], {'tanh'})
    """

    def __init__(self, implementation: Implementation, only: Iterable[str] | None = None) -> None:
        self.implementation = implementation
        self.only = FUNCTIONS.keys() if only is None else {f.name for name in only for f in OPERATORS[name].functions}
        self.used: set[str] = set()
        self.borrowed: set[str] = set()
        self.unsupported: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in FUNCTIONS:
            raise AttributeError(name)

        def function(*arguments: Any, **attributes: Any) -> Any:
            if name in self.only and not self._half_a_mask(name):
                with contextlib.suppress(NotProvidedError):
                    try:
                        return self._own(name, arguments, attributes)
                    except NotSupportedError as error:
                        self._refuse_half_a_mask(name, error)
                        self.unsupported.add(name)
            self.borrowed.add(name)
            return getattr(refcnn, name)(*arguments, **attributes)

        return function

    def _refuse_half_a_mask(self, name: str, error: NotSupportedError) -> None:
        if name == "dropout_backward" and "dropout" in self.used:
            target = self.implementation.target
            raise CallError(
                f"{target}: dropout_backward is not supported where dropout is; a mask needs both"
            ) from error

    def _half_a_mask(self, name: str) -> bool:
        """Return whether both halves of dropout must be the reference's, since two masks would not be one."""
        if not name.startswith("dropout"):
            return False
        halves = {"dropout", "dropout_backward"}
        return bool(halves & self.unsupported) or not all(self.implementation.provides(half) for half in halves)

    def _own(self, name: str, arguments: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
        """Return the answer of the implementation, an array or a tuple of them."""
        try:
            results = self.implementation.call(name, arguments, attributes)
            for result in results:
                if result.dtype.kind != "f":  # the judge reports it; parameters cannot be of it
                    raise CallError(f"returned {result.dtype}, want floating numbers")
        except CallError as error:
            raise CallError(f"{self.implementation.target}: {name} {error}", error.raised) from error
        self.used.add(name)
        return results[0] if len(results) == 1 else results
