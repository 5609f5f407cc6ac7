"""How much of the allowed error implementations make, and how small a change the bounds notice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.comparison import compare
from conformance.implementation import Implementation, NotSupportedError
from conformance.oracle import Answer
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

Array = NDArray[Any]

# A relative change of 2**-52 is the least that a number of type float64 shows; beyond 1/4 nobody asks.
LEAST, MOST = -52, -2
NEVER = 0


@dataclass(frozen=True)
class Spread:
    """How errors are spread, as parts of what is allowed: the median, the 99th percentile and the largest."""

    median: float
    most: float
    worst: float

    @classmethod
    def of(cls, parts: Iterable[Array]) -> Spread | None:
        """Return the spread of all numbers, or None where there are none."""
        numbers = np.concatenate([np.zeros(0), *parts])
        return cls(*map(float, np.quantile(numbers, [0.5, 0.99, 1.0]))) if numbers.size else None


@dataclass
class Sharpness:
    """What was measured of one function in one element type.

    ``spreads`` has one for each implementation, in the order they were given in; ``worst`` is the largest error of the
    worst case, as a part of what is allowed; ``noticed`` the exponent of the smallest change that is noticed.
    """

    function: str
    dtype: str
    spreads: dict[str, Spread | None] = field(default_factory=dict)
    worst: float | None = None
    noticed: float | None = None

    @property
    def measured(self) -> float:
        """The largest error that any implementation makes on the suite's data, as a part of what is allowed."""
        return max((spread.worst for spread in self.spreads.values() if spread), default=0.0)

    @property
    def nearest(self) -> float:
        """How near a right implementation comes to what is allowed, on the suite's data or in the worst case."""
        return max(self.measured, self.worst or 0.0)

    @property
    def rounds(self) -> bool:
        """Whether any result may differ at all."""
        return any(self.spreads.values())


def functions() -> list[str]:
    """Return the functions whose results have a requirement of their own; dropout's masks are nobody else's."""
    return [each.function for each in REQUIREMENTS if each.id.endswith(".values")]


def calls(function: str, dtype: str, plan: Plan) -> Iterator[Call]:
    """Yield the calls of a function's values in one element type."""
    (requirement,) = (each for each in REQUIREMENTS if each.id == f"{function}.values")
    make: Callable[..., Call] = backward if function.endswith("_backward") else forward
    yield from (make(case) for case in requirement.cases(plan) if case.dtype == dtype)


def parts(got: Array, answer: Answer) -> Array:
    """Return the error of each element as a part of what is allowed, where that is finite and not 0.

    A number below the smallest normal one that came as zero has no error, as for the suite.
    """
    bound = np.isfinite(answer.value) & np.isfinite(answer.allowed) & (answer.allowed > 0)
    came, want = got.astype(np.float64)[bound], answer.value[bound]
    flushed = (np.abs(want) < float(np.finfo(got.dtype).tiny)) & (came == 0)
    return np.asarray(np.where(flushed, 0.0, np.abs(came - want) / answer.allowed[bound]))


def parts_of(implementation: Implementation, call: Call, answers: tuple[Answer, ...]) -> list[Array]:
    """Return the errors of all results of a call, as parts of what is allowed; none where it is not supported."""
    try:
        got = call.run(implementation)
    except NotSupportedError:
        return []
    return [parts(*pair) for pair in zip(got, answers, strict=True)]


def noticed(answer: Answer, dtype: str) -> int | None:
    """Return the least exponent e with which the right number times 1 + 2**e is refused, or NEVER.

    The number is the one whose allowed error, relative to itself, is the median of the result's; a result without
    numbers other than 0 has none.
    """
    usable = np.isfinite(answer.value) & (np.abs(answer.value) >= float(np.finfo(dtype).tiny))
    values, allowed = answer.value[usable], answer.allowed[usable]
    if values.size == 0:
        return None
    middle = np.argsort(allowed / np.abs(values), kind="stable")[values.size // 2]
    one = Answer(values[middle : middle + 1], allowed[middle : middle + 1])
    low, high = LEAST, MOST + 1
    # A larger change is never noticed less, so that the least one can be closed in on.
    while low < high:
        exponent = (low + high) // 2
        changed = np.asarray(one.value.astype(dtype).astype(np.float64) * (1 + 2.0**exponent), dtype)
        if compare("y", changed, one).violation is None:
            low = exponent + 1
        else:
            high = exponent
    return low if low <= MOST else NEVER


def measure(function: str, dtype: str, implementations: Mapping[str, Implementation], plan: Plan) -> Sharpness:
    """Measure one function in one element type on all of its cases."""
    found: dict[str, list[Array]] = {name: [] for name in implementations}
    exponents = []
    for call in calls(function, dtype, plan):
        # None of them declares a convention, so that all have the same answers.
        answers = call.answers(next(iter(implementations.values())))
        for name, implementation in implementations.items():
            found[name] += parts_of(implementation, call, answers)
        exponents += [each for each in (noticed(answer, dtype) for answer in answers) if each is not None]
    spreads = {name: Spread.of(numbers) for name, numbers in found.items()}
    return Sharpness(function, dtype, spreads, noticed=float(np.median(exponents)))
