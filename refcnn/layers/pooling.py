"""Layers that pool."""

from __future__ import annotations

from typing import Any

from refcnn._checks import FloatArray, Padding, Pair
from refcnn._windows import slide_pool
from refcnn.layers.layer import Layer, Shape


class MaxPool2d(Layer):
    """Take the maximum of each window: `refcnn.max_pool2d`.

    Parameters
    ----------
    kernel_size, dilation : int or (vertical, horizontal), in pixels
    stride : int, (vertical, horizontal) or None for `kernel_size`, in pixels
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), in pixels
    ceil_mode : bool, whether a last window may stick out

    Examples
    --------
    >>> MaxPool2d(2, ceil_mode=True).output_shape((3, 5, 6))
    (3, 3, 3)
    """

    def __init__(
        self,
        kernel_size: Pair,
        *,
        stride: Pair | None = None,
        padding: Padding = 0,
        dilation: Pair = 1,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.attributes: dict[str, Any] = {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "ceil_mode": ceil_mode,
        }

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.max_pool2d(x, self.kernel_size, **self.attributes)

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return self.ops.max_pool2d_backward(grad_output, x, self.kernel_size, **self.attributes)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OH, OW) of (C, H, W)."""
        axes = slide_pool("MaxPool2d", (1, *input_shape), self.kernel_size, **self.attributes)
        return (input_shape[0], *(axis.outputs for axis in axes))


class AvgPool2d(Layer):
    """Take the mean of each window: `refcnn.avg_pool2d`.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode : as in `MaxPool2d`
    count_include_pad : bool, whether padding counts in the mean

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool2d(2).forward(np.ones((1, 3, 4, 4))).shape
    (1, 3, 2, 2)
    """

    def __init__(
        self,
        kernel_size: Pair,
        *,
        stride: Pair | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.attributes: dict[str, Any] = {
            "stride": stride,
            "padding": padding,
            "ceil_mode": ceil_mode,
            "count_include_pad": count_include_pad,
        }

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.avg_pool2d(x, self.kernel_size, **self.attributes)

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return self.ops.avg_pool2d_backward(grad_output, x, self.kernel_size, **self.attributes)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OH, OW) of (C, H, W)."""
        attributes = {key: value for key, value in self.attributes.items() if key != "count_include_pad"}
        axes = slide_pool("AvgPool2d", (1, *input_shape), self.kernel_size, dilation=1, **attributes)
        return (input_shape[0], *(axis.outputs for axis in axes))


class GlobalAvgPool2d(Layer):
    """Take the mean of each channel: `refcnn.global_avg_pool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> GlobalAvgPool2d().forward(np.ones((2, 3, 4, 5))).shape
    (2, 3, 1, 1)
    """

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.global_avg_pool2d(x)

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return self.ops.global_avg_pool2d_backward(grad_output, x)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, 1, 1) of (C, H, W)."""
        return (self._image(input_shape)[0], 1, 1)
