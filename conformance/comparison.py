"""Compare what came with what was wanted, and say in one line how they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.case import Case
from conformance.oracle import Answer

Array = NDArray[Any]


@dataclass(frozen=True)
class Violation:
    """What an implementation did that the contract does not allow.

    ``got`` and ``want`` hold the whole results where there are any, and ``wrong`` which elements are off by more than
    is allowed, for a report that shows them.
    """

    message: str
    got: Array | None = None
    want: Array | None = None
    wrong: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Failure:
    """A case on which a requirement is broken, and how."""

    case: Case
    violation: Violation


@dataclass(frozen=True)
class Finding:
    """What a check found in one case: a violation or none, and the worst error as a part of the allowed one."""

    violation: Violation | None = None
    worst: float = 0.0


PASSED = Finding()


class InconclusiveError(Exception):
    """The data of the case cannot tell right from wrong, so the case does not count."""


def is_whole(value: Array) -> bool:
    """Return whether every number is a multiple of 2**-6, the finest that averages over small powers of two give."""
    return bool(np.all(value * 64 == np.round(value * 64)))


def violated(message: str, got: Array | None = None, want: Array | None = None) -> Finding:
    """Return a finding of a violation that is no matter of degree."""
    return Finding(Violation(message, got, want), np.inf)


def first_violation(*findings: Finding) -> Finding:
    """Join findings: the first violation and the worst error of all."""
    worst = max((finding.worst for finding in findings), default=0.0)
    violations = [finding.violation for finding in findings if finding.violation is not None]
    return Finding(violations[0] if violations else None, worst)


def compare(name: str, got: Array, answer: Answer) -> Finding:
    """Compare one result with the oracle's answer, element by element.

    NaN is wanted where the answer is NaN and nowhere else, and an infinity where it is that infinity. A number
    wanted below the smallest normal one may come as zero.

    Examples
    --------
    >>> wanted = Answer(np.array([1.0, 6.0]), np.array([0.0, 0.5]))
    >>> compare("y", np.array([1.0, 4.0]), wanted).violation.message
    'y[1] is 4.0, want 6.0; 1 of 2 differ, worst error 2.0 where 0.5 is allowed'
    >>> compare("y", np.array([1.0, 6.25]), wanted).worst
    0.5
    """
    if got.shape != answer.value.shape:
        return violated(f"{name} has shape {got.shape}, want {answer.value.shape}", got, answer.value)
    came, want = got.astype(np.float64), answer.value
    if np.array_equal(came, want):  # as most copies and whole numbers are; the rest takes ten times as long
        return PASSED
    with np.errstate(all="ignore"):
        error = np.abs(came - want)
        # Infinities of one sign and two NaN are equal; a NaN or an infinity too many is infinitely wrong.
        error = np.where((came == want) | (np.isnan(came) & np.isnan(want)), 0.0, error)
        error = np.where(np.isnan(error), np.inf, error)
        ratio = np.where(error > 0, error / answer.allowed, 0.0)
    # A bound that overflowed or met a NaN allows nothing but equality.
    ratio = np.where(np.isnan(ratio) | (np.isinf(answer.allowed) & (error > 0)), np.inf, ratio)
    flushed = (np.abs(want) < _smallest_normal(got)) & (came == 0)
    ratio = np.where(flushed, 0.0, ratio)
    worst = float(np.max(ratio, initial=0.0))
    if worst <= 1:
        return Finding(worst=worst)
    return Finding(Violation(_sentence(name, came, answer, error, ratio), got, want, ratio > 1), worst)


def _smallest_normal(got: Array) -> float:
    return float(np.finfo(got.dtype).tiny) if got.dtype.kind == "f" else 0.0


def _sentence(name: str, came: Array, answer: Answer, error: Array, ratio: Array) -> str:
    wrong = ratio > 1
    first = tuple(int(index) for index in np.argwhere(wrong)[0])
    worst = tuple(int(index) for index in np.unravel_index(np.argmax(ratio), ratio.shape))
    place = f"[{', '.join(map(str, first))}]" if first else ""
    return (
        f"{name}{place} is {came[first]}, want {answer.value[first]}; {int(wrong.sum())} of {wrong.size} differ, "
        f"worst error {_short(error[worst])} where {_short(answer.allowed[worst])} is allowed"
    )


def _short(number: float) -> str:
    text = f"{number:.2g}"
    return text if "e" in text or "inf" in text or "." in text else f"{number:.1f}"
