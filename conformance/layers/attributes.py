"""Attributes of the contract in the narrower words of layers: what these have no word for is not supported."""

from __future__ import annotations

from typing import Any


def one(name: str, value: Any) -> int:
    """Return an attribute that layers have one number of.

    Examples
    --------
    >>> one("stride", (2, 2)), one("padding", ((1, 1), (1, 1)))
    (2, 1)
    """
    numbers = set(parts(value))
    if len(numbers) > 1:
        raise NotImplementedError(f"layers have one {name}, not {value}")
    return int(numbers.pop())


def an_axis(name: str, value: Any) -> Any:
    """Return an attribute as one number or, where the axes differ, as one an axis.

    Examples
    --------
    >>> an_axis("padding", ((1, 1), (2, 2))), an_axis("stride", (3, 3))
    ((1, 2), 3)
    """
    axes = _axes(value)
    if any(len(set(axis)) > 1 for axis in axes):
        raise NotImplementedError(f"modules have one {name} for the two ends of an axis, not {value}")
    numbers = tuple(int(axis[0]) for axis in axes)
    return numbers[0] if len(set(numbers)) == 1 else numbers


def absent(**attributes: tuple[Any, Any]) -> None:
    """Require that each attribute, given as (value, plain), says nothing."""
    for name, (value, plain) in attributes.items():
        if any(part != plain for part in parts(value)):
            raise NotImplementedError(f"layers have no {name}, which is {value}")


def parts(value: Any) -> list[Any]:
    """Return all the numbers of an attribute.

    Examples
    --------
    >>> parts(1), parts(((1, 2), (0, 3)))
    ([1], [1, 2, 0, 3])
    """
    return [part for axis in _axes(value) for part in axis]


def _axes(value: Any) -> tuple[tuple[Any, ...], ...]:
    axes = value if isinstance(value, tuple | list) else (value,)
    return tuple(tuple(axis) if isinstance(axis, tuple | list) else (axis,) for axis in axes)
