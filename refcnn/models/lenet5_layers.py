"""The layers that LeNet-5 alone needs: sub-sampling, its squashing function, a convolution with a table.

All three are those of LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document
recognition, section II.B and appendix A.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from refcnn._checks import FloatArray, Pair, require
from refcnn.layers.convolution import Conv2d
from refcnn.layers.layer import Layer, Shape
from refcnn.layers.pooling import AvgPool2d

AMPLITUDE, SLOPE = 1.7159, 2 / 3  # so that the function maps ±1 to ±1, and bends most there


class ScaledTanh(Layer):
    """Squash into (−A, A): A · tanh(S · x) with A = 1.7159 and S = 2/3.

    Examples
    --------
    >>> ScaledTanh().forward(np.array([[-1.0, 0.0, 1.0]])).round(3).tolist()
    [[-1.0, 0.0, 1.0]]
    """

    def _forward(self, x: FloatArray) -> Any:
        return AMPLITUDE * np.asarray(self.ops.tanh(SLOPE * x))

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return self.ops.tanh_backward(AMPLITUDE * SLOPE * grad_output, SLOPE * x)


class SubSampling(AvgPool2d):
    """Add up windows of 2×2 pixels, side by side, and scale and shift the sum, each channel by numbers of its own.

    y[n, c] = weight[c] · Σ window[n, c] + bias[c]. The weights begin as 1/4, which makes a mean of the sum and
    thus keeps its scale; the biases as 0. The squashing that follows in the paper is a layer of its own.

    Parameters
    ----------
    channels : int

    Examples
    --------
    >>> layer = SubSampling(1)
    >>> layer.forward(np.array([[[[1.0, 2.0], [3.0, 6.0]]]])).tolist()
    [[[[3.0]]]]
    """

    CELLS = 4

    def __init__(self, channels: int) -> None:
        super().__init__(2)
        self._set_weight_and_bias(np.full(channels, 1 / self.CELLS, np.float32), channels)
        self._mean: FloatArray = np.zeros(0)

    def _forward(self, x: FloatArray) -> Any:
        self._mean = np.asarray(super()._forward(x))
        return self._scale() * self._mean + self._parameters["bias"].reshape(-1, 1, 1)

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        grad_weight = self.CELLS * (grad_output * self._mean).sum(axis=(0, 2, 3))
        self._keep_weight_and_bias(grad_weight, grad_output.sum(axis=(0, 2, 3)))
        return super()._backward(self._scale() * grad_output, x)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OH, OW) of (C, H, W)."""
        C = len(self._weight())
        require(input_shape[0] == C, "SubSampling", "input_shape", f"of {C} channels", input_shape)
        return super().output_shape(input_shape)

    def multiply_adds(self, input_shape: Shape) -> int:
        """Count one for each pixel of each window, as the paper counts connections."""
        C, OH, OW = self.output_shape(input_shape)
        return self.CELLS * C * OH * OW

    def _scale(self) -> FloatArray:
        """Return what the mean, not the sum, is multiplied by."""
        return self.CELLS * self._weight().reshape(-1, 1, 1)


class SparselyConnectedConv2d(Conv2d):
    """Correlate images with filters that each look at some of the channels only.

    The parameter `weight` holds the kernels that exist, (kernels, KH, KW), in the order of the table. For the
    operator they are set into filters (F, C, KH, KW) that are 0 elsewhere, and its gradient is read where they lie.

    Parameters
    ----------
    in_channels : int
    connections : for each filter, the channels that it looks at
    kernel_size : int or (vertical, horizontal), in pixels
    rng : the generator of the weights, or its seed; they begin with the standard deviation 1 / √fan-in, where the
        fan-in is that of the filter, the biases as 0

    Raises
    ------
    ValueError
        A filter without channels, a channel that does not exist or that a filter names twice.

    Examples
    --------
    >>> layer = SparselyConnectedConv2d(3, [(0, 2), (1,)], 2, rng=0)
    >>> layer.parameters["weight"].shape, layer.output_shape((3, 6, 5)), layer.multiply_adds((3, 6, 5))
    ((3, 2, 2), (2, 5, 4), 240)
    """

    def __init__(
        self,
        in_channels: int,
        connections: Sequence[Sequence[int]],
        kernel_size: Pair,
        *,
        rng: np.random.Generator | int,
    ) -> None:
        rule = f"different channels from 0 to {in_channels - 1}, at least one a filter"
        for channels in connections:
            known = {channel for channel in channels if 0 <= channel < in_channels}
            require(0 < len(channels) == len(known), "SparselyConnectedConv2d", "connections", rule, channels)
        super().__init__(in_channels, len(connections), kernel_size, init=1.0, rng=rng)
        degrees = [len(channels) for channels in connections]
        self._places = np.repeat(np.arange(len(connections)), degrees), np.concatenate(connections)
        full = self._parameters["weight"]
        self._full_shape = full.shape
        fan_in = np.repeat(degrees, degrees) * full[0, 0].size
        self._parameters["weight"] = (full[self._places] / np.sqrt(fan_in)[:, None, None]).astype(np.float32)

    def _weight(self) -> FloatArray:
        kernels = self._parameters["weight"]
        full = np.zeros(self._full_shape, kernels.dtype)
        full[self._places] = kernels
        return full

    def _keep_weight_and_bias(self, grad_weight: FloatArray, grad_bias: FloatArray) -> None:
        super()._keep_weight_and_bias(np.asarray(grad_weight)[self._places], grad_bias)
