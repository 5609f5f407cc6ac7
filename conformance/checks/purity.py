"""Pure functions: inputs left alone, results of their own, the same for every layout, no trace in the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, snapshot
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
from conformance.implementation import CallError, DeathError, Implementation
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
