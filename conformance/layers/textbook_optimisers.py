"""Optimisers as textbooks write them, with ``update(params, grads)`` on dicts, behind the contract's updates."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from conformance.oracle import bounds
from conformance.oracle.bounds import Rounding

Body = Callable[..., Any]

_NAME = "param"
# By then nothing is left of the bias that Adam's first steps have.
_LATE = 10**9


def sgd(optimiser: type) -> Mapping[str, Body]:
    """Translate ``SGD(lr)``."""

    def sgd_update(param: Any, grad: Any, *, lr: float) -> Any:
        return _updated(optimiser(lr), param, grad)

    return {"sgd_update": sgd_update}


def momentum(optimiser: type) -> Mapping[str, Body]:
    """Translate ``Momentum(lr, momentum)``: its v may point either way, and may have lr in it."""

    def step(param: Any, grad: Any, v: Any, *how: float) -> tuple[Any, Any]:
        moving = _with_state(optimiser(*how), v={_NAME: v})
        return _updated(moving, param, grad), moving.v[_NAME]

    def momentum_update(param: Any, grad: Any, velocity: Any, *, lr: float, momentum: float) -> Any:
        (first,) = step(np.zeros(1), np.ones(1), np.zeros(1), 0.5, 0.0)[1]
        if first == 1:
            return step(param, grad, velocity.copy(), lr, momentum)
        sign = 1.0 if first > 0 else -1.0
        unit = 1.0 if first == -1 else lr
        new, kept = step(param, grad, sign * unit * velocity, lr, momentum)
        # With lr = 1 it differs from the contract's by its sign at most, and nothing is rounded in between.
        plain = step(param, grad, sign * velocity, 1.0, momentum)[1]
        rounding, magnitudes = Rounding.of(velocity.dtype.name), (unit * momentum * velocity, unit * grad)
        _require_in_proportion(optimiser, kept, plain, unit, lr, allowed=2 * bounds.update(rounding, *magnitudes))
        return new, sign * plain

    return {"momentum_update": momentum_update}


def adam(optimiser: type) -> Mapping[str, Body]:
    """Translate ``Adam(lr, beta1, beta2)``, which counts its steps in ``iter``."""
    translated = _Adam(optimiser)

    def adam_update(
        param: Any,
        grad: Any,
        m: Any,
        v: Any,
        *,
        step: int,
        lr: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> Any:
        how, scale = (step, lr, beta1, beta2, eps), translated.scale(eps, param)
        new, *averages = translated.step(param, grad, m.copy(), v.copy(), *how)
        if scale != 1:
            new = translated.step(param, scale * grad, scale * m, scale**2 * v, *how)[0]
        return new, *averages

    return {"adam_update": adam_update}


@dataclass(frozen=True)
class _Adam:
    """A class of Adam, in view of its eps."""

    optimiser: type

    @cached_property
    def eps_name(self) -> str:
        """What the constructor calls eps; empty if it does not take it."""
        names = inspect.signature(self.optimiser).parameters
        return next((name for name in ("eps", "epsilon") if name in names), "")

    @cached_property
    def own_eps(self) -> float:
        """The eps that is written into the class, read off a late step with equal gradients."""
        grad = np.full(1, 2.0**-24)
        with np.errstate(all="ignore"):
            (moved,) = self.step(np.zeros(1), grad, grad.copy(), grad**2, _LATE, 1.0, 0.9, 0.999, 0.0)[0]
            # A constant of the source has few digits.
            return float(f"{-grad[0] / moved - grad[0]:.10g}")

    def step(
        self, param: Any, grad: Any, m: Any, v: Any, step: int, lr: float, beta1: float, beta2: float, eps: float
    ) -> Any:
        """Take one step from a state."""
        named = {self.eps_name: eps} if self.eps_name else {}
        adam = self.optimiser(lr, beta1, beta2, **named)
        moving = _with_state(adam, iter=step - 1, m={_NAME: m}, v={_NAME: v})
        return _updated(moving, param, grad), moving.m[_NAME], moving.v[_NAME]

    def scale(self, eps: float, param: Any) -> float:
        """Return the s with which s·grad, under the eps of the class, moves as far as grad does under another eps."""
        # A step that no eps explains is wrong in itself, and is judged as it is.
        if self.eps_name or self.own_eps == eps or not 0 < self.own_eps < np.inf:
            return 1.0
        if eps <= 0 or param.dtype == np.float32:
            raise NotImplementedError("the eps of this class is fixed")
        return self.own_eps / eps


def _require_in_proportion(optimiser: type, kept: Any, plain: Any, unit: float, lr: float, allowed: Any) -> None:
    """Require the v that follows a step to be `unit` times the one with lr = 1, which stands for it in the result."""
    wanted = np.multiply(unit, plain, dtype=np.float64)
    # Infinity and NaN have no rounding; the result itself is judged there.
    wrong = np.isfinite(wanted) & ~(np.abs(np.subtract(kept, wanted)) <= allowed)
    if wrong.any():
        raise ValueError(
            f"{optimiser.__name__}: v after a step with lr={lr} must be {unit} times what it is with lr=1, "
            f"that is {wanted[wrong][0]}, got {np.asarray(kept)[wrong][0]}"
        )


def _updated(optimiser: Any, param: Any, grad: Any) -> Any:
    """Return a parameter after one update, which is made in place and so on a copy."""
    params = {_NAME: param.copy()}
    optimiser.update(params, {_NAME: grad})
    return params[_NAME]


def _with_state(optimiser: Any, **state: Any) -> Any:
    """Set what an optimiser remembers."""
    for name, value in state.items():
        if not hasattr(optimiser, name):
            raise NotImplementedError(f"{type(optimiser).__name__} does not remember its {name} by that name")
        setattr(optimiser, name, value)
    return optimiser
