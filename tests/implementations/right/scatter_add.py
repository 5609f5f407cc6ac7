"""Convolutions by scattering alone: every product is sent to its place with `numpy.add.at`, forward as well."""

from __future__ import annotations

from typing import Any

import numpy as np
from _door import Array, Pair, add_at, convolutions, kernel_of, outputs, pair, spanned


def meetings(out: Pair, kernel: Pair, step: Pair, spread: Pair) -> tuple[Array, ...]:
    """List which output (o, p) meets which pixel (h, w) in which cell (k, m), as six arrays."""
    o, p, k, m = (axis.reshape(-1) for axis in np.indices((*out, *kernel)))
    return o, p, k, m, o * step[0] + k * spread[0], p * step[1] + m * spread[1]


def added(shape: tuple[int, ...], where: tuple[Any, ...], products: Array) -> Array:
    result = np.zeros(shape, products.dtype)
    add_at(result, tuple(np.broadcast_to(index, products.shape) for index in where), products)
    return result


def correlate(image: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    kernel = pair(weight.shape[2:])
    out = outputs(image, kernel, step, spread)
    o, p, k, m, h, w = meetings(out, kernel, step, spread)
    # (n, 1, c, meeting) and (1, f, c, meeting)
    products = image[:, None, :, h, w] * weight[None, :, :, k, m]
    n, f = np.ogrid[: len(image), : len(weight)]
    where = n[..., None, None], f[..., None, None], o, p
    return added((len(image), len(weight), *out), where, products)


def scatter(slope: Array, weight: Array, step: Pair, spread: Pair) -> Array:
    out, kernel = pair(slope.shape[2:]), pair(weight.shape[2:])
    o, p, k, m, h, w = meetings(out, kernel, step, spread)
    products = slope[:, :, None, o, p] * weight[None, :, :, k, m]
    n, _, c = np.ogrid[: len(slope), :1, : weight.shape[1]]
    shape = (len(slope), weight.shape[1], *spanned(out, kernel, step, spread))
    return added(shape, (n[..., None], c[..., None], h, w), products)


def weigh(image: Array, slope: Array, step: Pair, spread: Pair) -> Array:
    kernel = kernel_of(image, slope, step, spread)
    o, p, k, m, h, w = meetings(pair(slope.shape[2:]), kernel, step, spread)
    products = slope[:, :, None, o, p] * image[:, None, :, h, w]
    _, f, c = np.ogrid[:1, : slope.shape[1], : image.shape[1]]
    return added((slope.shape[1], image.shape[1], *kernel), (f[..., None], c[..., None], k, m), products)


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions(
    correlate, scatter, weigh
)
