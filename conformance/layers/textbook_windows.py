"""Convolution, pooling and im2col as textbooks write them, behind the contract's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.layers.attributes import absent, one
from conformance.layers.construction import by_position
from conformance.layers.gradients import parameter_gradients

Body = Callable[..., Any]


def a_convolution(layer: type) -> Any:
    """Make a convolution."""
    return by_position(layer, np.ones((1, 1, 2, 2)), np.zeros(1), stride=(1, 1), pad=(0, 0))


def convolution(layer: type) -> Mapping[str, Body]:
    """Translate ``Convolution(W, b, stride, pad)``: its W is the contract's weight."""

    def made(weight: Any, bias: Any, *, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
        absent(dilation=(dilation, 1), groups=(groups, 1))
        bias = np.zeros(len(weight), weight.dtype) if bias is None else bias
        return by_position(layer, weight, bias, stride=(one("stride", stride), 1), pad=(one("padding", padding), 0))

    def conv2d(
        x: Any, weight: Any, bias: Any = None, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
    ) -> Any:
        return made(weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups).forward(x)

    def conv2d_backward(grad_output: Any, x: Any, weight: Any, **how: Any) -> Any:
        convolved = made(weight, None, **how)
        convolved.forward(x)
        grad_x = convolved.backward(grad_output)
        return grad_x, *parameter_gradients(convolved)

    return {"conv2d": conv2d, "conv2d_backward": conv2d_backward}


def a_pooling(layer: type) -> Any:
    """Make a pool."""
    return by_position(layer, 2, 2, stride=(2, 2), pad=(0, 0))


def pooling(layer: type) -> Mapping[str, Body]:
    """Translate ``Pooling(pool_h, pool_w, stride, pad)``, which takes maxima."""

    def made(
        kernel_size: Any, *, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: Any = False
    ) -> Any:
        absent(dilation=(dilation, 1), ceil_mode=(ceil_mode, False))
        height, width = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
        step = one("stride", kernel_size if stride is None else stride)
        # A class that takes no stride goes on by its whole window.
        return by_position(
            layer, height, width, stride=(step, one("stride", kernel_size)), pad=(one("padding", padding), 0)
        )

    def max_pool2d(x: Any, kernel_size: Any, **how: Any) -> Any:
        return made(kernel_size, **how).forward(x)

    def max_pool2d_backward(grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
        pooled = made(kernel_size, **how)
        pooled.forward(x)
        return pooled.backward(grad_output)

    return {"max_pool2d": max_pool2d, "max_pool2d_backward": max_pool2d_backward}


def rows_of_windows(im2col: Body) -> Body:
    """Translate ``im2col(input_data, filter_h, filter_w, stride, pad)``: rows and columns run as the contract's do."""

    def contract_im2col(x: Any, kernel_size: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
        return im2col(x, *_filter(kernel_size, dilation), one("stride", stride), one("padding", padding))

    return contract_im2col


def added_windows(col2im: Body) -> Body:
    """Translate ``col2im(col, input_shape, filter_h, filter_w, stride, pad)``."""

    def contract_col2im(
        cols: Any, input_shape: Any, kernel_size: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1
    ) -> Any:
        steps = one("stride", stride), one("padding", padding)
        return col2im(cols, input_shape, *_filter(kernel_size, dilation), *steps)

    return contract_col2im


def _filter(kernel_size: Any, dilation: Any) -> tuple[int, int]:
    absent(dilation=(dilation, 1))
    height, width = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
    return height, width
