"""Batch normalisation as textbooks write it, behind the contract's functions."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from conformance.layers.construction import by_position

Body = Callable[..., Any]


def a_normalization(layer: type) -> Any:
    """Make a layer."""
    return _made(layer, *np.ones((2, 3)), 0.9, *np.ones((2, 3)))


def _made(layer: type, gamma: Any, beta: Any, momentum: float, *running: Any, **eps: float) -> Any:
    """Make a layer of its arguments, by their names where it has them."""
    named = dict(zip(("momentum", "running_mean", "running_var"), (momentum, *running), strict=True)) | eps
    return by_position(layer, gamma, beta, **{name: (value, None) for name, value in named.items()})


def batch_normalization(layer: type) -> Mapping[str, Body]:
    """Translate ``BatchNormalization(gamma, beta, momentum, running_mean, running_var)``."""
    translated = _Translated(layer)

    def batch_norm(
        x: Any,
        gamma: Any,
        beta: Any,
        running_mean: Any,
        running_var: Any,
        *,
        training: bool,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Any:
        scale = translated.scale(eps, x)
        given = [running_mean * scale, running_var * scale**2]
        normal, y = translated.forward(x, [gamma, beta], given, training, momentum, eps)
        news = [normal.running_mean, normal.running_var]
        return y, *map(_unscaled, news, given, [running_mean, running_var], (scale, scale**2))

    def batch_norm_backward(
        grad_output: Any, x: Any, gamma: Any, running_mean: Any, running_var: Any, *, training: bool, eps: float
    ) -> Any:
        if not training:
            raise NotImplementedError("textbooks' layers pass gradients back in training alone")
        old = [running_mean.copy(), running_var.copy()]
        normal, _ = translated.forward(x, [gamma, np.zeros_like(gamma)], old, training, 0.1, eps)
        grad_x = np.multiply(normal.backward(grad_output), translated.scale(eps, x))
        return grad_x, normal.dgamma, normal.dbeta

    return {"batch_norm": batch_norm, "batch_norm_backward": batch_norm_backward}


def _unscaled(new: Any, given: Any, old: Any, scale: float) -> Any:
    """Return a running statistic in the scale of the contract; one that stayed as it was, exactly as it was."""
    return old.copy() if np.array_equal(new, given) else np.divide(new, scale)


@dataclass(frozen=True)
class _Translated:
    """What the arguments of a class are, in view of the two things that its interface leaves to the class."""

    layer: type

    @cached_property
    def eps_name(self) -> str:
        """What the constructor calls eps; empty if it does not take it."""
        names = inspect.signature(self.layer).parameters
        return next((name for name in ("eps", "epsilon") if name in names), "")

    @cached_property
    def own_eps(self) -> float:
        """The eps that is written into the class: outside training, 1 over the root of eps is what 1 becomes."""
        one, zero = np.ones(1), np.zeros(1)
        with np.errstate(all="ignore"):
            y = _made(self.layer, one, zero, 0.9, zero, zero).forward(np.ones((1, 1)), False)
            # A constant of the source has few digits.
            return float(f"{np.float64(1.0) / np.ravel(y)[0] ** 2:.10g}")

    @cached_property
    def by_activation(self) -> bool:
        """Whether images need a gamma for each of their C·H·W activations, where the contract has one a channel."""
        return not self._goes_with(2) and self._goes_with(6)

    def _goes_with(self, size: int) -> bool:
        vector = np.ones(size)
        try:
            _made(self.layer, vector, vector, 0.9, vector, vector).forward(np.arange(12.0).reshape(2, 2, 1, 3), True)
        except ValueError:
            return False
        return True

    def scale(self, eps: float, x: Any) -> float:
        """Return the s with which s·x, under the eps of the class, gives what x gives under another eps.

        (s·x - s·mean) / √(s²·var + own eps) is (x - mean) / √(var + eps) where s² = own eps / eps.
        """
        if self.eps_name or self.own_eps == eps or not 0 < self.own_eps < np.inf:
            return 1.0
        if eps <= 0 or x.dtype == np.float32:
            raise NotImplementedError(f"the eps of this class is fixed, and cannot stand for {eps} in {x.dtype}")
        return float(np.sqrt(self.own_eps / eps))

    def forward(
        self, x: Any, learnt: list[Any], old: list[Any], training: bool, momentum: float, eps: float
    ) -> tuple[Any, Any]:
        """Make a layer, pass a batch forward, and return both the layer and the result."""
        if math.prod(x.shape[2:]) > 1 and self.by_activation:
            raise ValueError(
                f"{self.layer.__name__} has statistics per activation, C·H·W of them with a gamma for each, "
                "instead of per channel"
            )
        scale = self.scale(eps, x)
        named = {self.eps_name: eps} if self.eps_name else {}

        def made() -> Any:
            return _made(self.layer, *learnt, 1 - momentum, *(each.copy() for each in old), **named)

        if scale != 1:
            # What it writes into its input, it shall write into the one that was passed.
            made().forward(x, training)
        normal = made()
        return normal, normal.forward(x if scale == 1 else x * scale, training)
