"""How a class of somebody else is made: by what its constructor takes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def takes(made: type, count: int) -> bool:
    """Return whether a class can be made of that many arguments by position.

    Examples
    --------
    >>> takes(complex, 2), takes(dict, 2)
    (True, False)
    """
    try:
        inspect.signature(made).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def by_position(made: type, *required: Any, **optional: tuple[Any, Any]) -> Any:
    """Make an object of `required`, and of the `optional` ones that its constructor has room for.

    Each optional argument is given as (value, what it means to leave it out). One that finds no room, and says
    something else, is what the class cannot express.
    """
    parameters = inspect.signature(made).parameters.values()
    room = sum(parameter.kind in _BY_POSITION for parameter in parameters) - len(required)
    for name, (value, plain) in list(optional.items())[max(0, room) :]:
        if value != plain:
            raise NotImplementedError(f"{made.__name__} takes no {name}")
    return made(*required, *(value for value, _ in list(optional.values())[: max(0, room)]))


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
