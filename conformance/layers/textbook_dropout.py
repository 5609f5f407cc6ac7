"""Dropout as textbooks write it, behind the contract's functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from conformance.layers.construction import by_position

Body = Callable[..., Any]


def a_dropout(layer: type) -> Any:
    """Make a layer."""
    return by_position(layer, dropout_ratio=(0.5, 0.5))


def dropout(layer: type) -> Mapping[str, Body]:
    """Translate ``Dropout(dropout_ratio)``, whose mask comes from NumPy's global generator, or from one it is given."""
    takes_rng = "rng" in inspect.signature(layer).parameters

    def seeded(p: float, x: Any, training: bool, seed: int) -> tuple[Any, Any]:
        given = {"rng": (np.random.default_rng(seed), None)} if takes_rng else {}
        dropping = by_position(layer, dropout_ratio=(p, 0.5), **given)
        kept = np.random.get_state()  # noqa: NPY002 - the generator that such layers draw from
        try:
            np.random.seed(seed)  # noqa: NPY002 - as above
            return dropping, dropping.forward(x, training)
        finally:
            np.random.set_state(kept)  # noqa: NPY002 - as above

    @cache
    def draws_for_itself() -> bool:
        first, second = (seeded(0.5, np.ones(64), True, 0)[1] for _ in range(2))
        return not np.array_equal(first, second)

    def contract_dropout(x: Any, *, p: float, training: bool, seed: int) -> Any:
        if training and draws_for_itself():
            raise NotImplementedError(f"{layer.__name__} draws from a generator of its own, which cannot be seeded")
        return seeded(p, x, training, seed)[1]

    def dropout_backward(grad_output: Any, x: Any, *, p: float, training: bool, seed: int) -> Any:
        if not training:
            raise NotImplementedError("textbooks' layers pass gradients back in training alone")
        if draws_for_itself():
            raise NotImplementedError(f"{layer.__name__} draws from a generator of its own, which cannot be seeded")
        return seeded(p, x, training, seed)[0].backward(grad_output)

    return {"dropout": contract_dropout, "dropout_backward": dropout_backward}
