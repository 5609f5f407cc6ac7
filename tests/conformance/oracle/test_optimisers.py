"""The oracle's updates equal the same formulas in decimal arithmetic of fifty digits."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.calling import forward
from conformance.case import Case
from conformance.oracle import answers
from conformance.plan import Plan

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

Array = NDArray[Any]
Numbers = dict[str, Decimal]


def sgd_update(arrays: Numbers, a: Numbers) -> tuple[Decimal, ...]:
    return (arrays["param"] - a["lr"] * arrays["grad"],)


def momentum_update(arrays: Numbers, a: Numbers) -> tuple[Decimal, ...]:
    velocity = a["momentum"] * arrays["velocity"] + arrays["grad"]
    return arrays["param"] - a["lr"] * velocity, velocity


def adam_update(arrays: Numbers, a: Numbers) -> tuple[Decimal, ...]:
    grad = arrays["grad"]
    m = a["beta1"] * arrays["m"] + (1 - a["beta1"]) * grad
    v = a["beta2"] * arrays["v"] + (1 - a["beta2"]) * grad * grad
    powers = [Decimal(1), Decimal(1)]
    for _ in range(int(a["step"])):
        powers = [powers[0] * a["beta1"], powers[1] * a["beta2"]]
    m_hat, v_hat = m / (1 - powers[0]), v / (1 - powers[1])
    return arrays["param"] - a["lr"] * m_hat / (v_hat.sqrt() + a["eps"]), m, v


@pytest.mark.parametrize("definition", [sgd_update, momentum_update, adam_update])
def test_an_update_equals_its_formula_in_fifty_digits(definition: Any) -> None:
    operator = definition.__name__
    for case in Plan("default").grid(operator):
        call = forward(case)
        got = answers(operator, case, call.arrays, {})
        attributes = {name: Decimal(value) for name, value in case.all_attributes.items()}
        with localcontext(prec=50):
            for index in np.ndindex(*call.arrays["param"].shape):
                numbers = {name: Decimal(float(array[index])) for name, array in call.arrays.items()}
                wanted = definition(numbers, attributes)
                size = max(map(abs, (*numbers.values(), *wanted)))
                for answer, want in zip(got, wanted, strict=True):
                    # A few roundings of 1.1e-16, and 1 - beta**step is as small as 1e-3.
                    assert abs(Decimal(float(answer.value[index])) - want) <= size * Decimal("1e-12"), case.describe()


def test_adam_from_rest_moves_by_the_learning_rate_whatever_the_gradient() -> None:
    arrays = {"param": np.zeros(3), "grad": np.array([1e-3, -2.0, 50.0]), "m": np.zeros(3), "v": np.zeros(3)}
    case = Case("adam_update", dict.fromkeys(arrays, (3,)), {"step": 1, "lr": 0.1, "eps": 0.0})
    param = answers("adam_update", case, arrays, {})[0].value
    # m̂ / √v̂ is the gradient's sign; three roundings.
    np.testing.assert_allclose(param, [-0.1, 0.1, -0.1], rtol=1e-14)
