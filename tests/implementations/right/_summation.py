"""Operators whose every result is a sum of products, for implementations that differ in how they add up.

``add_up(terms)`` adds along the first axis; it is given the rounded products in row-major order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from _door import Convolutions, Pair, cell, convolutions, kernel_of, pair, spanned, windows

import refcnn

Array: TypeAlias = npt.NDArray[Any]
AddUp: TypeAlias = Callable[[Array], Array]


class Dense(NamedTuple):
    """The sums without windows."""

    linear: Callable[..., Array]
    linear_backward: Callable[..., tuple[Array, Array, Array]]
    global_avg_pool2d: Callable[[Array], Array]
    global_avg_pool2d_backward: Callable[[Array, Array], Array]


def convolutions_by(add_up: AddUp) -> Convolutions:
    """Make convolutions of a way to add up."""

    def correlate(image: Array, weight: Array, step: Pair, spread: Pair) -> Array:
        # (n, c, o, p, k, l) -> (c, k, l, n, 1, o, p), met by the weight as (c, k, l, 1, f, 1, 1)
        seen = windows(image, pair(weight.shape[2:]), step, spread).transpose(1, 4, 5, 0, 2, 3)
        kernels = weight.transpose(1, 2, 3, 0)[:, :, :, None, :, None, None]
        return _along_first(add_up, seen[:, :, :, :, None] * kernels, 3)

    def scatter(slope: Array, weight: Array, step: Pair, spread: Pair) -> Array:
        out, kernel = pair(slope.shape[2:]), pair(weight.shape[2:])
        size = spanned(out, kernel, step, spread)
        terms = np.zeros((*weight.shape[:1], *kernel, len(slope), weight.shape[1], *size), slope.dtype)
        for place in np.ndindex(*kernel):
            for f in range(len(weight)):
                products = slope[:, f, None] * weight[f, :, *place, None, None]
                terms[f, *place][cell(pair(place), out, step, spread)] = products
        return _along_first(add_up, terms, 3)

    def weigh(image: Array, slope: Array, step: Pair, spread: Pair) -> Array:
        kernel = kernel_of(image, slope, step, spread)
        # (n, c, o, p, k, l) -> (n, o, p, 1, c, k, l), met by the slope as (n, o, p, f, 1, 1, 1)
        seen = windows(image, kernel, step, spread).transpose(0, 2, 3, 1, 4, 5)
        slopes = slope.transpose(0, 2, 3, 1)[..., None, None, None]
        return _along_first(add_up, seen[:, :, :, None] * slopes, 3)

    def total(slope: Array) -> Array:
        return _along_first(add_up, slope.transpose(0, 2, 3, 1), 3)

    return convolutions(correlate, scatter, weigh, total)


def dense_by(add_up: AddUp) -> Dense:
    """Make the linear map and the mean of images of a way to add up."""

    def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
        refcnn.linear(x[:0], weight, bias)
        terms = x.T[:, :, None] * weight.T[:, None]
        if bias is not None:
            terms = np.concatenate([np.broadcast_to(bias, (1, len(x), len(bias))), terms])
        return add_up(terms)

    def linear_backward(grad_output: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
        if len(grad_output) != len(x):
            raise ValueError(f"grad_output must be of {len(x)} samples as x is, got shape {grad_output.shape}")
        refcnn.linear_backward(grad_output[:0], x[:0], weight)
        grad_x = add_up(grad_output.T[:, :, None] * weight[:, None])
        return grad_x, add_up(grad_output[:, :, None] * x[:, None]), add_up(grad_output)

    def global_avg_pool2d(x: Array) -> Array:
        refcnn.global_avg_pool2d(x[:0])
        pixels = x.shape[2] * x.shape[3]
        sums = _along_first(add_up, x.transpose(2, 3, 0, 1), 2)
        return np.asarray(sums / x.dtype.type(pixels))[:, :, None, None]

    return Dense(linear, linear_backward, global_avg_pool2d, refcnn.global_avg_pool2d_backward)


def _along_first(add_up: AddUp, terms: Array, axes: int) -> Array:
    """Add up along the first axes, taken as one."""
    rest = terms.shape[axes:]
    return add_up(terms.reshape(int(np.prod(terms.shape[:axes])), *rest))
