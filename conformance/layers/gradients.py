"""Where a layer of a textbook leaves the gradients of its weight and bias."""

from __future__ import annotations

from typing import Any


def parameter_gradients(layer: Any) -> tuple[Any, Any]:
    """Return what a layer has left in ``dW`` and ``db`` or, if it has neither, in a list ``grads``."""
    left = getattr(layer, "grads", None)
    if hasattr(layer, "dW") or hasattr(layer, "db"):
        return layer.dW, layer.db
    if isinstance(left, list | tuple) and len(left) == 2:
        return left[0], left[1]
    raise NotImplementedError(f"{type(layer).__name__} leaves its gradients neither in dW and db nor in a list grads")
