"""What is shown of a failure: the arrays of its case, made again, and what the target answers when asked again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import Failure, InconclusiveError, Violation, compare
from conformance.contract import FUNCTIONS
from conformance.implementation import CallError, Implementation, NotProvidedError, NotSupportedError
from conformance.requirements import REQUIREMENTS, Requirement

Array = NDArray[Any]

# Why a second look may find nothing to show; each is worth a note, none the end of a report.
_NO_ANSWER = (CallError, InconclusiveError, NotProvidedError, NotSupportedError)


@dataclass(frozen=True)
class Pair:
    """What came and what was wanted of one array; either may be missing."""

    name: str
    got: Array | None
    want: Array | None
    wrong: NDArray[np.bool_] | None = None

    @property
    def first(self) -> tuple[int, ...] | None:
        """The place of the first wrong element, in row-major order."""
        if self.wrong is None or not self.wrong.any():
            return None
        return tuple(int(index) for index in np.argwhere(self.wrong)[0])

    @property
    def difference(self) -> Array | None:
        """What came less what was wanted; equal infinities and two NaN do not differ."""
        if self.got is None or self.want is None or self.got.shape != self.want.shape:
            return None
        got, want = self.got.astype(np.float64), self.want.astype(np.float64)
        with np.errstate(all="ignore"):
            return np.where(_equal(got, want), 0.0, got - want)


@dataclass
class Evidence:
    """The arrays of a failure, with notes where they are not what the run saw."""

    inputs: dict[str, Array] = field(default_factory=dict)
    pair: Pair | None = None
    notes: list[str] = field(default_factory=list)


def gather(implementation: Implementation, requirement_id: str, failure: Failure, *, ask: bool = True) -> Evidence:
    """Make the arrays of a failing case again, and ask the implementation again; this never raises what that raises.

    Without ``ask`` the implementation is left alone: one whose process dies each time takes a timeout each time.
    """
    evidence = Evidence()
    requirement = next(each for each in REQUIREMENTS if each.id == requirement_id)
    deaths, violation = implementation.deaths, failure.violation
    try:
        # The target gets arrays of its own: it may write into them.
        passed = _call(requirement, failure.case).arrays
        takes = FUNCTIONS[requirement.function].arguments
        evidence.inputs = {name: np.array(array) for name, array in passed.items() if name in takes}
        if ask:
            violation = _ask_again(implementation, requirement, failure, evidence)
        else:
            evidence.notes.append("Not asked again when this page was written: its process had died too often.")
        alive = ask and implementation.deaths == deaths
        evidence.pair = _pair(implementation, requirement, violation, failure.case, evidence, alive=alive)
    # The run is over and its findings stand: whatever a target does now, they must reach the reader.
    except Exception as error:  # noqa: BLE001
        evidence.notes.append(f"No more could be shown when this page was written: {type(error).__name__}: {error}")
    return evidence


def _call(requirement: Requirement, case: Case) -> Call:
    return backward(case) if requirement.function.endswith("_backward") else forward(case)


def _ask_again(
    implementation: Implementation, requirement: Requirement, failure: Failure, evidence: Evidence
) -> Violation:
    """Judge the case once more; what the run itself saw counts where the target now does something else."""
    try:
        again = requirement.judge(implementation, failure.case).violation
        found = "did what is required" if again is None else again.message
    except _NO_ANSWER as error:
        again, found = None, f"{type(error).__name__}: {error}"
    if again is None or again.message != failure.violation.message:
        evidence.notes.append(f"Asked again when this page was written, the target answered differently: {found}")
    return again or failure.violation


def _pair(
    implementation: Implementation,
    requirement: Requirement,
    violation: Violation,
    case: Case,
    evidence: Evidence,
    *,
    alive: bool,
) -> Pair | None:
    if violation.got is not None and violation.want is not None:
        wrong = violation.wrong
        if wrong is None and violation.got.shape == violation.want.shape:
            wrong = ~_equal(violation.got, violation.want)
        return Pair(_name(requirement, violation), violation.got, violation.want, wrong)
    if requirement.kind == "refusals":
        return None
    call = _call(requirement, case)
    names, answers = FUNCTIONS[call.function].results, call.answers(implementation)
    results = _results(implementation, call) if alive else None
    if results is None:
        return Pair(names[0], None, answers[0].value)
    for name, got, answer in zip(names, results, answers, strict=True):
        found = compare(name, got, answer).violation
        if found is not None:
            return Pair(name, got, answer.value, found.wrong)
    evidence.notes.append(
        f"Called once on these arrays, {call.function} answers right: what is wrong shows in no single answer."
    )
    return None


def _results(implementation: Implementation, call: Call) -> tuple[Array, ...] | None:
    try:
        return call.run(implementation)
    except _NO_ANSWER:
        return None


def _name(requirement: Requirement, violation: Violation) -> str:
    """Return the array that a message is about, as it begins with the array's name."""
    function = FUNCTIONS[requirement.function]
    known = {"grad_output", *function.arguments, *function.results}
    word = violation.message.partition(" ")[0].partition("[")[0]
    return word if word in known else "result"


def _equal(got: Array, want: Array) -> NDArray[np.bool_]:
    return np.asarray((got == want) | (np.isnan(got) & np.isnan(want)))
