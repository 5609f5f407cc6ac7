"""What was recognised in a target: the contract's functions over its classes, in words that a report can print."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from types import SimpleNamespace
from typing import Any

import refcnn
from conformance.contract import FUNCTIONS

Body = Callable[..., Any]

# What Python and NumPy say where a size is a float.
_FLOAT_FOR_SIZE = ("'float' object cannot be interpreted as an integer", "slice indices must be integers")


@dataclass(frozen=True)
class Recognised:
    """Functions of the contract that stand for classes, what these are, and the conventions of their kind."""

    description: str
    functions: Mapping[str, Body]
    conventions: Mapping[str, str] = field(default_factory=dict)

    def namespace(self, target: object) -> SimpleNamespace:
        """Return an object to judge; what the target itself declares goes before what its kind usually does."""
        conventions = getattr(target, "CONVENTIONS", self.conventions)
        functions = {name: judged(name, body) for name, body in self.functions.items()}
        return SimpleNamespace(CONVENTIONS=conventions, **functions)


# Functions that stand beside layers as their helpers, and have a name of the contract.
_BESIDE = ("relu", "sigmoid", "softmax", "tanh", "cross_entropy")


def with_classes(
    kind: str,
    names: Sequence[str],
    functions: Mapping[str, Body],
    target: object,
    conventions: Mapping[str, str],
    shared: Collection[str] = (),
) -> Recognised | None:
    """Return what was recognised, unless that is nothing, or the target has functions of the contract to judge instead.

    The functions `shared` have a name of the contract, but are the target's kind of code.
    """
    beside = [name for name in _BESIDE if callable(getattr(target, name, None))]
    own = {name for name in FUNCTIONS if callable(getattr(target, name, None))}
    if not names or own - {*beside, *shared}:
        return None
    left = f"; not judged: the functions {', '.join(beside)} beside them" if beside else ""
    return Recognised(f"{kind} ({', '.join(names)}){left}", functions, conventions)


def judged(name: str, body: Body) -> Body:
    """Answer what classes are not asked with NotImplementedError, which is bad input."""

    @wraps(body)
    def call(*arguments: Any, **attributes: Any) -> Any:
        _leave_out_bad_input(name, arguments, attributes)
        try:
            return body(*arguments, **attributes)
        except TypeError as error:
            if any(text in str(error) for text in _FLOAT_FOR_SIZE):
                why = "a size was worked out by /, which gives a float, where // gives an int"
                raise TypeError(f"{error} ({why})") from error
            raise

    return call


def _leave_out_bad_input(name: str, arguments: tuple[Any, ...], attributes: Mapping[str, Any]) -> None:
    """Ask the reference whether a call is one to be refused; layers promise nothing about such calls."""
    try:
        getattr(refcnn, name)(*arguments, **attributes)
    except (ValueError, TypeError) as error:
        raise NotImplementedError(f"layers are not asked to refuse bad input ({error})") from error
