"""Layers that convolve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from refcnn._checks import FloatArray, Padding, Pair, groups_divide, integer, pair, require
from refcnn._windows import slide_both, spread_both
from refcnn.layers.initialisation import initial_weight
from refcnn.layers.layer import Layer, Shape


class Conv2d(Layer):
    """Correlate images with a bank of filters: `refcnn.conv2d`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (vertical, horizontal), in pixels
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), in pixels
    groups : int, the number of parts of the channels that do not see each other
    bias : bool, whether a number is added to each channel; it begins as 0
    init : "he", "xavier" or a standard deviation
    rng : the generator of the weights, or its seed

    Examples
    --------
    >>> layer = Conv2d(1, 8, 3, padding=1, rng=0)
    >>> layer.forward(np.ones((2, 1, 6, 5), np.float32)).shape, layer.output_shape((1, 6, 5))
    ((2, 8, 6, 5), (8, 6, 5))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        stride: Pair = 1,
        padding: Padding = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        init: str | float = "he",
        rng: np.random.Generator | int,
    ) -> None:
        super().__init__()
        in_channels = integer("Conv2d", "in_channels", in_channels, 1)
        out_channels = integer("Conv2d", "out_channels", out_channels, 1)
        groups_divide("Conv2d", groups, {"in_channels": in_channels, "out_channels": out_channels})
        self.in_channels, self.groups = in_channels, groups
        self.stride, self.padding, self.dilation = stride, padding, dilation
        kernel = pair("Conv2d", "kernel_size", kernel_size, 1)
        depth, cells = in_channels // groups, math.prod(kernel)
        fan_in, fan_out = depth * cells, out_channels // groups * cells
        weight = initial_weight((out_channels, depth, *kernel), init, fan_in=fan_in, fan_out=fan_out, rng=rng)
        self._set_weight_and_bias(weight, out_channels if bias else 0)

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.conv2d(x, self._weight(), self._bias(), **self._attributes())

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        weight = self._weight()
        grad_x, *gradients = self.ops.conv2d_backward(grad_output, x, weight, **self._attributes())
        self._keep_weight_and_bias(*gradients)
        return grad_x

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (F, OH, OW) of (C, H, W)."""
        C, *sizes = self._image(input_shape)
        require(self.in_channels == C, "Conv2d", "input_shape", f"of {self.in_channels} channels", input_shape)
        F, kernel = len(self._weight()), self._weight().shape[2:]
        axes = slide_both("Conv2d", "kernel_size", tuple(sizes), kernel, self.stride, self.padding, self.dilation)
        return (F, *(axis.outputs for axis in axes))

    def multiply_adds(self, input_shape: Shape) -> int:
        """Count one for each weight at each pixel of the output."""
        _, OH, OW = self.output_shape(input_shape)
        return self._parameters["weight"].size * OH * OW

    def _attributes(self) -> dict[str, Any]:
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups}


class ConvTranspose2d(Layer):
    """Spread images over larger ones, the adjoint of a convolution: `refcnn.conv_transpose2d`.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, init, rng : as in `Conv2d`
    output_padding : int or (vertical, horizontal), in pixels of the output

    Examples
    --------
    >>> layer = ConvTranspose2d(4, 2, 3, stride=2, rng=0)
    >>> layer.forward(np.ones((1, 4, 5, 5), np.float32)).shape, layer.output_shape((4, 5, 5))
    ((1, 2, 11, 11), (2, 11, 11))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        stride: Pair = 1,
        padding: Padding = 0,
        output_padding: Pair = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        init: str | float = "he",
        rng: np.random.Generator | int,
    ) -> None:
        super().__init__()
        in_channels = integer("ConvTranspose2d", "in_channels", in_channels, 1)
        out_channels = integer("ConvTranspose2d", "out_channels", out_channels, 1)
        groups_divide("ConvTranspose2d", groups, {"in_channels": in_channels, "out_channels": out_channels})
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.stride, self.padding, self.output_padding, self.dilation = stride, padding, output_padding, dilation
        kernel = pair("ConvTranspose2d", "kernel_size", kernel_size, 1)
        depth, cells = out_channels // groups, math.prod(kernel)
        fan_in, fan_out = in_channels // groups * cells, depth * cells
        weight = initial_weight((in_channels, depth, *kernel), init, fan_in=fan_in, fan_out=fan_out, rng=rng)
        self._set_weight_and_bias(weight, out_channels if bias else 0)

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.conv_transpose2d(x, self._weight(), self._bias(), **self._attributes())

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        weight = self._weight()
        grad_x, *gradients = self.ops.conv_transpose2d_backward(grad_output, x, weight, **self._attributes())
        self._keep_weight_and_bias(*gradients)
        return grad_x

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (F, OH, OW) of (C, H, W)."""
        C, *sizes = self._image(input_shape)
        require(self.in_channels == C, "ConvTranspose2d", "input_shape", f"of {self.in_channels} channels", input_shape)
        kernel = self._weight().shape[2:]
        attributes = self.stride, self.padding, self.output_padding, self.dilation
        axes = spread_both("ConvTranspose2d", tuple(sizes), kernel, *attributes)
        return (self.out_channels, *(axis.size for axis in axes))

    def multiply_adds(self, input_shape: Shape) -> int:
        """Count one for each weight at each pixel of the input."""
        _, H, W = self._image(input_shape)
        return self._parameters["weight"].size * H * W

    def _attributes(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "output_padding": self.output_padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }
