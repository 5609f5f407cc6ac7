"""Parameter updates over several steps, each fed with what the one before returned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.calling import Call, forward
from conformance.case import Case
from conformance.comparison import PASSED, Finding, compare
from conformance.contract import FUNCTIONS
from conformance.data import draw
from conformance.implementation import Implementation

Check = Callable[[Implementation, Case], Finding]

_STEPS = 6


def several_steps(implementation: Implementation, case: Case) -> Finding:
    """Follow the implementation for some steps; each must be right from where it stands."""
    function = FUNCTIONS[case.operator]
    call = forward(case)
    # A run starts with nothing remembered.
    memory = set(call.arrays) - {"param", "grad"}
    call = call.but(**{name: np.zeros_like(call.arrays[name]) for name in memory})
    worst = PASSED
    for step in range(1, _STEPS + 1):
        now = case.with_attributes(step=step) if "step" in function.attributes else case
        gradient = draw("uniform", case.shapes["grad"], case.dtype, case.seed, step)
        call = Call(case.operator, now, {**call.arrays, "grad": gradient})
        answers = call.answers(implementation)
        results = call.run(implementation)
        for name, result, answer in zip(function.results, results, answers, strict=True):
            finding = compare(f"{name} after step {step}", result, answer)
            worst = max(worst, finding, key=lambda each: each.worst)
            if finding.violation is not None:
                return finding
        state = dict(zip(function.results, (np.asarray(result) for result in results), strict=True))
        call = Call(case.operator, now, {**call.arrays, **state})
    return worst
