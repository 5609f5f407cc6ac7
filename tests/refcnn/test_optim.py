"""Update rules, worked by hand."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import refcnn
from refcnn import adam_update, momentum_update, sgd_update

PARAM, GRAD = np.array([1.0, 2.0]), np.array([4.0, -8.0])


def test_sgd_steps_against_the_gradient() -> None:
    assert_array_equal(sgd_update(PARAM, GRAD, lr=0.25), [0, 4])


def test_momentum_adds_up_gradients_before_the_step() -> None:
    param, velocity = momentum_update(PARAM, GRAD, np.array([2.0, 8.0]), lr=0.25, momentum=0.5)
    assert_array_equal(velocity, [5, -4])
    assert_array_equal(param, [1 - 1.25, 2 + 1])


def test_the_first_step_of_adam_is_as_long_as_the_learning_rate() -> None:
    param, m, v = adam_update(PARAM, GRAD, 0 * PARAM, 0 * PARAM, step=1, lr=0.5, eps=0.0)
    # Bias correction divides by what the first step multiplied with: a few roundings are left.
    assert_allclose(param, [0.5, 2.5], rtol=1e-14)
    assert_allclose(m, [0.4, -0.8], rtol=1e-14)
    assert_allclose(v, [0.016, 0.064], rtol=1e-14)


def test_a_later_step_of_adam_by_hand() -> None:
    m, v = np.array([2.0, 0.0]), np.array([8.0, 0.0])
    param, m, v = adam_update(PARAM, GRAD, m, v, step=2, lr=0.5, beta1=0.5, beta2=0.75, eps=1.0)
    assert_array_equal(m, [3, -4])
    assert_array_equal(v, [10, 16])
    m_hat, v_hat = m / 0.75, v / (1 - 0.75**2)
    assert_allclose(param, PARAM - 0.5 * m_hat / (np.sqrt(v_hat) + 1), rtol=1e-15)


def test_adam_without_memory_is_defined() -> None:
    param, m, v = adam_update(PARAM, GRAD, PARAM, PARAM, step=7, lr=0.5, beta1=0.0, beta2=0.0, eps=0.0)
    assert_array_equal(param, [0.5, 2.5])
    assert_array_equal(m, GRAD)
    assert_array_equal(v, GRAD**2)


def test_the_bias_correction_fades() -> None:
    updates = [adam_update(PARAM, GRAD, GRAD, GRAD**2, step=step, lr=0.5, eps=0.0)[0] for step in (10**6, 10**12)]
    assert_array_equal(updates[0], updates[1])
    assert_allclose(updates[0], [0.5, 2.5], rtol=1e-14)


@pytest.mark.parametrize("lr", [0.5, np.float64(0.5), np.float32(0.5), 1])
def test_the_learning_rate_does_not_change_the_dtype(lr: Any) -> None:
    param, grad = PARAM.astype(np.float32), GRAD.astype(np.float32)
    assert sgd_update(param, grad, lr=lr).dtype == np.float32
    assert {array.dtype for array in momentum_update(param, grad, grad, lr=lr, momentum=lr)} == {param.dtype}
    assert {array.dtype for array in adam_update(param, grad, grad, grad, step=1, lr=lr)} == {param.dtype}


ADAM: dict[str, Any] = {"step": 1, "lr": 0.1}


@pytest.mark.parametrize(
    ("name", "arrays", "attributes", "error", "message"),
    [
        (
            "sgd_update",
            (PARAM, GRAD[:1]),
            {"lr": 1.0},
            ValueError,
            "grad must be of shape (2,), got shape (1,) (param (2,))",
        ),
        ("sgd_update", (PARAM, GRAD), {"lr": "1"}, TypeError, "lr must be a real number, got '1'"),
        (
            "momentum_update",
            (PARAM, GRAD, GRAD[None]),
            {"lr": 1.0, "momentum": 0.9},
            ValueError,
            "velocity must be of shape (2,), got shape (1, 2) (param (2,))",
        ),
        (
            "momentum_update",
            (PARAM, GRAD, GRAD),
            {"lr": 1.0, "momentum": None},
            TypeError,
            "momentum must be a real number, got None",
        ),
        (
            "adam_update",
            (PARAM, GRAD, GRAD[:1], GRAD),
            ADAM,
            ValueError,
            "m must be of shape (2,), got shape (1,) (param (2,))",
        ),
        (
            "adam_update",
            (PARAM, GRAD, GRAD, GRAD[:1]),
            ADAM,
            ValueError,
            "v must be of shape (2,), got shape (1,) (param (2,))",
        ),
        ("adam_update", (PARAM,) * 4, {**ADAM, "step": 0}, ValueError, "step must be at least 1, got 0"),
        ("adam_update", (PARAM,) * 4, {**ADAM, "step": 1.0}, TypeError, "step must be an int, got 1.0"),
        ("adam_update", (PARAM,) * 4, {**ADAM, "beta1": 1.0}, ValueError, "beta1 must be in [0, 1), got 1.0"),
        ("adam_update", (PARAM,) * 4, {**ADAM, "beta2": -1}, ValueError, "beta2 must be in [0, 1), got -1.0"),
        (
            "adam_update",
            (PARAM,) * 4,
            {**ADAM, "eps": True},
            TypeError,
            "eps must be a real number, got True",
        ),
    ],
)
def test_bad_input_is_refused(
    name: str, arrays: tuple[Any, ...], attributes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as refusal:
        getattr(refcnn, name)(*arrays, **attributes)
    assert str(refusal.value) == f"{name}: {message}"
