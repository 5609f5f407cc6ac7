"""Layers of features: the fully connected one, and the step from images to features."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from refcnn._checks import FloatArray, integer, require
from refcnn.layers.initialisation import initial_weight
from refcnn.layers.layer import Layer, Shape


class Linear(Layer):
    """Map every row of features by one affine map: `refcnn.linear`.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool, whether a number is added to each feature; it begins as 0
    init : "he", "xavier" or a standard deviation
    rng : the generator of the weights, or its seed

    Examples
    --------
    >>> Linear(3, 2, rng=0).forward(np.ones((5, 3), np.float32)).shape
    (5, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        init: str | float = "he",
        rng: np.random.Generator | int,
    ) -> None:
        super().__init__()
        in_features = integer("Linear", "in_features", in_features, 1)
        out_features = integer("Linear", "out_features", out_features, 1)
        weight = initial_weight((out_features, in_features), init, fan_in=in_features, fan_out=out_features, rng=rng)
        self._set_weight_and_bias(weight, out_features if bias else 0)

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.linear(x, self._weight(), self._bias())

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        grad_x, *gradients = self.ops.linear_backward(grad_output, x, self._weight())
        self._keep_weight_and_bias(*gradients)
        return grad_x

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (D_out,) of (D_in,)."""
        D_out, D_in = self._weight().shape
        require(input_shape == (D_in,), "Linear", "input_shape", f"({D_in},)", input_shape)
        return (D_out,)

    def multiply_adds(self, input_shape: Shape) -> int:
        """Count one for each weight."""
        del input_shape
        return self._weight().size


class Flatten(Layer):
    """Write the pixels of each image in one row.

    Examples
    --------
    >>> Flatten().forward(np.ones((5, 2, 3, 4))).shape
    (5, 24)
    """

    def _forward(self, x: FloatArray) -> Any:
        return x.reshape(len(x), math.prod(x.shape[1:]))

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return grad_output.reshape(x.shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C·H·W,) of (C, H, W)."""
        return (math.prod(input_shape),)
