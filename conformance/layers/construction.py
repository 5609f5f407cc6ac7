"""How a class of somebody else is made: by what its constructor takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_OPEN_ENDED = _ARGS, _KWARGS = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD

_ALSO_CALLED: Mapping[str, tuple[str, ...]] = MappingProxyType({"pad": ("padding",)})


def can_be_made(make: Callable[[], Any]) -> bool:
    """Return whether a class can be made of what such a class is made of; its constructor may raise anything.

    Examples
    --------
    >>> can_be_made(lambda: complex(1, 2)), can_be_made(lambda: complex("one"))
    (True, False)
    """
    try:
        make()
    except Exception:  # noqa: BLE001 - it is somebody else's
        return False
    return True


def by_position(made: type, *required: Any, **optional: tuple[Any, Any]) -> Any:
    """Make an object of `required`, and of the `optional` ones that its constructor has room for.

    Each optional argument is given as (value, what it means to leave it out). It goes to the parameter of its name or,
    if there is none, to the one in its place. One that finds no room, and says something else, is what the class
    cannot express.
    """
    signature = inspect.signature(made)
    bound = signature.bind_partial(*required)
    free = {name: each.kind for name, each in signature.parameters.items() if name not in bound.arguments}
    slots = [name for name, kind in free.items() if kind in _BY_POSITION]
    open_ended = {each.kind: name for name, each in signature.parameters.items() if each.kind in _OPEN_ENDED}
    words = {name: _word(name, free) for name in optional}
    bound.arguments |= {word: optional[name][0] for name, word in words.items() if word}
    for place, (name, (value, plain)) in enumerate(optional.items()):
        if words[name]:
            continue
        if place < len(slots) and slots[place] not in words.values():
            bound.arguments[slots[place]] = value
        elif _ARGS in open_ended and bound.arguments.keys() >= set(slots):
            args = open_ended[_ARGS]
            bound.arguments[args] = (*bound.arguments.get(args, ()), value)
        elif _KWARGS in open_ended:
            bound.arguments.setdefault(open_ended[_KWARGS], {})[name] = value
        elif value != plain:
            raise NotImplementedError(f"{made.__name__} takes no {name}")
    return made(*bound.args, **bound.kwargs)


def _word(name: str, free: Mapping[str, Any]) -> str:
    """Return what a constructor calls an argument; empty if it has neither that name nor another that is known."""
    return next((word for word in (name, *_ALSO_CALLED.get(name, ())) if free.get(word) in _NAMED), "")


def by_name(made: type, required: Mapping[str, Any], optional: Mapping[str, tuple[Any, Any]]) -> Any:
    """Make an object of `required`, and of the `optional` ones whose names its constructor knows."""
    parameters = inspect.signature(made).parameters.values()
    known = {parameter.name for parameter in parameters}
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        known |= set(optional)
    for name, (value, plain) in optional.items():
        if name not in known and value != plain:
            raise NotImplementedError(f"{made.__name__} takes no {name}")
    return made(**required, **{name: value for name, (value, _) in optional.items() if name in known})
