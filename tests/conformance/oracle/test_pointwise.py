"""The oracle's linear map, activations, softmax and dropout equal scipy.special or plain loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, log_softmax
from scipy.special import softmax as scipy_softmax

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.corners import SIZES, SPECIAL
from conformance.oracle import answers
from conformance.plan import Plan

Array = NDArray[Any]


def cases_of(operator: str) -> list[Case]:
    return [*Plan("default").grid(operator), *SIZES.get(operator, ()), *SPECIAL.get(operator, ())]


def values(call: Call) -> list[Array]:
    return [answer.value for answer in answers(call.function, call.case, call.arrays, {})]


def wide(call: Call, name: str) -> Array:
    return call.arrays[name].astype(np.float64)


def test_linear_is_a_row_by_row_scalar_product() -> None:
    for case in cases_of("linear"):
        call = forward(case.but(data="integers"))
        x, weight = wide(call, "x"), wide(call, "weight")
        bias = call.arrays.get("bias", np.zeros(len(weight)))
        want = [[math.fsum(row * w) + float(b) for w, b in zip(weight, bias, strict=True)] for row in x]
        np.testing.assert_array_equal(values(call)[0], want, err_msg=case.describe())


@pytest.mark.no_cover
def test_the_gradients_of_linear_sum_products_over_outputs_and_over_samples() -> None:
    for case in cases_of("linear"):
        call = backward(case.but(data="integers"))
        x, weight, grad = (wide(call, name) for name in ("x", "weight", "grad_output"))
        grad_x, grad_weight, grad_bias = values(call)
        for n, i in np.ndindex(*x.shape):
            assert grad_x[n, i] == math.fsum(grad[n] * weight[:, i])
        for o, i in np.ndindex(*weight.shape):
            assert grad_weight[o, i] == math.fsum(grad[:, o] * x[:, i])
        np.testing.assert_array_equal(grad_bias, [math.fsum(column) for column in grad.T])


def test_relu_is_the_larger_of_x_and_zero_and_keeps_nan() -> None:
    for case in cases_of("relu"):
        call = forward(case)
        np.testing.assert_array_equal(values(call)[0], np.maximum(call.arrays["x"], 0), err_msg=case.describe())


def test_relu_passes_the_gradient_of_positive_numbers_only() -> None:
    for case in cases_of("relu"):
        call = backward(case)
        x, grad = call.arrays["x"], call.arrays["grad_output"]
        want = [float(g) if v > 0 else 0.0 for v, g in zip(x.flat, grad.flat, strict=True)]
        np.testing.assert_array_equal(values(call)[0].ravel(), want, err_msg=case.describe())


@pytest.mark.parametrize(("operator", "definition"), [("sigmoid", expit), ("tanh", np.tanh)])
def test_a_saturating_function_equals_the_librarys(operator: str, definition: Any) -> None:
    for case in cases_of(operator):
        call = forward(case)
        # Two good implementations of functions of size one: each may be off by a few units of 1.1e-16.
        np.testing.assert_allclose(
            values(call)[0], definition(wide(call, "x")), rtol=1e-15, atol=4e-16, err_msg=case.describe()
        )


def slope_of_sigmoid(x: Array) -> Array:
    return np.asarray(0.25 / np.cosh(x / 2) ** 2)


def slope_of_tanh(x: Array) -> Array:
    return np.asarray(1 / np.cosh(x) ** 2)


@pytest.mark.parametrize(("operator", "slope"), [("sigmoid", slope_of_sigmoid), ("tanh", slope_of_tanh)])
def test_the_derivative_of_a_saturating_function_is_a_squared_hyperbolic_secant(operator: str, slope: Any) -> None:
    for case in cases_of(operator):
        call = backward(case)
        x, grad = wide(call, "x"), wide(call, "grad_output")
        # Beyond 700 cosh overflows, and the quotient is the right 0.
        with np.errstate(over="ignore"):
            want = grad * slope(x)
        np.testing.assert_allclose(values(call)[0], want, rtol=1e-13, atol=1e-15, err_msg=case.describe())


@pytest.mark.parametrize("operator", ["sigmoid", "tanh"])
def test_the_tails_keep_their_relative_accuracy(operator: str) -> None:
    x = np.array([-40.0, -20.0, -1e-10, 1e-300, 30.0])
    want = expit(x) if operator == "sigmoid" else np.tanh(x)
    got = answers(operator, Case(operator, {"x": x.shape}), {"x": x}, {})[0].value
    np.testing.assert_allclose(got, want, rtol=1e-15, atol=0)


def test_softmax_equals_scipys() -> None:
    for case in cases_of("softmax"):
        call = forward(case)
        want = scipy_softmax(wide(call, "x"), axis=case.all_attributes["axis"])
        # exp multiplies the rounding of an argument of up to 700 by as much: 700 u = 8e-14.
        np.testing.assert_allclose(values(call)[0], want, rtol=2e-13, atol=1e-300, err_msg=case.describe())


@pytest.mark.no_cover
def test_the_gradient_of_softmax_is_its_jacobian_times_the_gradient() -> None:
    for case in cases_of("softmax"):
        call, axis = backward(case), case.all_attributes["axis"]
        x, grad = (np.moveaxis(wide(call, name), axis, -1) for name in ("x", "grad_output"))
        got = np.moveaxis(values(call)[0], axis, -1)
        for index in np.ndindex(*x.shape[:-1]):
            y = np.exp(log_softmax(x[index]))
            jacobian = np.diag(y) - np.outer(y, y)
            # Products as large as the gradient cancel, and exp multiplies the rounding of its argument by as much.
            cancelled = max(2.0, float(np.abs(x[index]).max())) * max(2.0, float(np.abs(grad[index]).max()))
            np.testing.assert_allclose(got[index], jacobian @ grad[index], rtol=1e-12, atol=2.5e-16 * cancelled)


def test_softmax_of_limits_is_a_certainty() -> None:
    x = np.array([[1e308, -1e308, 0.0]])
    case = Case("softmax", {"x": x.shape})
    np.testing.assert_array_equal(answers("softmax", case, {"x": x}, {})[0].value, [[1.0, 0.0, 0.0]])


@pytest.mark.parametrize("function", ["dropout", "dropout_backward"])
@pytest.mark.parametrize(("training", "want"), [(False, [3.0, -4.0]), (True, [4.0, -16.0 / 3.0])])
def test_dropout_says_what_a_kept_cell_holds(function: str, training: bool, want: list[float]) -> None:
    arrays = {"x": np.array([3.0, -4.0]), "grad_output": np.array([3.0, -4.0])}
    case = Case("dropout", {"x": (2,)}, {"p": 0.25, "training": training, "seed": 0})
    answer = answers(function, case, arrays, {})[0]
    np.testing.assert_array_equal(answer.value, want)
    assert (answer.allowed > 0).all() == training
