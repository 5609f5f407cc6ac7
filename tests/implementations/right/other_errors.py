"""Bad input is refused in other words and with subclasses of ValueError and TypeError, one of them of both."""

from __future__ import annotations

from typing import Any

from _wrapping import Function, with_calls


class BadShapeError(ValueError):
    """The arrays do not fit."""


class BadTypeError(TypeError, ValueError):
    """The type is wrong."""


def reworded(name: str, function: Function) -> Function:
    def call(*arguments: Any, **attributes: Any) -> Any:
        try:
            return function(*arguments, **attributes)
        except TypeError as error:
            raise BadTypeError(f"cannot run {name!r}!\n  reason: {error}", 400) from None
        except ValueError as error:
            raise BadShapeError({"operator": name, "reason": str(error)}) from error

    return call


globals().update(with_calls(reworded))
