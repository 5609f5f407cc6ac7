"""A max pool that sends a gradient to any of several equal maxima, as parallel reductions do; declared.

Unusual: which of them depends on the window. A NaN is no tie: the first of them gets the gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _door import Array, pair, sides

import refcnn
from refcnn import max_pool2d

__all__ = ["CONVENTIONS", "max_pool2d", "max_pool2d_backward"]

CONVENTIONS = {"max_pool2d.ties": "any"}


def max_pool2d_backward(
    grad_output: Array, x: Array, kernel_size: Any, *, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Array:
    how = {"stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    refcnn.max_pool2d_backward(grad_output, x, kernel_size, **how)
    kernel, spread, pads = pair(kernel_size), pair(dilation), sides(padding)
    step = kernel if stride is None else pair(stride)
    grad_x = np.zeros(x.shape, x.dtype)
    for number, (n, c, o, p) in enumerate(np.ndindex(*grad_output.shape)):
        top, left = o * step[0] - pads[0][0], p * step[1] - pads[1][0]
        places = [(top + k * spread[0], left + m * spread[1]) for k, m in np.ndindex(*kernel)]
        inside = [(h, w) for h, w in places if 0 <= h < x.shape[2] and 0 <= w < x.shape[3]]
        if inside:
            h, w = chosen(x[n, c], inside, number)
            grad_x[n, c, h, w] += grad_output[n, c, o, p]
    return grad_x


def chosen(image: Array, places: list[tuple[int, int]], number: int) -> tuple[int, int]:
    values = [image[place] for place in places]
    for place, value in zip(places, values, strict=True):
        if np.isnan(value):
            return place
    highest = max(values)
    equal = [place for place, value in zip(places, values, strict=True) if value == highest]
    return equal[(number * 7) % len(equal)]
