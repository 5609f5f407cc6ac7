"""From a failure to the mistake behind it: the catalogue's faults are tried on the cases that failed, and on others.

No guess is better than a wrong one. A fault is named only where it gives what the implementation gave on every case
that was asked, wrong and right ones, and no other fault does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

import refcnn
from conformance.case import Case
from conformance.diagnosis.pattern import pattern
from conformance.diagnosis.question import (
    BEHAVED,
    COMPUTED,
    Question,
    Results,
    agree,
    evidence,
    function_of,
    is_wrong,
    questions,
)
from conformance.faults import CATALOGUE, Fault
from conformance.implementation import Implementation, NotSupportedError
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS, Requirement

__all__ = ["diagnose"]

Wrong = Mapping[Requirement, Sequence[Case]]
Asked = Sequence[tuple[Question, "Results | str"]]


def diagnose(implementation: Implementation, wrong: Wrong, plan: Plan) -> dict[str, str]:
    """Return what mistake the failures look like, by the id of each broken requirement that it explains.

    Parameters
    ----------
    implementation : what failed
    wrong : the broken requirements, with the cases on which they are broken
    plan : where further cases come from

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from conformance.implementation import from_namespace
    >>> from conformance.judge import judge_operator
    >>> mine = from_namespace("mine", SimpleNamespace(tanh=lambda x: 3 * refcnn.tanh(x)))
    >>> judge_operator(mine, "tanh", Plan("quick")).requirements[0].diagnosis.partition(";")[0]
    'every value is 3 times what it must be'
    """
    found: dict[str, str] = {}
    with _process_left_as_it_was():
        for function, kind in dict.fromkeys((function_of(each), evidence(each)) for each in wrong):
            mine = {
                each: cases for each, cases in wrong.items() if (function_of(each), evidence(each)) == (function, kind)
            }
            if function and (said := _diagnosis(implementation, function, kind, mine, plan)):
                found |= dict.fromkeys((each.id for each in mine), said)
    return found


@contextlib.contextmanager
def _process_left_as_it_was() -> Iterator[None]:
    """Undo what faults, or the implementation, do to NumPy's error settings and to its global generator."""
    kept = np.random.get_state()  # noqa: NPY002 - the legacy generator is what a fault disturbs
    try:
        with np.errstate():
            yield
    finally:
        np.random.set_state(kept)  # noqa: NPY002 - as above


def _diagnosis(implementation: Implementation, function: str, kind: str, wrong: Wrong, plan: Plan) -> str:
    conventions = implementation.conventions
    answered = [(each, each.asked(implementation)) for each in questions(function, kind, wrong, plan)]
    # What is not supported speaks for no mistake and against none.
    asked = [pair for pair in answered if pair[1] != NotSupportedError.__name__]
    mistakes = [pair for pair in asked if is_wrong(*pair, conventions)]
    if not mistakes:  # what was wrong once is right now: whatever it depends on, it is not the case
        return ""
    # Much may raise an exception. What sets one mistake apart from another is where it does not, and few cases show how
    # a function behaves: where some are not supported, too few.
    if kind == BEHAVED and len(asked) < len(answered) and all(_raised(got) for _, got in mistakes):
        return ""
    # What is wrong is compared first: there most faults give something else, and are done with.
    rest = _others(asked, mistakes)
    named = {fault.says: fault for fault in _candidates(function, kind, [*mistakes, *rest], conventions)}
    if len(named) == 1:
        (fault,) = named.values()
        return f"{fault.says}; equal on {_equal(implementation, fault, kind, wrong, mistakes)} wrong cases"
    if kind == COMPUTED and not named and (said := pattern(function, mistakes, rest, conventions)):
        return f"{said}; so on {len(mistakes)} of {len(mistakes)} wrong cases"
    return ""


def _raised(got: Results | str) -> bool:
    return isinstance(got, str) and got.startswith("raised ")


def _others(asked: Asked, mistakes: Asked) -> list[tuple[Question, Results | str]]:
    wrong = {id(question) for question, _ in mistakes}
    return [pair for pair in asked if id(pair[0]) not in wrong]


def _candidates(function: str, kind: str, asked: Asked, conventions: Mapping[str, str]) -> Iterator[Fault]:
    """Yield the faults of a function that give on every question what the implementation gave.

    A fault in what is computed may raise on bad input what other right or wrong code raises there too: that is no
    evidence for it.
    """
    for fault in CATALOGUE:
        if fault.function == function and kind in (COMPUTED, _shows_in(fault)):
            spoilt = fault.implementation(refcnn)
            if all(agree(question, got, question.asked(spoilt), conventions) for question, got in asked):
                yield fault


def _shows_in(fault: Fault) -> str:
    """Return the kind of evidence that the requirement which rejects a fault is of."""
    return evidence(next(each for each in REQUIREMENTS if each.id == fault.killed_by))


def _equal(implementation: Implementation, fault: Fault, kind: str, wrong: Wrong, mistakes: Asked) -> str:
    """Count on how many of the wrong cases the fault gives what the implementation gave."""
    if kind != COMPUTED:
        return f"{len(mistakes)} of {len(mistakes)}"
    spoilt, conventions = fault.implementation(refcnn), implementation.conventions
    cases = {repr(case): case for some in wrong.values() for case in some}
    asked = [Question(fault.function, case) for case in cases.values()]
    equal = sum(agree(each, each.asked(implementation), each.asked(spoilt), conventions) for each in asked)
    return f"{equal} of {len(asked)}"
