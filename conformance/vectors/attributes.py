"""Attributes in one form each, so that a reader in another language has no cases to tell apart."""

from __future__ import annotations

from typing import Any

from conformance.case import Case
from conformance.contract import FUNCTIONS
from conformance.oracle.geometry import pair, sides

_PAIRS = frozenset({"kernel_size", "stride", "dilation", "output_padding"})


def plain_attributes(function: str, case: Case) -> dict[str, Any]:
    """Return all that a call of a function passes besides arrays, defaults filled in.

    Pairs are pairs, padding has its four sides. Signals of one axis keep integers, and padding (left, right).

    Examples
    --------
    >>> plain_attributes("max_pool2d", Case("max_pool2d", {"x": (1, 1, 4, 4)}, {"kernel_size": 2, "padding": (1, 0)}))
    {'kernel_size': (2, 2), 'stride': (2, 2), 'padding': ((1, 1), (0, 0)), 'dilation': (1, 1), 'ceil_mode': False}
    """
    contract, given = FUNCTIONS[function], case.all_attributes
    passed = {name: given[name] for name in (*contract.arguments, *contract.attributes) if name in given}
    if passed.get("stride", 1) is None:
        passed["stride"] = passed["kernel_size"]
    flat = case.operator == "conv1d"
    return {name: value if name == "input_shape" else _one_form(name, value, flat) for name, value in passed.items()}


def _one_form(name: str, value: Any, flat: bool) -> Any:
    if name == "padding":
        return pair(value) if flat else sides(value)
    return pair(value) if name in _PAIRS and not flat else value
