"""Optimisers: the update functions of the contract, with the state that they ask for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import refcnn
from refcnn._checks import FloatArray, fraction, integer, real, require
from refcnn.layers.layer import Arrays, Layer
from refcnn.training.schedule import Schedule

# The settings of each optimiser with their defaults, and the arrays that it keeps for each parameter.
_SETTINGS: dict[str, dict[str, float]] = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "adam": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
}
_KEPT: dict[str, tuple[str, ...]] = {"sgd": (), "momentum": ("velocity",), "adam": ("m", "v")}
OPTIMISERS = tuple(_SETTINGS)


class Optimiser:
    """Move the parameters of a network against their gradients.

    The update of each parameter is `sgd_update`, `momentum_update` or `adam_update`. Weight decay is decoupled from
    the gradient: before the update, each `weight` shrinks by lr · weight_decay of itself; biases, and what scales and
    shifts a normalisation, do not.

    Parameters
    ----------
    name : "sgd", "momentum" or "adam"
    lr : float, at least 0, or a function of the step, counted from 0, such as `schedule` returns
    weight_decay : float, at least 0
    ops : the namespace of the update functions
    settings : momentum (0.9) for "momentum"; beta1 (0.9), beta2 (0.999) and eps (1e-8) for "adam"; all in [0, 1)

    Raises
    ------
    TypeError, ValueError
        An unknown name, a setting that the optimiser does not have, a number out of range.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, sections 8.3 and 8.5. Decoupled weight decay: Loshchilov
    and Hutter (2019), Decoupled weight decay regularization, algorithms 1 and 2, with the decay times the rate.

    Examples
    --------
    >>> from refcnn.layers import Linear
    >>> layer = Linear(1, 1, bias=False, init=1.0, rng=0)
    >>> layer.load({"weight": np.array([[3.0]])})
    >>> _ = layer.forward(np.array([[1.0]])), layer.backward(np.array([[2.0]]))
    >>> Optimiser("sgd", lr=0.5).update(layer)
    >>> layer.parameters["weight"].tolist()
    [[2.0]]
    """

    def __init__(
        self, name: str, *, lr: float | Schedule, weight_decay: float = 0.0, ops: Any = refcnn, **settings: float
    ) -> None:
        require(name in _SETTINGS, "Optimiser", "name", f"one of {', '.join(_SETTINGS)}", repr(name))
        foreign = ", ".join(sorted(settings.keys() - _SETTINGS[name].keys()))
        rule = f"among {sorted(_SETTINGS[name])} for {name!r}"
        require(not foreign, "Optimiser", "settings", rule, foreign, TypeError)
        self.name, self.ops = name, ops
        self.lr: Schedule = lr if callable(lr) else _constant(_amount("lr", lr))
        self.weight_decay = _amount("weight_decay", weight_decay)
        given = {setting: fraction("Optimiser", setting, value) for setting, value in settings.items()}
        self.settings = {**_SETTINGS[name], **given}
        self.step = 0
        self.state: Arrays = {}

    def update(self, network: Layer) -> None:
        """Make one step with the gradients that the last `backward` left."""
        lr, gradients = self.lr(self.step), network.gradients
        if not gradients:
            raise RuntimeError("Optimiser: update must follow a backward, got no gradients")
        self.step += 1
        updated = {}
        for name, param in network.parameters.items():
            if self.weight_decay and name.split(".")[-1] == "weight":
                param = self.ops.sgd_update(param, param, lr=lr * self.weight_decay)
            updated[name] = self._updated(name, param, gradients[name], lr)
        network.load(updated)

    def load(self, step: int, state: Arrays, network: Layer) -> None:
        """Go on from where another optimiser of the same name was.

        Raises
        ------
        TypeError, ValueError
            A step below 0, arrays that are not those that this optimiser keeps for the parameters of the network.
        """
        step = integer("Optimiser", "step", step, 0)
        kept = {f"{name}.{array}": name for name in network.parameters for array in _KEPT[self.name]} if step else {}
        rule = f"{self.name} after {step} steps: {sorted(kept)}"
        require(state.keys() == kept.keys(), "Optimiser", "state", rule, sorted(state))
        for key, name in kept.items():
            wanted, got = network.parameters[name].shape, np.shape(state[key])
            require(got == wanted, "Optimiser", key, f"of shape {wanted}, that of the parameter", f"shape {got}")
        self.step, self.state = step, dict(state)

    def _updated(self, name: str, param: FloatArray, grad: FloatArray, lr: float) -> FloatArray:
        """Return the parameter after the step, and keep what the next step needs."""
        kept = [f"{name}.{array}" for array in _KEPT[self.name]]
        arrays = [self.state.get(key, np.zeros_like(param)) for key in kept]
        settings = {**self.settings, "lr": lr}
        if self.name == "adam":
            settings["step"] = self.step
        results = getattr(self.ops, f"{self.name}_update")(param, grad, *arrays, **settings)
        if not kept:
            return np.asarray(results, param.dtype)
        # In the parameter's dtype: a batch of float64 is no reason for the network to become one.
        new, *arrays = (np.asarray(result, param.dtype) for result in results)
        self.state.update(zip(kept, arrays, strict=True))
        return new


def _amount(argument: str, value: float) -> float:
    amount = real("Optimiser", argument, value)
    require(0 <= amount < math.inf, "Optimiser", argument, "finite and at least 0", amount)
    return amount


def _constant(lr: float) -> Schedule:
    return lambda _: lr
