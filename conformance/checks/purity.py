"""Pure functions: inputs left alone, results of their own, no memory of earlier calls, no trace in the process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, forward, snapshot
from conformance.case import Case
from conformance.comparison import (
    PASSED,
    Finding,
    InconclusiveError,
    compare,
    first_violation,
    violated,
)
from conformance.contract import FUNCTIONS
from conformance.implementation import CallError, DeathError, Implementation, NotSupportedError
from conformance.oracle import Answer

Array = NDArray[Any]
Make = Callable[[Case], Call]
# A seed that nobody sets.
_UNUSUAL_SEED = 2_718_281_828

Check = Callable[[Implementation, Case], Finding]


def inputs_unchanged(make: Make) -> Check:
    """Compare every array that was passed, writable as it was, with a copy from before the call."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        before = snapshot(call)
        forms = {name: _form(array) for name, array in call.arrays.items()}
        call.run(implementation)
        for name, array in call.arrays.items():
            if _form(array) != forms[name]:
                return violated(f"{name} was changed in place, from {_worded(forms[name])} to {_worded(_form(array))}")
            if array.tobytes() != before[name].tobytes():
                return violated(f"{name} was changed by the call", array, before[name])
        return PASSED

    return check


_Form = tuple[tuple[int, ...], tuple[int, ...], np.dtype[Any], bool]


def _form(array: Array) -> _Form:
    return array.shape, array.strides, array.dtype, array.flags.writeable


def _worded(form: _Form) -> str:
    shape, strides, dtype, writeable = form
    return f"shape {shape}, strides {strides}, {dtype}, {'writable' if writeable else 'read-only'}"


def no_alias(make: Make) -> Check:
    """Require results that share no memory with an input or with the results of an earlier call."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        first = call.run(implementation)
        names = FUNCTIONS[call.function].results
        for name, result in zip(names, first, strict=True):
            for argument, array in call.arrays.items():
                if implementation.shares_memory(result, array):
                    return violated(f"{name} shares memory with the argument {argument}")
        kept = [result.copy() for result in first]
        second = call.run(implementation)
        make(case.but(seed=case.seed + 1)).run(implementation)
        for name, result, copy, later in zip(names, first, kept, second, strict=True):
            if implementation.shares_memory(result, later):
                return violated(f"{name} shares memory with the {name} of an earlier call")
            if result.tobytes() != copy.tobytes():
                return violated(f"{name} was changed by a later call", result, copy)
        return PASSED

    return check


def no_state(make: Make, others: Callable[[Case], list[Case]]) -> Check:
    """Interleave a case with others and repeat it, also with the same arrays under new numbers.

    What is wrong however it is called is for other requirements to say: here an answer must have been right, and be
    wrong later, or must stay the same when the numbers it depends on change.
    """

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        results, answers = call.run(implementation), call.answers(implementation)
        first = first_violation(*map(compare, FUNCTIONS[call.function].results, results, answers))
        if first.violation is not None:
            raise InconclusiveError("the answer is wrong however it is called, so a later call says nothing")
        overwrite(results)
        owned = _against(answers, implementation, call)
        if owned.violation is not None:
            return violated(f"right in a first call, but after its results were written to {owned.violation.message}")
        remembered = _remembered(implementation, call, make(case.but(seed=case.seed + 1)))
        if remembered.violation is not None:
            return remembered
        after_forward = _after_forward(implementation, call, answers)
        if after_forward.violation is not None:
            return after_forward
        between = [make(other) for other in others(case)]
        for other in between:
            with contextlib.suppress(NotSupportedError):
                other.run(implementation)
        again = _against(answers, implementation, call)
        if again.violation is not None:
            return violated(f"right in a first call, but after {len(between)} others {again.violation.message}")
        refilled = _refilled(implementation, call, make(case.but(seed=case.seed + 2)))
        return first_violation(first, again, refilled)

    return check


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


def layouts(make: Make) -> Check:
    """Compare the results for arrays in a layout with the implementation's own results for contiguous ones."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        plain = call.but(**{name: np.array(array, order="C") for name, array in call.arrays.items()})
        answers, wanted = call.answers(implementation), plain.run(implementation)
        findings = []
        for name, got, want, answer in zip(
            FUNCTIONS[call.function].results, call.run(implementation), wanted, answers, strict=True
        ):
            if want.shape != answer.value.shape:
                raise InconclusiveError("the result for contiguous arrays has the wrong shape")
            # Both may be rounded, each in its own order.
            findings.append(compare(name, got, Answer(want.astype(np.float64), 2 * answer.allowed)))
        return first_violation(*findings)

    return check


def no_global_state(make: Make) -> Check:
    """Require that NumPy's global random generator and error settings are as they were before the call.

    The call is made under error settings of either kind and from a state of the generator that no seed gives, so
    that whoever sets them always to the same is found; a call that is refused must leave them alone too.
    """

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        kept = np.random.get_state()  # noqa: NPY002 - the legacy generator is what a target may disturb
        try:
            changed = [name for mode in ("warn", "ignore") for name in _disturbed(implementation, call, mode)]
        finally:
            np.random.set_state(kept)  # noqa: NPY002 - as above
        return violated(f"{changed[0]} changed during the call") if changed else PASSED

    return check


def _disturbed(implementation: Implementation, call: Call, mode: Literal["warn", "ignore"]) -> list[str]:
    """Call under known error settings, and say what is not as it was."""
    with np.errstate(all=mode):
        np.random.seed(_UNUSUAL_SEED)  # noqa: NPY002 - as above
        np.random.random(7)  # noqa: NPY002 - as above
        before = _process_state()
        try:
            call.run(implementation)
        except CallError as error:  # to be refused is in order, to die is not
            if isinstance(error.raised, DeathError):
                raise
        after = _process_state()
    return [name for name in before if repr(before[name]) != repr(after[name])]


def _process_state() -> dict[str, Any]:
    _, key, position, gauss, cached = np.random.get_state()  # noqa: NPY002 - as above
    return {
        "NumPy's global random generator": (hash(np.asarray(key).tobytes()), position, gauss, cached),
        "NumPy's error settings": np.geterr(),
    }
