"""Layers that take the size of their input from what lies before them in a network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from refcnn._checks import Padding, Pair, integer, require
from refcnn.layers.convolution import Conv2d
from refcnn.layers.layer import Shape
from refcnn.layers.linear import Linear
from refcnn.layers.normalisation import BatchNorm


def convolution(
    filters: int,
    kernel_size: Pair,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    groups: int = 1,
    bias: bool = True,
    init: str | float = "he",
    rng: np.random.Generator | int,
) -> Callable[[Shape], Conv2d]:
    """Convolve all the channels that come in: `Conv2d` without its `in_channels`.

    Examples
    --------
    >>> convolution(8, 3, rng=0)((2, 5, 5)).parameters["weight"].shape
    (8, 2, 3, 3)
    """

    def layer(shape: Shape) -> Conv2d:
        require(len(shape) == 3, "Conv2d", "input_shape", "(C, H, W)", shape)
        channels = shape[0], integer("Conv2d", "out_channels", filters, 1)
        return Conv2d(
            *channels, kernel_size, stride=stride, padding=padding, groups=groups, bias=bias, init=init, rng=rng
        )

    return layer


def affine(
    features: int, *, bias: bool = True, init: str | float = "he", rng: np.random.Generator | int
) -> Callable[[Shape], Linear]:
    """Map all the features that come in: `Linear` without its `in_features`.

    Examples
    --------
    >>> affine(3, rng=0)((12,)).parameters["weight"].shape
    (3, 12)
    """

    def layer(shape: Shape) -> Linear:
        out_features = integer("Linear", "out_features", features, 1)
        return Linear(shape[0], out_features, bias=bias, init=init, rng=rng)

    return layer


def batch_norm(shape: Shape) -> BatchNorm:
    """Normalise all the channels, or features, that come in.

    Examples
    --------
    >>> batch_norm((8, 5, 5)).parameters["gamma"].shape
    (8,)
    """
    return BatchNorm(shape[0])
