"""Convolutions of signals, which are images of height 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from _contract_checks import Array, integer, pair, rank

Function = Callable[..., Any]


def lying(name: str, signal: npt.ArrayLike) -> Array:
    """Make a signal an image of height 1."""
    value = np.asarray(signal)
    rank(name, value, 3)
    return value[:, :, np.newaxis, :]


def lying_attributes(stride: object, padding: object, dilation: object) -> dict[str, object]:
    return {
        "stride": (1, integer("stride", stride, 1)),
        "padding": ((0, 0), pair("padding", padding, 0)),
        "dilation": (1, integer("dilation", dilation, 1)),
    }


def on_signals(conv2d: Function, conv2d_backward: Function) -> tuple[Function, Function]:
    """Return conv1d and its backward, of those of images."""

    def conv1d(
        x: npt.ArrayLike,
        weight: npt.ArrayLike,
        bias: npt.ArrayLike | None = None,
        *,
        stride: object = 1,
        padding: object = 0,
        dilation: object = 1,
        groups: object = 1,
    ) -> Array:
        how = lying_attributes(stride, padding, dilation)
        y: Array = conv2d(lying("x", x), lying("weight", weight), bias, groups=groups, **how)
        return y[:, :, 0]

    def conv1d_backward(
        grad_output: npt.ArrayLike,
        x: npt.ArrayLike,
        weight: npt.ArrayLike,
        *,
        stride: object,
        padding: object,
        dilation: object,
        groups: object,
    ) -> tuple[Array, Array, Array]:
        how = lying_attributes(stride, padding, dilation)
        slope, image, kernels = lying("grad_output", grad_output), lying("x", x), lying("weight", weight)
        grad_x, grad_weight, grad_bias = conv2d_backward(slope, image, kernels, groups=groups, **how)
        return grad_x[:, :, 0], grad_weight[:, :, 0], grad_bias

    return conv1d, conv1d_backward
