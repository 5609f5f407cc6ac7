"""Backward functions against finite differences of the implementation's own forward function, in float64."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import Finding, InconclusiveError, first_violation, violated
from conformance.contract import FUNCTIONS
from conformance.data import draw
from conformance.implementation import Implementation

Array = NDArray[Any]
Check = Callable[[Implementation, Case], Finding]

# Arrays of size one move by at most 2 * 2**-7: small against the gaps of 1/4 between distinct data, and large enough
# that rounding, of 2**-53 / step, stays below 1e-13 of the sum. Three steps give the extrapolation and its error.
_STEPS = (2.0**-7, 2.0**-8, 2.0**-9)


def gradient(*arguments: str) -> Check:
    """Compare ⟨gradient, direction⟩ with the slope of ⟨forward, grad_output⟩ along a random direction."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call, back = forward(case), backward(case)
        answers = back.answers(implementation)
        gradients = back.run(implementation)
        weight = back.arrays.get("grad_output", np.ones(()))
        if not any(np.any(answer.value) for answer in answers):
            raise InconclusiveError("every right gradient is zero")
        if call.run(implementation)[0].shape != np.shape(weight):
            raise InconclusiveError("the forward function gives a result of the wrong shape")
        names = FUNCTIONS[back.function].results
        findings = []
        for argument in arguments:
            if argument not in call.arrays:
                continue
            position = names.index(f"grad_{argument}")
            direction = draw("uniform", call.arrays[argument].shape, "float64", case.seed, 11, position)
            slope, error = _slope(implementation, call, argument, direction, weight)
            if gradients[position].shape != direction.shape:
                return violated(f"grad_{argument} has shape {gradients[position].shape}, want {direction.shape}")
            along = float(np.sum(gradients[position] * direction))
            own = float(np.sum(answers[position].allowed * np.abs(direction)))
            findings.append(_close(argument, along, slope, error + own))
        return first_violation(*findings)

    return check


def _close(argument: str, along: float, slope: float, allowed: float) -> Finding:
    difference = abs(along - slope)
    if difference <= allowed:
        return Finding(worst=difference / allowed if allowed else 0.0)
    return violated(
        f"grad_{argument} along a random direction is {along:.10g}, but the forward function changes by "
        f"{slope:.10g}; they may differ by {allowed:.2g}"
    )


def _slope(
    implementation: Implementation, call: Call, argument: str, direction: Array, weight: Array
) -> tuple[float, float]:
    """Return the slope at 0 of t -> ⟨forward(argument + t direction), weight⟩ and a bound of its error.

    Central differences D(h) = slope + c h² + O(h⁴); (4 D(h/2) - D(h)) / 3 removes the square. Two such values differ by
    more than the better one's error; rounding adds u Σ|forward| |weight| / h.
    """
    differences, size = [], 0.0
    for step in _STEPS:
        ahead, behind = (
            call.but(**{argument: call.arrays[argument] + sign * step * direction}).run(implementation)[0]
            for sign in (1.0, -1.0)
        )
        differences.append(float(np.sum((ahead - behind) * weight)) / (2 * step))
        size = max(size, float(np.sum((np.abs(ahead) + np.abs(behind)) * np.abs(weight))))
    coarse, fine = ((4 * b - a) / 3 for a, b in itertools.pairwise(differences))
    terms = 64 + np.size(direction)
    return fine, abs(fine - coarse) + terms * 2.0**-53 * size / _STEPS[-1]
