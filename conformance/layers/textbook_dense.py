"""Layers without windows as textbooks write them, behind the contract's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.layers.gradients import parameter_gradients

Body = Callable[..., Any]


def an_affine(layer: type) -> Any:
    """Make an affine layer."""
    return layer(np.ones((2, 3)), np.zeros(3))


def affine(layer: type) -> Mapping[str, Body]:
    """Translate ``Affine(W, b)``: its W is (in, out), the transpose of the contract's weight."""

    def linear(x: Any, weight: Any, bias: Any = None) -> Any:
        return layer(weight.T, np.zeros(len(weight), weight.dtype) if bias is None else bias).forward(x)

    def linear_backward(grad_output: Any, x: Any, weight: Any) -> Any:
        mapped = layer(weight.T, np.zeros(len(weight), weight.dtype))
        mapped.forward(x)
        grad_x = mapped.backward(grad_output)
        grad_weight, grad_bias = parameter_gradients(mapped)
        return grad_x, np.transpose(grad_weight), grad_bias

    return {"linear": linear, "linear_backward": linear_backward}


def activation(name: str, layer: type) -> Mapping[str, Body]:
    """Translate a layer without arguments that treats each number alone."""

    def forward(x: Any) -> Any:
        return layer().forward(x)

    def backward(grad_output: Any, x: Any) -> Any:
        activated = layer()
        activated.forward(x)
        return activated.backward(grad_output)

    return {name: forward, f"{name}_backward": backward}


def softmax_with_loss(layer: type) -> Mapping[str, Body]:
    """Translate ``SoftmaxWithLoss``: ``forward(x, t)`` and ``backward()``, for labels and rows that are one-hot."""

    def cross_entropy(logits: Any, target: Any) -> Any:
        return layer().forward(logits, _labels(logits, target))

    def cross_entropy_backward(logits: Any, target: Any) -> Any:
        loss = layer()
        loss.forward(logits, _labels(logits, target))
        return loss.backward()

    return {"cross_entropy": cross_entropy, "cross_entropy_backward": cross_entropy_backward}


def _labels(logits: Any, target: Any) -> Any:
    if logits.shape[1] == 1:
        raise NotImplementedError("with one class, labels cannot be told from rows by their number")
    if target.ndim == 2 and not (np.isin(target, (0, 1)).all() and (target.sum(axis=1) == 1).all()):
        raise NotImplementedError("SoftmaxWithLoss takes labels or rows that are one-hot, not weights")
    return target
