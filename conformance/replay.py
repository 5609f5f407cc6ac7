"""One case, repeated and shown whole: what went in, what came, what was wanted, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import InconclusiveError, compare
from conformance.contract import FUNCTIONS, OPERATORS
from conformance.implementation import CallError, Implementation, NotProvidedError, NotSupportedError
from conformance.oracle import output_shape
from conformance.requirements import REQUIREMENTS, Requirement

# Whatever the case, a result must have its form and a call must be pure.
_FOR_ANY_CASE = ("form", "purity")
# In float64 they take 2 GiB, and the oracle takes several times as much.
_MOST_NUMBERS = 2**28


@dataclass(frozen=True)
class Line:
    """A line of the replay, and whether it tells of a violation."""

    text: str
    violated: bool = False


def replay(implementation: Implementation, case: Case, requirement_id: str | None) -> Iterator[Line]:
    """Repeat a case: the calls of its operator's functions, or the check of the requirement that is named.

    Raises
    ------
    ValueError
        where no requirement of the operator has that id, or the case is too large or has no answer
    """
    if case.elements > _MOST_NUMBERS:
        raise ValueError(f"a case must hold at most {_MOST_NUMBERS:,} numbers, got {case.elements:,}")
    requirement = None if requirement_id is None else _find(requirement_id, case)
    if requirement is None or requirement.kind != "refusals":
        _require_an_answer(case)
    yield Line(f"case       {case.to_json()}")
    functions = OPERATORS[case.operator].functions
    if requirement is None:
        for function in functions:
            yield from _calls(implementation, function.name, case, judged=True)
        for each in REQUIREMENTS:
            if each.operator == case.operator and each.kind in _FOR_ANY_CASE:
                yield from (line for line in _check(implementation, each, case) if line.violated)
        return
    if requirement.kind == "refusals":
        yield from _inputs(_call(requirement.function, case))
    else:
        yield from _calls(implementation, requirement.function, case, judged=False)
    yield from _check(implementation, requirement, case)


def _require_an_answer(case: Case) -> None:
    try:
        output_shape(case)
    # A case from outside may hold anything, and the definitions check no more than they need.
    except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError) as error:
        advice = f"--check {case.operator}.refusals repeats bad input"
        raise ValueError(f"the case has no answer ({error}); {advice}") from error


def _find(requirement_id: str, case: Case) -> Requirement:
    own = {each.id: each for each in REQUIREMENTS if each.operator == case.operator}
    if requirement_id not in own:
        raise ValueError(f"--check must be one of {', '.join(own)}, got {requirement_id!r}")
    return own[requirement_id]


def _check(implementation: Implementation, requirement: Requirement, case: Case) -> Iterator[Line]:
    yield Line(f"check      {requirement.id}: {requirement.sentence}")
    try:
        finding = requirement.judge(implementation, case)
    except (InconclusiveError, NotProvidedError, NotSupportedError) as error:
        yield Line(f"           {_why_not(error)}")
        return
    if finding.violation is None:
        yield Line(f"passed     worst error {finding.worst:.3g} × allowed")
    else:
        yield Line(f"violated   {requirement.id}: {finding.violation.message}", violated=True)


def _why_not(error: Exception) -> str:
    if isinstance(error, NotProvidedError):
        return f"not provided: {error}"
    return f"{'not supported' if isinstance(error, NotSupportedError) else 'does not count'}: {error}"


def _calls(implementation: Implementation, function: str, case: Case, *, judged: bool) -> Iterator[Line]:
    """Show one call; without a requirement, also judge it by the oracle."""
    call = _call(function, case)
    yield from _inputs(call)
    answers = call.answers(implementation)
    try:
        results = call.run(implementation)
    except (NotProvidedError, NotSupportedError) as error:
        yield Line(f"{function}: {_why_not(error)}")
        return
    except CallError as error:
        yield Line(f"{function}: {error}", violated=judged)
        return
    for name, got, answer in zip(FUNCTIONS[function].results, results, answers, strict=True):
        finding = compare(name, got, answer)
        yield Line(f"got        {name} {got.dtype} {got.shape}\n{_numbers(got)}")
        yield Line(f"want       {name} {answer.value.shape}\n{_numbers(answer.value)}")
        yield Line(f"allowed    error of {name}\n{_numbers(answer.allowed)}")
        if judged and finding.violation is not None:
            yield Line(f"violated   {finding.violation.message}", violated=True)


def _call(function: str, case: Case) -> Call:
    return backward(case) if function.endswith("_backward") else forward(case)


def _inputs(call: Call) -> Iterator[Line]:
    yield Line(f"call       {call.function}({', '.join(FUNCTIONS[call.function].arguments)}, **{call.attributes})")
    for name, array in call.arrays.items():
        yield Line(f"given      {name} {array.dtype} {array.shape} strides {array.strides}\n{_numbers(array)}")


def _numbers(array: NDArray[Any]) -> str:
    text = np.array2string(array, threshold=2000, max_line_width=110, precision=9)
    return "\n".join(f"           {line}" for line in text.splitlines())
