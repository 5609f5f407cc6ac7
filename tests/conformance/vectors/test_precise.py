"""The answers of vectors are the oracle's, rounded once, and the same whatever the machine does in its last bits."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.oracle import answers
from conformance.vectors.precise import precise_answers

Array = NDArray[Any]

LINEAR = Case("linear", {"x": (2, 40), "weight": (3, 40), "bias": (3,)}, data="wide")
SOFTMAX = Case("softmax", {"x": (3, 5)}, dtype="float32")
CASES = (
    LINEAR,
    SOFTMAX,
    Case("conv2d", {"x": (2, 3, 5, 4), "weight": (2, 3, 2, 2), "bias": (2,)}, {"padding": 1}),
    Case("tanh", {"x": (3, 4)}, data="infinite"),
    Case("sigmoid", {"x": (3, 4)}, data="nan"),
    Case("cross_entropy", {"logits": (3, 4), "target": (3,)}),
    Case("local_response_norm", {"x": (1, 5, 2, 2)}, {"size": 3, "alpha": 0.5}),
    Case("adam_update", dict.fromkeys(("param", "grad", "m", "v"), (3,)), {"step": 7, "lr": 0.1}),
)


def precise(call: Call) -> list[tuple[Array, Array]]:
    return [(each.value, each.allowed) for each in precise_answers(call.function, call.case, call.arrays, {})]


def calls() -> list[Call]:
    updates = ("adam_update",)
    undefined = ("infinite", "nan")
    return [forward(case) for case in CASES] + [
        backward(case) for case in CASES if case.operator not in updates and case.data not in undefined
    ]


def identifier(call: Call) -> str:
    return call.function


def test_a_sum_of_products_is_the_exact_one_rounded_once() -> None:
    call = forward(LINEAR)
    ((value, _),) = precise(call)
    x, weight, bias = (call.arrays[name] for name in ("x", "weight", "bias"))
    for n, o in np.ndindex(*value.shape):
        products = (Fraction(float(a)) * Fraction(float(b)) for a, b in zip(x[n], weight[o], strict=True))
        exact = Fraction(float(bias[o])) + sum(products)
        assert value[n, o] == exact.numerator / exact.denominator


def test_attributes_are_as_long_as_arrays() -> None:
    """A power of beta in float64 would be off by as much as the machine's library is."""
    call = forward(Case("adam_update", dict.fromkeys(("param", "grad", "m", "v"), (5,)), {"step": 7, "lr": 0.1}))
    ((value, _), *_) = precise(call)
    digits = Context(prec=120)
    beta1, beta2, lr, eps = (Decimal(each) for each in (0.9, 0.999, 0.1, 1e-8))
    for i in range(5):
        param, grad, m, v = (Decimal(float(call.arrays[name][i])) for name in ("param", "grad", "m", "v"))
        with localcontext(digits):
            mean = (beta1 * m + (1 - beta1) * grad) / (1 - beta1**7)
            square = (beta2 * v + (1 - beta2) * grad**2) / (1 - beta2**7)
            assert value[i] == float(param - lr * mean / (square.sqrt() + eps))


@pytest.mark.parametrize("call", calls(), ids=identifier)
def test_they_are_the_oracles_within_what_is_allowed_in_float64(call: Call) -> None:
    wanted = answers(call.function, call.case.but(dtype="float64"), call.arrays, {})
    for (value, _), answer in zip(precise(call), wanted, strict=True):
        assert value.dtype == np.float64
        assert np.array_equal(np.isnan(value), np.isnan(answer.value))
        close = np.abs(value - answer.value) <= answer.allowed
        assert np.all(close | ~np.isfinite(answer.value) | (value == answer.value))


@pytest.mark.parametrize("call", calls(), ids=identifier)
def test_an_allowed_error_is_rounded_up_to_24_bits(call: Call) -> None:
    wanted = answers(call.function, call.case, call.arrays, {})
    for (_, allowed), answer in zip(precise(call), wanted, strict=True):
        assert np.all(allowed >= answer.allowed * (1 - 1e-12))
        assert np.all(allowed <= answer.allowed * (1 + 2.0**-22))
        significand = np.frexp(allowed)[0] * 2.0**24
        assert np.array_equal(significand, np.floor(significand))


def blurred(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is off by one part in 10**9 on floats, as far as a machine could never be."""

    def other(*arguments: Any, **options: Any) -> Any:
        result = np.asarray(function(*arguments, **options))
        return result if result.dtype == object or result.ndim == 0 else result * (1 + 1e-9)

    return other


@pytest.mark.parametrize("call", calls(), ids=identifier)
def test_they_do_not_depend_on_how_the_machine_rounds(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    before = precise(call)
    for name in ("exp", "expm1", "log", "einsum", "power"):
        monkeypatch.setattr(np, name, blurred(getattr(np, name)))
    for (value, allowed), (other, other_allowed) in zip(before, precise(call), strict=True):
        # Where a number is infinite or NaN the machine's own answer stands, which is a limit.
        finite = np.isfinite(call.arrays.get("x", np.zeros(()))) if call.case.data in ("infinite", "nan") else True
        assert np.array_equal(np.where(finite, value, 0), np.where(finite, other, 0))
        assert np.array_equal(allowed, other_allowed)


def test_an_empty_batch_has_answers_of_its_shape() -> None:
    call = backward(Case("linear", {"x": (0, 2), "weight": (3, 2), "bias": (3,)}))
    assert [value.shape for value, _ in precise(call)] == [(0, 2), (3, 2), (3,)]
    assert not any(value.any() for value, _ in precise(call))
