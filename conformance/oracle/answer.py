"""What the oracle says about one result: the right value and the error that is allowed, element by element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract import CONVENTIONS
from conformance.oracle.bounds import Rounding

Array = NDArray[Any]


@dataclass(frozen=True)
class Answer:
    """The right value of one result, in float64, and the allowed absolute error of each element."""

    value: Array
    allowed: Array


@dataclass(frozen=True)
class Problem:
    """What an oracle function works on: the arrays in float64, all attributes, arithmetic and conventions."""

    operator: str
    arrays: Mapping[str, Array]
    attributes: dict[str, Any]
    rounding: Rounding
    conventions: Mapping[str, str]

    def convention(self, name: str) -> str:
        """Return the declared convention, or the reference's."""
        return self.conventions.get(name, CONVENTIONS[name][0])


def exact(value: Array) -> Answer:
    """Return an answer from which nothing may differ."""
    return Answer(value, np.zeros(value.shape))
