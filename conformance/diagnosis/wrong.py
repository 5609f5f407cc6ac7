"""A wrong result beside the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.case import Case
from conformance.diagnosis.question import Question, Results
from conformance.oracle import Answer

Array = NDArray[Any]


@dataclass(frozen=True)
class Wrong:
    """What came, what was wanted and what error is allowed, for one result of one case."""

    case: Case
    got: Array
    want: Array
    allowed: Array

    @classmethod
    def of(cls, case: Case, got: Array, answer: Answer) -> Wrong:
        """Compare in the type that the result came in."""
        return cls(case, got, answer.value, answer.allowed)

    @property
    def fits(self) -> bool:
        """Whether it has the right shape."""
        return self.got.shape == self.want.shape

    @property
    def differs(self) -> Array:
        """The cells that are wrong."""
        return ~self.close(self.want)

    def close(self, want: Array, allowed: Array | None = None) -> Array:
        """Return which cells are another number, up to rounding."""
        with np.errstate(all="ignore"):
            unit = 16 * np.finfo(self.got.dtype).eps if self.got.dtype.kind == "f" else 0.0
            error = np.abs(self.got.astype(np.float64) - want)
            near = error <= unit * np.abs(want) + (self.allowed if allowed is None else allowed)
            return np.asarray((self.got == want) | near | (np.isnan(self.got) & np.isnan(want)))

    def equals(self, want: Array, allowed: Array | None = None) -> bool:
        """Return whether it is another array, up to rounding."""
        return self.got.shape == want.shape and bool(np.all(self.close(want, allowed)))

    def part(self, at: tuple[Any, ...], came_from: tuple[Any, ...]) -> Wrong:
        """Return some of what came, beside what was wanted at another place."""
        return Wrong(self.case, self.got[at], self.want[came_from], self.allowed[came_from])


def wrong_results(question: Question, got: Results, conventions: Mapping[str, str]) -> dict[int, Wrong]:
    """Return the results that are wrong, by their position."""
    each = (Wrong.of(question.case, *pair) for pair in zip(got, question.answers(conventions), strict=True))
    return {position: wrong for position, wrong in enumerate(each) if not wrong.equals(wrong.want)}
