"""Memory of earlier calls: what a function answered before, or was given, must not show in what it answers later."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, forward, snapshot
from conformance.case import Case
from conformance.comparison import PASSED, Finding, InconclusiveError, compare, first_violation, violated
from conformance.contract import FUNCTIONS
from conformance.implementation import CallError, Implementation, NotSupportedError
from conformance.oracle import Answer

Array = NDArray[Any]
Make = Callable[[Case], Call]
Check = Callable[[Implementation, Case], Finding]


def no_state(make: Make, others: Callable[[Case], list[Case]]) -> Check:
    """Interleave a case with others and repeat it, also with the same arrays under new numbers.

    What is wrong however it is called is for other requirements to say: here an answer must have been right, and be
    wrong later, or must stay the same when the numbers it depends on change.
    """

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        results, answers = call.run(implementation), _Answers(implementation, call)
        first = first_violation(*map(compare, FUNCTIONS[call.function].results, results, answers()))
        if first.violation is not None:
            raise InconclusiveError("the answer is wrong however it is called, so a later call says nothing")
        overwrite(results)
        owned = _against(answers(), implementation, call)
        if owned.violation is not None:
            return violated(f"right in a first call, but after its results were written to {owned.violation.message}")
        remembered = _remembered(implementation, call, make(case.but(seed=case.seed + 1)))
        if remembered.violation is not None:
            return remembered
        after_forward = _after_forward(implementation, call, answers())
        if after_forward.violation is not None:
            return after_forward
        between = [make(other) for other in others(case)]
        for other in between:
            with contextlib.suppress(NotSupportedError):
                other.run(implementation)
        again = _against(answers(), implementation, call)
        if again.violation is not None:
            return violated(f"right in a first call, but after {len(between)} others {again.violation.message}")
        refilled = _refilled(implementation, call, make(case.but(seed=case.seed + 2)))
        return first_violation(first, again, refilled)

    return check


class _Answers:
    """The right answers to a call, which are worked out again only where its arrays have changed since."""

    def __init__(self, implementation: Implementation, call: Call) -> None:
        self._implementation, self._call = implementation, call
        self._numbers: list[bytes] = []
        self._answers: tuple[Answer, ...] = ()

    def __call__(self) -> tuple[Answer, ...]:
        numbers = [array.tobytes() for array in self._call.arrays.values()]
        if numbers != self._numbers:
            self._numbers, self._answers = numbers, self._call.answers(self._implementation)
        return self._answers


def overwrite(results: Iterable[Array]) -> None:
    """Write to results, as who was given them may: what is kept for a later call must be a copy."""
    for result in results:
        if result.flags.writeable:
            result[...] = 77


def _against_oracle(implementation: Implementation, call: Call) -> Finding:
    return _against(call.answers(implementation), implementation, call)


def _against(answers: Iterable[Answer], implementation: Implementation, call: Call) -> Finding:
    """Call again, and compare with the answers that are known."""
    return first_violation(*map(compare, FUNCTIONS[call.function].results, call.run(implementation), answers))


def _remembered(implementation: Implementation, call: Call, other: Call) -> Finding:
    """Change one array after the other: an answer that was right must not stay what it was where it should not."""
    results = call.run(implementation)
    for name, array in other.arrays.items():
        changed = call.but(**{name: array})
        if _against_oracle(implementation, changed).violation is not None and all(
            map(np.array_equal, results, changed.run(implementation))
        ):
            return violated(f"right in a first call, but the answer is the same for another {name}")
    return PASSED


def _after_forward(implementation: Implementation, call: Call, answers: Iterable[Answer]) -> Finding:
    """Run the forward function on other numbers: a backward function is given all that it may depend on."""
    if call.function == call.case.operator:
        return PASSED
    _run_forward(implementation, forward(call.case.but(seed=call.case.seed + 3)))
    finding = _against(answers, implementation, call)
    if finding.violation is None:
        return finding
    return violated(
        f"right in a first call, but after {call.case.operator} of other numbers {finding.violation.message}"
    )


def _run_forward(implementation: Implementation, call: Call) -> None:
    """Run a forward function for what it may leave behind; what it returns or refuses is for others to judge."""
    if implementation.provides(call.function):
        with contextlib.suppress(NotSupportedError, CallError):
            call.run(implementation)


def _refilled(implementation: Implementation, call: Call, new: Call) -> Finding:
    """Write new numbers into the arrays of an earlier call, one by one: who knows one by its identity is wrong now."""
    if not all(array.flags.writeable for array in call.arrays.values()):
        return PASSED
    for name, array in new.arrays.items():
        if call.function != call.case.operator:
            plain = forward(call.case)
            _run_forward(
                implementation, plain.but(**{each: call.arrays[each] for each in plain.arrays if each in call.arrays})
            )
        call.run(implementation)  # the last arrays that it saw are these: one that remembers no others is found too
        call.arrays[name][...] = array
        finding = _against_oracle(implementation, call)
        if finding.violation is not None:
            if _against_oracle(implementation, call.but(**snapshot(call))).violation is not None:
                raise InconclusiveError("the answer is wrong however it is called, so the same arrays say nothing")
            return violated(f"with new numbers in {name}, an array of an earlier call, {finding.violation.message}")
    return PASSED
