"""What the oracle allows: a plain float32 computation stays within, and a small mistake does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.bad_input import GOOD
from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import Finding, compare
from conformance.contract import CONVOLUTIONS, FUNCTIONS, operator_of
from conformance.corners import SHAPES, SIZES, SPECIAL
from conformance.implementation import NotProvidedError, NotSupportedError, load
from conformance.oracle import answers
from conformance.plan import Plan

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

Array = NDArray[Any]
RIGHT = Path(__file__).parents[2] / "implementations" / "right"
JUDGED = [name for name in FUNCTIONS if operator_of(name).name != "dropout"]


def call_of(function: str, case: Case) -> Call:
    return backward(case) if function.endswith("_backward") else forward(case)


def findings(call: Call, got: Any, **conventions: str) -> list[Finding]:
    wanted = answers(call.function, call.case, call.arrays, conventions)
    names = FUNCTIONS[call.function].results
    return [compare(*triple) for triple in zip(names, got, wanted, strict=True)]


@pytest.mark.parametrize("function", JUDGED)
def test_term_by_term_sums_in_the_inputs_own_dtype_stay_within(function: str) -> None:
    operator = operator_of(function).name
    loops = load(str(RIGHT / "plain_loops.py"))
    corners = (*SIZES.get(operator, ())[::3], *SHAPES.get(operator, ()), *SPECIAL.get(operator, ()))
    for case in (*Plan("quick").grid(operator), *corners):
        call = call_of(function, case)
        for finding in findings(call, call.run(loops)):
            assert finding.violation is None, f"{case.describe()}: {finding.violation}"


@pytest.mark.parametrize("name", ["einsum.py", "channels_last.py", "fft.py"])
def test_other_orders_of_summation_stay_within_what_they_declare(name: str) -> None:
    implementation = load(str(RIGHT / name))
    judged = 0
    # Which of several maxima gets the gradient is a convention, and no matter of rounding.
    for function in sorted({*JUDGED} - {"max_pool2d_backward"}):
        for case in Plan("quick").grid(operator_of(function).name):
            call = call_of(function, case)
            try:
                got = call.run(implementation)
            except (NotProvidedError, NotSupportedError):
                continue
            judged += 1
            for finding in findings(call, got, **implementation.conventions):
                assert finding.violation is None, f"{case.describe()}: {finding.violation}"
    assert judged > 100


# Arguments of which only the shape, the order or the sign counts.
SCALE_FREE = {
    ("max_pool2d_backward", "x"),
    ("relu_backward", "x"),
    ("avg_pool2d_backward", "x"),
    ("global_avg_pool2d_backward", "x"),
    ("cross_entropy", "target"),
    ("cross_entropy_backward", "target"),
}
SCALED = [
    (function, argument)
    for function in JUDGED
    for argument in FUNCTIONS[function].arguments
    if argument not in ("kernel_size", "input_shape") and (function, argument) not in SCALE_FREE
]


def sensitive_case(function: str, argument: str) -> Case:
    """Return a case whose right answer depends on the scale of every argument."""
    case = GOOD[operator_of(function).name]
    if case.operator == "local_response_norm":
        return case.with_attributes(alpha=1.0)
    if function == "batch_norm_backward" and argument.startswith("running"):
        return case.with_attributes(training=False)
    return case


@pytest.mark.parametrize(("function", "argument"), SCALED)
@pytest.mark.parametrize(("dtype", "excess"), [("float32", 1e-3), ("float64", 1e-11)])
def test_an_argument_that_is_off_by_a_little_is_seen(function: str, argument: str, dtype: str, excess: float) -> None:
    for seed in range(10):
        case = sensitive_case(function, argument).but(dtype=dtype, seed=seed)
        call = call_of(function, case)
        off = {**call.arrays, argument: call.arrays[argument].astype(np.float64) * (1 + excess)}
        got = [answer.value for answer in answers(function, case, off, {})]
        assert any(finding.violation for finding in findings(call, got)), case.describe()


@pytest.mark.parametrize("function", [name for name in JUDGED if name not in ("im2col", "relu", "max_pool2d")])
def test_a_result_disturbed_by_twenty_times_what_is_allowed_is_refused(function: str) -> None:
    for case in Plan("quick").grid(operator_of(function).name):
        call = call_of(function, case.but(data="uniform"))
        wanted = answers(function, call.case, call.arrays, {})
        got = [answer.value + 20 * answer.allowed for answer in wanted]
        for finding, answer in zip(findings(call, got), wanted, strict=True):
            if answer.allowed.any():
                assert 19 < finding.worst < 21, case.describe()


def batch_norm_in_one_pass(call: Call) -> list[Array]:
    """The mean of the squares less the square of the mean: what is not allowed."""
    x, old, attributes = call.arrays["x"], call.arrays["running_var"], call.case.all_attributes
    axes = (0, *range(2, x.ndim))
    shape = (1, -1, *(1,) * (x.ndim - 2))
    mean = x.mean(axis=axes)
    variance = np.maximum((x * x).mean(axis=axes) - mean * mean, 0)
    h = (x - mean.reshape(shape)) / np.sqrt(variance + x.dtype.type(attributes["eps"])).reshape(shape)
    count, momentum = x[:, 0].size, attributes["momentum"]
    return [
        call.arrays["gamma"].reshape(shape) * h + call.arrays["beta"].reshape(shape),
        (1 - momentum) * call.arrays["running_mean"] + momentum * mean,
        (1 - momentum) * old + momentum * variance * count / (count - 1),
    ]


def test_a_variance_in_one_pass_passes_only_where_the_mean_is_small() -> None:
    shapes = {"x": (16, 3, 2, 2), **dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (3,))}
    plain = forward(Case("batch_norm", shapes, {"training": True}, dtype="float32"))
    assert not any(finding.violation for finding in findings(plain, batch_norm_in_one_pass(plain)))
    offset = forward(plain.case.but(data="offset"))
    assert all(findings(offset, batch_norm_in_one_pass(offset))[i].violation for i in (0, 2))


def test_a_small_number_added_inside_the_logarithm_is_seen() -> None:
    call = forward(Case("cross_entropy", {"logits": (5, 4), "target": (5,)}, dtype="float32", data="confident"))
    logits, labels = call.arrays["logits"].astype(np.float64), call.arrays["target"]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    chosen = p[np.arange(5), labels]
    right, guarded = (np.float32(-np.log(chosen + extra).mean()) for extra in (0.0, 1e-7))
    assert findings(call, [right])[0].violation is None
    assert findings(call, [guarded])[0].violation is not None


@pytest.mark.parametrize("function", [f"{name}{suffix}" for name in CONVOLUTIONS for suffix in ("", "_backward")])
def test_the_normwise_bound_is_wider_than_the_componentwise_one(function: str) -> None:
    operator = operator_of(function).name
    for case in Plan("quick").grid(operator):
        call = call_of(function, case)
        narrow, wide = (
            answers(function, case, call.arrays, {f"{operator}.accuracy": name})
            for name in ("componentwise", "normwise")
        )
        for i, (near, far) in enumerate(zip(narrow, wide, strict=True)):
            # The gradient of the bias is a plain sum, which no transform computes.
            is_product = FUNCTIONS[function].results[i] != "grad_bias"
            np.testing.assert_array_equal(near.value, far.value)
            assert (far.allowed > near.allowed).all() == is_product, case.describe()


def test_a_transform_exceeds_the_componentwise_bound_where_magnitudes_differ() -> None:
    case = Case("conv2d", {"x": (1, 1, 9, 9), "weight": (1, 1, 3, 3)}, data="wide", dtype="float32", seed=1)
    call = forward(case)
    x, weight = call.arrays["x"], call.arrays["weight"]
    spectrum = np.fft.rfft2(x) * np.fft.rfft2(weight, s=(9, 9)).conj()
    y = np.fft.irfft2(spectrum, s=(9, 9))[..., :7, :7].astype(np.float32)
    assert findings(call, [y])[0].violation is not None
    assert findings(call, [y], **{"conv2d.accuracy": "normwise"})[0].violation is None
