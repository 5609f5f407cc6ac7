"""Code that is wrong for numbers of one octave and sign alone is found: a polynomial of one interval, a limit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.contract import FUNCTIONS
from conformance.implementation import from_namespace
from conformance.requirements import REQUIREMENTS

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

# The functions whose results follow the numbers themselves, each with what may hold them.
BY_MAGNITUDE = [
    *((name, "x") for name in ("relu", "sigmoid", "tanh", "softmax", "local_response_norm", "batch_norm")),
    *(
        (f"{name}_backward", "x")
        for name in ("relu", "sigmoid", "tanh", "softmax", "local_response_norm", "batch_norm")
    ),
    *((name, "x") for name in ("max_pool2d", "avg_pool2d", "global_avg_pool2d", "linear")),
    *((name, "logits") for name in ("cross_entropy", "cross_entropy_backward")),
    *((f"{name}_update", argument) for name in ("sgd", "momentum", "adam") for argument in ("param", "grad")),
    ("momentum_update", "velocity"),
    ("adam_update", "m"),
    ("adam_update", "v"),
]


@pytest.mark.parametrize(("function", "argument"), BY_MAGNITUDE)
def test_what_is_wrong_in_one_octave_alone_is_found(function: str, argument: str) -> None:
    position = FUNCTIONS[function].arguments.index(argument)
    (values,) = (each for each in REQUIREMENTS if each.id == f"{function}.values")
    cases = [case for case in values.corners if case.data == "octaves"]
    for sign in (1, -1) if argument != "v" else (1,):
        for exponent in range(-12, 14):

            def wrong(*arguments: Any, sign: int = sign, exponent: int = exponent, **how: Any) -> Any:
                results = getattr(refcnn, function)(*arguments, **how)
                first, *others = results if isinstance(results, tuple) else (results,)
                magnitude = np.asarray(arguments[position]) * sign
                there = (magnitude >= 2.0**exponent) & (magnitude < 2.0 ** (exponent + 1))
                wrong_here = there if np.shape(first) == there.shape else there.any()
                spoilt = np.where(wrong_here, first + np.abs(first) / 64 + 2.0**-30, first).astype(
                    np.asarray(first).dtype
                )
                return (spoilt, *others) if others else spoilt

            mine = from_namespace("mine", SimpleNamespace(**{function: wrong}))
            assert any(values.judge(mine, case).violation for case in cases), (sign, exponent)
