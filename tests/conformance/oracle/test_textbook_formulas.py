"""The other forms in which textbooks write an operator, computed in float32, stay within what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import compare
from conformance.oracle import answers
from conformance.plan import Plan

Array = NDArray[Any]
Formula = Callable[[Call], tuple[Array, ...]]
ONE = np.float32(1)


def sigmoid_by_definition(call: Call) -> tuple[Array, ...]:
    return (ONE / (ONE + np.exp(-call.arrays["x"])),)


def sigmoid_from_tanh(call: Call) -> tuple[Array, ...]:
    return ((ONE + np.tanh(call.arrays["x"] / 2)) / 2,)


def sigmoid_backward_from_y(call: Call) -> tuple[Array, ...]:
    (y,) = sigmoid_by_definition(call)
    return (call.arrays["grad_output"] * y * (ONE - y),)


def tanh_from_sigmoid(call: Call) -> tuple[Array, ...]:
    return (2 / (ONE + np.exp(-2 * call.arrays["x"])) - ONE,)


def tanh_backward_from_y(call: Call) -> tuple[Array, ...]:
    y = np.tanh(call.arrays["x"])
    return (call.arrays["grad_output"] * (ONE - y * y),)


def softmax_through_its_logarithm(call: Call) -> tuple[Array, ...]:
    x, axis = call.arrays["x"], call.case.all_attributes["axis"]
    m = x.max(axis=axis, keepdims=True)
    return (np.exp(x - (m + np.log(np.exp(x - m).sum(axis=axis, keepdims=True)))),)


def softmax_backward_by_two_products(call: Call) -> tuple[Array, ...]:
    (y,) = softmax_through_its_logarithm(call)
    grad, axis = call.arrays["grad_output"], call.case.all_attributes["axis"]
    return (grad * y - y * (grad * y).sum(axis=axis, keepdims=True),)


def cross_entropy_by_log_sum_exp(call: Call) -> tuple[Array, ...]:
    logits, target = call.arrays["logits"], call.arrays["target"]
    weight = target if target.ndim == 2 else np.eye(logits.shape[1], dtype=np.float32)[target]
    m = logits.max(axis=1, keepdims=True)
    total = m + np.log(np.exp(logits - m).sum(axis=1, keepdims=True))
    return (np.asarray((weight * (total - logits)).sum(axis=1).mean()),)


def batch_norm_folded(call: Call) -> tuple[Array, ...]:
    """One multiplication and one addition a pixel: x scale + shift, with Welford's statistics."""
    x, attributes = call.arrays["x"], call.case.all_attributes
    shape = (1, -1, *(1,) * (x.ndim - 2))
    mean, variance = call.arrays["running_mean"], call.arrays["running_var"]
    running: tuple[Array, ...] = mean, variance
    if attributes["training"]:
        values = np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)
        mean, squares = np.zeros(len(values), np.float32), np.zeros(len(values), np.float32)
        for n, column in enumerate(values.T, start=1):
            away = column - mean
            mean = mean + away / np.float32(n)
            squares = squares + away * (column - mean)
        variance = squares / np.float32(values.shape[1])
        unbiased = squares / np.float32(values.shape[1] - 1)
        momentum = np.float32(attributes["momentum"])
        running = tuple(
            (ONE - momentum) * old + momentum * new for old, new in zip(running, (mean, unbiased), strict=True)
        )
    scale = call.arrays["gamma"] / np.sqrt(variance + np.float32(attributes["eps"]))
    shift = call.arrays["beta"] - mean * scale
    return (x * scale.reshape(shape) + shift.reshape(shape), *running)


def local_response_norm_by_logarithm(call: Call) -> tuple[Array, ...]:
    x, a = call.arrays["x"], call.case.all_attributes
    size = a["size"]
    padded = np.pad(x * x, [(0, 0), (size // 2, (size - 1) // 2), (0, 0), (0, 0)])
    total = sum(padded[:, c : c + x.shape[1]] for c in range(size))
    base = np.float32(a["k"]) + np.float32(a["alpha"] / size) * total
    return (x * np.exp(np.float32(-a["beta"]) * np.log(base)),)


def avg_pool2d_by_reciprocal(call: Call) -> tuple[Array, ...]:
    """Multiply the rounded 1 / 6 by a sum that runs backwards."""
    x = call.arrays["x"]
    total = np.zeros((*x.shape[:2], x.shape[2] - 1, x.shape[3] - 2), np.float32)
    for k, q in reversed(list(np.ndindex(2, 3))):
        total += x[:, :, k : k + total.shape[2], q : q + total.shape[3]]
    return (total * np.float32(1 / 6),)


def conv2d_backwards(call: Call) -> tuple[Array, ...]:
    """Sum over the kernel from its last cell to its first."""
    x, weight = call.arrays["x"], call.arrays["weight"]
    F, C, KH, KW = weight.shape
    y = np.zeros((len(x), F, x.shape[2] - KH + 1, x.shape[3] - KW + 1), np.float32)
    for c, k, q in reversed(list(np.ndindex(C, KH, KW))):
        y += weight[:, c, k, q].reshape(1, F, 1, 1) * x[:, c, None, k : k + y.shape[2], q : q + y.shape[3]]
    return (y + call.arrays["bias"].reshape(1, F, 1, 1),)


def adam_with_its_rate_corrected(call: Call) -> tuple[Array, ...]:
    """Kingma and Ba's faster form: the bias is taken out of the rate, and eps is scaled to match."""
    a = {name: np.float32(value) for name, value in call.case.all_attributes.items()}
    grad = call.arrays["grad"]
    m = a["beta1"] * call.arrays["m"] + (ONE - a["beta1"]) * grad
    v = a["beta2"] * call.arrays["v"] + (ONE - a["beta2"]) * (grad * grad)
    root = np.sqrt(ONE - a["beta2"] ** a["step"])
    rate = a["lr"] * root / (ONE - a["beta1"] ** a["step"])
    return call.arrays["param"] - rate * m / (np.sqrt(v) + a["eps"] * root), m, v


def grid(operator: str) -> list[Case]:
    cases = [case for case in Plan("default").grid(operator) if case.data != "limits"]
    return [case.but(dtype="float32") for case in cases]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("function", "formula"),
    [
        ("sigmoid", sigmoid_by_definition),
        ("sigmoid", sigmoid_from_tanh),
        ("sigmoid_backward", sigmoid_backward_from_y),
        ("tanh", tanh_from_sigmoid),
        ("tanh_backward", tanh_backward_from_y),
        ("softmax", softmax_through_its_logarithm),
        ("softmax_backward", softmax_backward_by_two_products),
        ("cross_entropy", cross_entropy_by_log_sum_exp),
        ("batch_norm", batch_norm_folded),
        ("local_response_norm", local_response_norm_by_logarithm),
        ("adam_update", adam_with_its_rate_corrected),
    ],
)
def test_another_form_in_float32_stays_within(function: str, formula: Formula) -> None:
    for case in grid(function.removesuffix("_backward")):
        call = backward(case) if function.endswith("_backward") else forward(case)
        # exp overflows to infinity on the way to the right 0.
        with np.errstate(over="ignore"):
            got = formula(call)
        for part, answer in zip(got, answers(function, case, call.arrays, {}), strict=True):
            assert part.dtype == np.float32
            finding = compare(function, part, answer)
            assert finding.violation is None, f"{case.describe()}: {finding.violation}"


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("data", ["uniform", "wide"])
def test_another_order_of_summation_in_float32_stays_within(data: str, seed: int) -> None:
    shapes = {"x": (2, 3, 5, 6), "weight": (4, 3, 3, 2), "bias": (4,)}
    conv = forward(Case("conv2d", shapes, dtype="float32", data=data, seed=seed))
    pool = forward(
        Case(
            "avg_pool2d",
            {"x": (2, 3, 5, 6)},
            {"kernel_size": (2, 3), "stride": 1},
            dtype="float32",
            data=data,
            seed=seed,
        )
    )
    for call, got in ((conv, conv2d_backwards(conv)), (pool, avg_pool2d_by_reciprocal(pool))):
        (answer,) = answers(call.function, call.case, call.arrays, {})
        finding = compare("y", got[0], answer)
        assert finding.violation is None
        # Rounding does happen, or the test would say nothing.
        assert finding.worst > 0
