"""Results against the oracle: values within the derived bound, sums of products exactly, shape and dtype."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from conformance.calling import Call, forward
from conformance.case import Case
from conformance.comparison import (
    PASSED,
    Finding,
    InconclusiveError,
    compare,
    first_violation,
    is_whole,
    violated,
)
from conformance.contract import FUNCTIONS
from conformance.implementation import Implementation
from conformance.oracle import Answer

Make = Callable[[Case], Call]
Check = Callable[[Implementation, Case], Finding]


def values(make: Make, *results: int) -> Check:
    """Compare the results (all, or those at the given positions) with the oracle's."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        answers = call.answers(implementation)
        chosen = results or range(len(answers))
        got = call.run(implementation)
        names = FUNCTIONS[call.function].results
        finding = first_violation(*(compare(names[i], got[i], answers[i]) for i in chosen))
        return _counted(finding, [answers[position] for position in chosen])

    return check


def exact(make: Make) -> Check:
    """Compare results on small whole numbers, whose sums of products have no rounding, bit for bit."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        answers = call.answers(implementation)
        if not all(is_whole(answer.value) for answer in answers):
            raise InconclusiveError("a right value is not exact")
        got = call.run(implementation)
        names = FUNCTIONS[call.function].results
        finding = first_violation(
            *(
                compare(name, result, Answer(answer.value, np.zeros(answer.value.shape)))
                for name, result, answer in zip(names, got, answers, strict=True)
            )
        )
        return _counted(finding, answers)

    return check


def _counted(finding: Finding, answers: Sequence[Answer]) -> Finding:
    """Let a case whose right values are all zero count only if it fails: what computes nothing would pass it."""
    if finding.violation is None and not any(np.any(answer.value) for answer in answers):
        raise InconclusiveError("every right value is zero")
    return finding


def spreads(implementation: Implementation, case: Case) -> Finding:
    """Require that what depends on a NaN or an infinity is not finite.

    Where the answer is finite nothing is asked: a product with zero, as zeros between the cells of a kernel make it,
    may turn a NaN into more of them.
    """
    call = forward(case)
    answer = call.answers(implementation)[0]
    lost = ~np.isfinite(answer.value)
    if not lost.any():
        raise InconclusiveError("no NaN meets a window")
    got = call.run(implementation)[0]
    if got.shape != answer.value.shape:
        return violated(f"the result has shape {got.shape}, want {answer.value.shape}", got, answer.value)
    wrong = np.argwhere(lost & np.isfinite(got))
    if len(wrong) == 0:
        return PASSED
    place = tuple(int(index) for index in wrong[0])
    return violated(
        f"y{list(place)} is {got[place]}, but depends on a NaN or an infinity; {len(wrong)} of {lost.sum()} are finite",
        got,
        answer.value,
    )


def shape(make: Make) -> Check:
    """Compare the shape of every result with the contract's."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        answers = call.answers(implementation)
        got = call.run(implementation)
        for name, result, answer in zip(FUNCTIONS[call.function].results, got, answers, strict=True):
            if result.shape != answer.value.shape:
                return violated(f"{name} has shape {result.shape}, want {answer.value.shape}")
        return PASSED

    return check


def dtype(make: Make) -> Check:
    """Compare the element type of every result with that of the inputs."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        for name, result in zip(FUNCTIONS[call.function].results, call.run(implementation), strict=True):
            if result.dtype.newbyteorder("=") != np.dtype(case.dtype):
                return violated(f"{name} is {result.dtype}, want {case.dtype} as the inputs are")
        return PASSED

    return check


def empty_batch(make: Make) -> Check:
    """Require empty results, and gradients of parameters that are zero: no sample, no contribution."""
    same_dtype = dtype(make)

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        answers = call.answers(implementation)
        names = FUNCTIONS[call.function].results
        findings = map(compare, names, call.run(implementation), answers)
        return first_violation(*findings, same_dtype(implementation, case))

    return check
