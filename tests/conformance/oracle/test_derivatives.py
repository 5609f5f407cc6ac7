"""Every backward definition of the oracle is the derivative of its forward definition, argument by argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.calling import backward
from conformance.case import Case
from conformance.contract import FUNCTIONS, OPERATORS
from conformance.oracle import answers
from conformance.plan import Plan, spaced

Array = NDArray[Any]
STEP = 1e-5
# Pixels apart by 1/4 and from 0 by 1/8 stand away from the kinks.
KINKED = {"max_pool2d": "distinct", "relu": "distinct"}
# What a dropped cell holds follows from the seed, so that the oracle gives its forward no value.
DIFFERENTIABLE = [name for name, operator in OPERATORS.items() if operator.backward and name != "dropout"]
ARGUMENTS = [
    (name, result.removeprefix("grad_")) for name in DIFFERENTIABLE for result in FUNCTIONS[f"{name}_backward"].results
]


def cases_of(operator: str) -> list[Case]:
    kind = KINKED.get(operator, "uniform")
    # Without a k, a response norm is singular at zero, and differences near it do not converge.
    grid = tuple(case for case in Plan("default").grid(operator) if case.attributes.get("k") != 0.0)
    cases = spaced(grid, 60)
    return [case.but(data=kind, dtype="float64", layout="contiguous") for case in cases]


def forward_value(case: Case, arrays: dict[str, Array]) -> Array:
    value = answers(case.operator, case, arrays, {})[0].value
    # A dilated window that meets no pixel stays at minus infinity.
    return np.where(np.isneginf(value), 0.0, value)


@pytest.mark.no_cover
@pytest.mark.parametrize(("operator", "argument"), ARGUMENTS)
def test_each_gradient_is_the_derivative_by_its_argument(operator: str, argument: str) -> None:
    position = FUNCTIONS[f"{operator}_backward"].results.index(f"grad_{argument}")
    for number, case in enumerate(cases_of(operator)):
        random = np.random.default_rng([number, position])
        call = backward(case)
        arrays = {name: array.copy() for name, array in call.arrays.items()}
        gradient = answers(call.function, case, arrays, {})[position].value
        if argument == "bias":
            arrays.setdefault("bias", np.zeros(gradient.shape))
        grad = arrays.get("grad_output", np.array(1.0))
        # A random direction: an entry that is wrong cannot stay without effect on the scalar product.
        direction = random.uniform(0.5, 1.5, gradient.shape) * random.choice([-1, 1], gradient.shape)
        ahead = forward_value(case, {**arrays, argument: arrays[argument] + STEP * direction})
        behind = forward_value(case, {**arrays, argument: arrays[argument] - STEP * direction})
        slope = float((grad * (ahead - behind)).sum()) / (2 * STEP)
        # Central differences: STEP² times third derivatives, and rounding 1e-16 / STEP, of terms of this size.
        scale = 1.0 + float(np.abs(gradient * direction).sum() + np.abs(grad * ahead).sum())
        np.testing.assert_allclose(
            float((gradient * direction).sum()), slope, rtol=0, atol=1e-7 * scale, err_msg=case.describe()
        )


@pytest.mark.parametrize("training", [True, False])
def test_the_gradient_of_batch_norm_holds_where_the_batch_has_little_variance(training: bool) -> None:
    shapes: dict[str, tuple[int, ...]] = {
        "x": (4, 1),
        **dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (1,)),
    }
    case = Case("batch_norm", shapes, {"training": training, "eps": 0.5}, seed=4)
    arrays = backward(case).arrays
    arrays = {**arrays, "x": 1e-3 * arrays["x"]}
    gradient = answers("batch_norm_backward", case, arrays, {})[0].value
    for n in range(4):
        unit = np.zeros((4, 1))
        unit[n] = STEP
        ahead, behind = (forward_value(case, {**arrays, "x": arrays["x"] + s * unit}) for s in (1, -1))
        slope = (arrays["grad_output"] * (ahead - behind)).sum() / (2 * STEP)
        np.testing.assert_allclose(gradient[n, 0], slope, rtol=1e-7, atol=1e-8)
