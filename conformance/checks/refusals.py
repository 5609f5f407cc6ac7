"""Bad input is refused with ValueError or TypeError, not computed and not crashed on."""

from __future__ import annotations

from collections.abc import Callable

from conformance.calling import Call
from conformance.case import Case
from conformance.comparison import PASSED, Finding, violated
from conformance.implementation import CallError, Implementation

Make = Callable[[Case], Call]
Check = Callable[[Implementation, Case], Finding]


def refuses(make: Make) -> Check:
    """Require a ValueError or a TypeError; the case's note says what is bad about the input."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        try:
            call.run(implementation)
        except CallError as error:
            if isinstance(error.raised, ValueError | TypeError):
                return PASSED
            if error.raised is not None:
                return violated(f"{case.note}: {error}, want ValueError or TypeError")
        return violated(f"{case.note}: was accepted, must be refused with ValueError or TypeError")

    return check
