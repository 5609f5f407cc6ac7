"""Optimisers as textbooks write them, with ``update(params, grads)`` on dicts, behind the contract's updates."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from conformance.layers.construction import can_be_made
from conformance.oracle import bounds
from conformance.oracle.bounds import Rounding

Body = Callable[..., Any]

_NAME = "param"
# By then nothing is left of the bias that Adam's first steps have.
_LATE = 10**9


def an_sgd(optimiser: type) -> Any:
    """Make an SGD."""
    return optimiser(0.1)


def a_momentum(optimiser: type) -> Any:
    """Make a momentum."""
    return optimiser(0.1, 0.9)


def an_adam(optimiser: type) -> Any:
    """Make an Adam."""
    return _Adam(optimiser).made(0.1, 0.9, 0.999, 1e-8)


def sgd(optimiser: type) -> Mapping[str, Body]:
    """Translate ``SGD(lr)``."""

    def sgd_update(param: Any, grad: Any, *, lr: float) -> Any:
        return _updated(optimiser(lr), param, grad, _holds(optimiser, lr))

    return {"sgd_update": sgd_update}


def momentum(optimiser: type) -> Mapping[str, Body]:
    """Translate ``Momentum(lr, momentum)``: its v may point either way, and may have lr in it."""

    def step(param: Any, grad: Any, v: Any, *how: float) -> tuple[Any, Any]:
        hold = _holds(optimiser, *how)
        moving = _with_state(optimiser(*how), v=hold(v))
        return _updated(moving, param, grad, hold), _held(moving.v)

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
        how, scale = (step, lr, beta1, beta2, eps), translated.scale(eps, param, 1 - beta2**step)
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
        # A constant of the source has few digits.
        return float(f"{self._eps_at(_LATE):.10g}")

    @cached_property
    def before_correction(self) -> bool:
        """Whether eps is added to √v itself, as Adam's authors also write it: a first step then shows twice as much."""
        return math.isclose(self._eps_at(1), 2 * self.own_eps, rel_tol=1e-6)

    def _eps_at(self, step: int) -> float:
        """Return what is added to √v̂ in a step in which 1 - beta2^step is 1/4, or nearly 1."""
        beta, grad = 0.75, np.full(1, 2.0**-24)
        left = 1 - beta**step
        with np.errstate(all="ignore"):
            (moved,) = self.step(np.zeros(1), grad, grad.copy(), grad**2, step, 1.0, beta, beta, 0.0)[0]
            return float(-grad[0] / left / moved - grad[0] / np.sqrt(left))

    def made(self, lr: float, beta1: float, beta2: float, eps: float) -> Any:
        """Make one of its arguments."""
        named = {self.eps_name: eps} if self.eps_name else {}
        return self.optimiser(lr, beta1, beta2, **named)

    def step(
        self, param: Any, grad: Any, m: Any, v: Any, step: int, lr: float, beta1: float, beta2: float, eps: float
    ) -> Any:
        """Take one step from a state."""
        adam = self.made(lr, beta1, beta2, eps)
        hold = _holds(self.optimiser, lr, beta1, beta2)
        moving = _with_state(adam, iter=step - 1, m=hold(m), v=hold(v))
        return _updated(moving, param, grad, hold), _held(moving.m), _held(moving.v)

    def scale(self, eps: float, param: Any, left: float) -> float:
        """Return the s with which s·grad, under the eps of the class, moves as far as grad does under another eps.

        Where 1 - beta2^step is `left`, an eps beside √v is eps / √left beside √v̂.
        """
        # A step that no eps explains is wrong in itself, and is judged as it is.
        if self.eps_name or not 0 < self.own_eps < np.inf:
            return 1.0
        own = self.own_eps / math.sqrt(left) if self.before_correction else self.own_eps
        if own == eps:
            return 1.0
        if eps <= 0 or param.dtype == np.float32:
            raise NotImplementedError("the eps of this class is fixed")
        return own / eps


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


def _in_dict(array: Any) -> Any:
    return {_NAME: array}


def _in_list(array: Any) -> Any:
    return [array]


def _held(container: Any) -> Any:
    """Return the one array that a dict or a list holds."""
    return container[0] if isinstance(container, list) else container[_NAME]


def _holds(optimiser: type, *how: float) -> Callable[[Any], Any]:
    """Return what puts an array where an optimiser takes it: into a dict or, if it cannot do with one, into a list."""

    def updates(hold: Callable[[Any], Any]) -> Any:
        return optimiser(*how).update(hold(np.ones(1)), hold(np.ones(1)))

    with np.errstate(all="ignore"):
        in_lists = not can_be_made(lambda: updates(_in_dict)) and can_be_made(lambda: updates(_in_list))
    return _in_list if in_lists else _in_dict


def _updated(optimiser: Any, param: Any, grad: Any, hold: Callable[[Any], Any]) -> Any:
    """Return a parameter after one update, which is made in place and so on a copy."""
    params = hold(param.copy())
    optimiser.update(params, hold(grad))
    return _held(params)


def _with_state(optimiser: Any, **state: Any) -> Any:
    """Set what an optimiser remembers."""
    for name, value in state.items():
        if not hasattr(optimiser, name):
            raise NotImplementedError(f"{type(optimiser).__name__} does not remember its {name} by that name")
        setattr(optimiser, name, value)
    return optimiser
