"""The oracle's cross-entropy equals the sum of scipy's log_softmax, one sample at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import log_softmax

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.corners import SIZES, SPECIAL
from conformance.oracle import answers
from conformance.plan import Plan

Array = NDArray[Any]
# The definitions below take a number at a time.
SIZES_TO_LOOP_OVER = [case for case in SIZES["cross_entropy"] if case.elements < 5000]
CASES = (*Plan("default").grid("cross_entropy"), *SIZES_TO_LOOP_OVER, *SPECIAL["cross_entropy"])


def value(call: Call) -> Array:
    return answers(call.function, call.case, call.arrays, {})[0].value


def weights(target: Array, classes: int) -> list[list[float]]:
    if target.ndim == 2:
        return [[float(weight) for weight in row] for row in target]
    return [[float(k == label) for k in range(classes)] for label in target]


def test_the_loss_is_the_mean_negative_weighted_logarithm() -> None:
    for case in CASES:
        call = forward(case)
        logits, target = call.arrays["logits"].astype(np.float64), call.arrays["target"]
        terms = [
            weight * log_p
            for row, sample in zip(weights(target, logits.shape[1]), logits, strict=True)
            for weight, log_p in zip(row, log_softmax(sample), strict=True)
            if weight
        ]
        want = -math.fsum(term / len(logits) for term in terms)
        # All terms have one sign, so that nothing cancels; scipy takes the same difference from the maximum.
        np.testing.assert_allclose(value(call), want, rtol=1e-13, atol=1e-15, err_msg=case.describe())


def test_the_loss_is_finite_and_summable_in_its_own_dtype() -> None:
    for case in CASES:
        loss = float(value(forward(case)))
        # A correct implementation may add up first and divide by the batch after.
        assert loss * case.shapes["logits"][0] < np.finfo(case.dtype).max, case.describe()


def test_the_gradient_moves_each_probability_towards_its_weight() -> None:
    for case in CASES:
        call = backward(case)
        logits, target = call.arrays["logits"].astype(np.float64), call.arrays["target"]
        for n, row in enumerate(weights(target, logits.shape[1])):
            p = np.exp(log_softmax(logits[n]))
            want = (math.fsum(row) * p - np.array(row)) / len(logits)
            # Numbers of at most 1031 weights of 5/4 cancel.
            np.testing.assert_allclose(value(call)[n], want, rtol=1e-12, atol=1e-14, err_msg=case.describe())


def test_labels_and_one_hot_weights_have_one_answer() -> None:
    logits, labels = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, 1.0]]), np.array([2, 0])
    one_hot = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    for function in ("cross_entropy", "cross_entropy_backward"):
        by_label, by_weight = (
            answers(
                function,
                Case("cross_entropy", {"logits": (2, 3), "target": target.shape}),
                {"logits": logits, "target": target},
                {},
            )[0].value
            for target in (labels, one_hot)
        )
        np.testing.assert_array_equal(by_label, by_weight)


@pytest.mark.parametrize("target", ["uint8_labels", "int32_labels"])
def test_labels_of_every_integer_type_count_the_same(target: str) -> None:
    case = Case("cross_entropy", {"logits": (4, 3), "target": (4,)}, data=target, seed=3)
    call = forward(case)
    assert call.arrays["target"].dtype == target.removesuffix("_labels")
    assert value(call) == value(
        Call("cross_entropy", case, {**call.arrays, "target": call.arrays["target"].astype(np.int64)})
    )
