"""A case: one problem as a plain value, from which everything else about it follows.

A case names an operator and says with which shapes, attributes, element type, memory layout and kind of data to
call it. It holds no array: ``conformance.data`` makes the arrays from the case alone, the same on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from conformance.contract import OPERATORS, REQUIRED

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One problem of one operator.

    Parameters
    ----------
    operator : name of a forward function of the contract
    shapes : shape of each array that is passed; an optional array without a shape is left out of the call
    attributes : what is passed besides arrays; the others keep their default
    dtype : element type of the floating arrays
    layout : how the arrays lie in memory, a name in ``conformance.layout``
    data : what is in the arrays, a name in ``conformance.kinds``
    seed : makes the data
    note : why the case exists; it plays no part in comparisons

    Examples
    --------
    >>> case = Case("softmax", {"x": (2, 3)}, {"axis": 0})
    >>> Case.from_json(case.to_json()) == case
    True
    """

    operator: str
    shapes: Mapping[str, Shape]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float64"
    layout: str = "contiguous"
    data: str = "uniform"
    seed: int = 0
    note: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", MappingProxyType(dict(self.shapes)))
        object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Case.from_dict, (self.to_dict(),)

    def but(self, **changes: Any) -> Case:
        """Return this case with some fields replaced."""
        return replace(self, **changes)

    def with_attributes(self, **attributes: Any) -> Case:
        """Return this case with some attributes replaced."""
        return replace(self, attributes={**self.attributes, **attributes})

    def with_shapes(self, **shapes: Shape) -> Case:
        """Return this case with some shapes replaced."""
        return replace(self, shapes={**self.shapes, **shapes})

    @property
    def all_attributes(self) -> dict[str, Any]:
        """The attributes with the contract's defaults filled in."""
        defaults = OPERATORS[self.operator].forward.attributes
        return {
            **{name: default for name, default in defaults.items() if default is not REQUIRED},
            **self.attributes,
        }

    @property
    def elements(self) -> int:
        """How many numbers the case holds; the measure of a smallest case."""
        total = 0
        for shape in self.shapes.values():
            product = 1
            for size in shape:
                product *= size
            total += product
        return total

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain JSON values."""
        return {
            "operator": self.operator,
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
            "attributes": {name: _as_lists(value) for name, value in self.attributes.items()},
            "dtype": self.dtype,
            "layout": self.layout,
            "data": self.data,
            "seed": self.seed,
            **({"note": self.note} if self.note else {}),
        }

    def to_json(self) -> str:
        """Return the case as one line of JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Case:
        """Build a case from what ``to_dict`` returned; anything else is a ValueError that says what is wrong."""
        _check(plain)
        return cls(
            operator=plain["operator"],
            shapes={name: tuple(shape) for name, shape in plain["shapes"].items()},
            attributes={name: _as_tuples(value) for name, value in plain.get("attributes", {}).items()},
            **{name: plain[name] for name in ("dtype", "layout", "data", "seed", "note") if name in plain},
        )

    @classmethod
    def from_json(cls, text: str) -> Case:
        """Build a case from a line of JSON."""
        try:
            plain = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"case must be JSON, got {_shortened(text)!r} ({error})") from error
        return cls.from_dict(plain)

    def describe(self) -> str:
        """Return the case as a person reads it.

        Examples
        --------
        >>> Case("linear", {"x": (2, 3), "weight": (4, 3)}, dtype="float32").describe()
        'x (2,3) weight (4,3) float32'
        """
        parts = [f"{name} ({','.join(map(str, shape))})" for name, shape in self.shapes.items()]
        parts += [f"{name}={value!r}".replace(" ", "") for name, value in self.attributes.items()]
        parts.append(self.dtype)
        if self.layout != "contiguous":
            parts.append(f"layout={self.layout}")
        if self.data != "uniform":
            parts.append(f"data={self.data}")
        return " ".join(parts)


def _as_lists(value: Any) -> Any:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list) else value


# How much of what is no case an error shows.
_SHOWN = 200
_TEXT_FIELDS = ("dtype", "layout", "data", "note")
_DTYPES = ("float32", "float64", "int64")
_FIELDS = {"operator", "shapes", "attributes", "seed", *_TEXT_FIELDS}


def _check(plain: Any) -> None:
    if not isinstance(plain, Mapping):
        raise ValueError(f"case must be a JSON object, got {plain!r}")
    if unknown := sorted(set(plain) - _FIELDS):
        raise ValueError(f"case must have no fields but {', '.join(sorted(_FIELDS))}, got {', '.join(unknown)}")
    name = plain.get("operator")
    if not isinstance(name, str) or name not in OPERATORS:
        raise ValueError(f"operator must be one of {', '.join(OPERATORS)}, got {name!r}")
    operator = OPERATORS[name]
    for name in _TEXT_FIELDS:
        if not isinstance(plain.get(name, ""), str):
            raise ValueError(f"{name} must be text, got {plain[name]!r}")
    if plain.get("dtype", "float64") not in _DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(_DTYPES)}, got {plain['dtype']!r}")
    if not isinstance(plain.get("seed", 0), int) or plain.get("seed", 0) < 0:
        raise ValueError(f"seed must be an integer of at least 0, got {plain['seed']!r}")
    _check_members(plain, "shapes", {*operator.forward.arguments, "grad_output"})
    _check_members(
        {"attributes": {}, **plain},
        "attributes",
        {*operator.forward.attributes, "kernel_size", "input_shape"},
    )
    given = {*plain["shapes"], *plain.get("attributes", {})}
    forward = operator.forward
    required = {name for name in forward.arguments if name not in forward.optional}
    required |= {name for name, default in forward.attributes.items() if default is REQUIRED}
    if missing := sorted(required - given):
        raise ValueError(
            f"case of {operator.name} must give {', '.join(sorted(required))}, got no {', '.join(missing)}"
        )
    for name, shape in plain["shapes"].items():
        if not isinstance(shape, list | tuple) or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise ValueError(f"shapes.{name} must be a list of sizes, got {shape!r}")
    for name, value in plain.get("attributes", {}).items():
        if not _is_attribute(value):
            wanted = "a number, a text, or lists of them two deep"
            raise ValueError(f"attributes.{name} must be {wanted}, got {_shortened(repr(value))}")


def _is_attribute(value: Any, depth: int = 2) -> bool:
    if isinstance(value, list | tuple):
        return depth > 0 and all(_is_attribute(item, depth - 1) for item in value)
    return not isinstance(value, Mapping)


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _check_members(plain: Mapping[str, Any], group: str, allowed: set[str]) -> None:
    members = plain.get(group)
    if not isinstance(members, Mapping):
        raise ValueError(f"{group} must be a JSON object, got {members!r}")
    if unknown := sorted(set(members) - allowed):
        raise ValueError(f"{group} must be among {', '.join(sorted(allowed))}, got {', '.join(unknown)}")
