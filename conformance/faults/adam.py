"""Mistakes in Adam's averages and in its step."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from conformance.faults.fault import Body, Right, fault


class _Step(NamedTuple):
    """What Adam knows when it makes its step; m and v are the new averages, m_hat and v_hat free of bias."""

    param: Any
    grad: Any
    old_m: Any
    old_v: Any
    m: Any
    v: Any
    step: int
    lr: float
    beta1: float
    beta2: float
    eps: float

    @property
    def m_hat(self) -> Any:
        return self.m / (1 - self.beta1**self.step)

    @property
    def v_hat(self) -> Any:
        return self.v / (1 - self.beta2**self.step)


def _knowing(
    right: Right, *arrays: Any, step: int, lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
) -> _Step:
    param, grad, old_m, old_v = arrays
    _, m, v = right(*arrays, step=step, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    return _Step(param, grad, old_m, old_v, m, v, step, lr, beta1, beta2, eps)


def _direction(wrong: Callable[[_Step], Any]) -> Body:
    """Return Adam with another direction than m_hat / (√v_hat + eps)."""

    @functools.wraps(wrong)
    def body(right: Right, *arrays: Any, **how: Any) -> Any:
        now = _knowing(right, *arrays, **how)
        return (now.param - now.lr * wrong(now)).astype(now.param.dtype), now.m, now.v

    return body


def _averages(wrong: Callable[[_Step], tuple[Any, Any]]) -> Body:
    """Return Adam with other averages m and v, which also make the step."""

    @functools.wraps(wrong)
    def body(right: Right, *arrays: Any, **how: Any) -> Any:
        now = _knowing(right, *arrays, **how)
        m, v = wrong(now)
        now = now._replace(m=m, v=v)
        return now.param - now.lr * now.m_hat / (np.sqrt(now.v_hat) + now.eps), m, v

    return body


@fault("adam_update", says="eps stands inside the root", killed_by="values", history="adam_eps")
@_direction
def eps_in_root(now: _Step) -> Any:
    return now.m_hat / np.sqrt(now.v_hat + now.eps)


@fault("adam_update", says="eps is added before the root is freed of its bias", killed_by="values", history="adam_eps")
@_direction
def eps_before_correction(now: _Step) -> Any:
    return now.m_hat / ((np.sqrt(now.v) + now.eps) / np.sqrt(1 - now.beta2**now.step))


@fault("adam_update", says="eps is a lower limit of the root instead of added", killed_by="values", history="adam_eps")
@_direction
def eps_as_limit(now: _Step) -> Any:
    return now.m_hat / np.maximum(np.sqrt(now.v_hat), now.eps)


@fault(
    "adam_update",
    says="the averages are multiplied by 1 - beta^step, not divided by it",
    killed_by="values",
    history="adam_eps",
)
@_direction
def correction_multiplied(now: _Step) -> Any:
    m, v = now.m * (1 - now.beta1**now.step), now.v * (1 - now.beta2**now.step)
    return m / (np.sqrt(v) + now.eps)


@fault("adam_update", says="the averages are not freed of their bias", killed_by="values")
@_direction
def bias_left_in(now: _Step) -> Any:
    return now.m / (np.sqrt(now.v) + now.eps)


@fault("adam_update", says="only m is freed of its bias", killed_by="values")
@_direction
def bias_left_in_v(now: _Step) -> Any:
    return now.m_hat / (np.sqrt(now.v) + now.eps)


@fault("adam_update", says="only v is freed of its bias", killed_by="values")
@_direction
def bias_left_in_m(now: _Step) -> Any:
    return now.m / (np.sqrt(now.v_hat) + now.eps)


@fault("adam_update", says="the step is divided by v_hat itself, without the root", killed_by="values")
@_direction
def root_missing(now: _Step) -> Any:
    return now.m_hat / (now.v_hat + now.eps)


@fault("adam_update", says="the step is made with the averages from before", killed_by="values")
@_direction
def old_averages(now: _Step) -> Any:
    before = now._replace(m=now.old_m, v=now.old_v)
    return before.m_hat / (np.sqrt(before.v_hat) + now.eps)


@fault("adam_update", says="the step is made with the gradient instead of m", killed_by="values")
@_direction
def m_unused(now: _Step) -> Any:
    return now.grad / (np.sqrt(now.v_hat) + now.eps)


@fault("adam_update", says="m looks ahead, as Nesterov's does", killed_by="values")
@_direction
def nesterov(now: _Step) -> Any:
    ahead = now.beta1 * now.m + (1 - now.beta1) * now.grad
    return ahead / (1 - now.beta1**now.step) / (np.sqrt(now.v_hat) + now.eps)


@fault("adam_update", says="a step is never longer than lr", killed_by="values", corner="where a step is above lr")
@_direction
def bounded_step(now: _Step) -> Any:
    return np.clip(now.m_hat / (np.sqrt(now.v_hat) + now.eps), -1, 1)


@fault("adam_update", says="weight decay is built in beside the step, as in AdamW", killed_by="values")
@_direction
def decoupled_decay(now: _Step) -> Any:
    return now.m_hat / (np.sqrt(now.v_hat) + now.eps) + 0.01 * now.param


@fault(
    "adam_update",
    says="the correction of the bias is worked out in float32",
    killed_by="values",
    corner="only in float64",
)
@_direction
def correction_in_single(now: _Step) -> Any:
    one, step = np.float32(1), now.step
    m, v = now.m / (one - np.float32(now.beta1) ** step), now.v / (one - np.float32(now.beta2) ** step)
    return m / (np.sqrt(v) + now.eps)


@fault("adam_update", says="v never falls, as in AMSGrad", killed_by="values", corner="where v falls")
@_averages
def largest_v(now: _Step) -> tuple[Any, Any]:
    return now.m, np.maximum(now.v, now.old_v)


@fault("adam_update", says="v is the largest gradient so far, as in AdaMax", killed_by="values")
@_averages
def largest_gradient(now: _Step) -> tuple[Any, Any]:
    return now.m, np.maximum(now.beta2 * now.old_v, np.abs(now.grad))


@fault("adam_update", says="v averages the absolute gradient, without its square", killed_by="values")
@_averages
def square_missing(now: _Step) -> tuple[Any, Any]:
    return now.m, now.beta2 * now.old_v + (1 - now.beta2) * np.abs(now.grad)


@fault("adam_update", says="v averages the square of m instead of the gradient's", killed_by="values")
@_averages
def square_of_m(now: _Step) -> tuple[Any, Any]:
    return now.m, now.beta2 * now.old_v + (1 - now.beta2) * now.m**2


@fault("adam_update", says="v takes one mean of grad² for all numbers", killed_by="values", corner="beyond one number")
@_averages
def mean_square(now: _Step) -> tuple[Any, Any]:
    return now.m, now.beta2 * now.old_v + (1 - now.beta2) * np.mean(now.grad**2, dtype=now.grad.dtype)


@fault("adam_update", says="the gradient enters m whole, without 1 - beta1", killed_by="values")
@_averages
def sum_for_m(now: _Step) -> tuple[Any, Any]:
    return now.beta1 * now.old_m + now.grad, now.v


@fault("adam_update", says="m and v come back already freed of their bias", killed_by="values")
def corrected_returned(right: Right, *arrays: Any, **how: Any) -> Any:
    now = _knowing(right, *arrays, **how)
    return right(*arrays, **how)[0], now.m_hat, now.v_hat
