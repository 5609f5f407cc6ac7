"""Pooling and normalisation by scipy.ndimage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from conformance.adapters._arguments import Array, floats, integer, rank
from conformance.adapters._windows import Walk, pooling


def _filtered(image: Array, walk: Walk, apply: Callable[[Array], Array], fill: float) -> Array:
    """Filter an image with as much around it as the windows see, and keep what their centres say."""
    around = [(before, max(0, end)) for before, end in zip(walk.befores, walk.ends, strict=True)]
    padded = np.pad(image, ((0, 0), (0, 0), *around), constant_values=fill)
    filtered = apply(padded) if padded.size else padded
    centres = [
        slice(extent // 2, extent // 2 + (count - 1) * step + 1, step)
        for extent, count, step in zip(_extents(walk), walk.output, walk.stride, strict=True)
    ]
    return filtered[:, :, *centres]


def _extents(walk: Walk) -> list[int]:
    return [d * (k - 1) + 1 for d, k in zip(walk.dilation, walk.kernel, strict=True)]


def max_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    dilation: object = 1,
    ceil_mode: bool = False,
) -> Array:
    """scipy.ndimage.maximum_filter, at the centres of the windows; dilation is a footprint with holes."""
    (image,) = floats("max_pool2d", x=x)
    walk = pooling(
        "max_pool2d",
        image,
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    footprint = np.zeros((1, 1, *_extents(walk)), bool)
    footprint[:, :, :: walk.dilation[0], :: walk.dilation[1]] = True

    def largest(padded: Array) -> Array:
        return np.asarray(ndimage.maximum_filter(padded, footprint=footprint, mode="constant", cval=-np.inf))

    # maximum_filter says nothing of NaN, and lets it win or lose by its place: https://github.com/scipy/scipy/issues/9077
    nans = np.isnan(image)
    y = _filtered(np.where(nans, -np.inf, image), walk, largest, -np.inf)
    return np.where(_filtered(nans.astype(image.dtype), walk, largest, 0) > 0, np.nan, y).astype(image.dtype)


def avg_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """scipy.ndimage.correlate with ones, divided by what the windows hold.

    uniform_filter would be natural, but carries its sum on from window to window, and the rounding with it.
    """
    (image,) = floats("avg_pool2d", x=x)
    walk = pooling("avg_pool2d", image, kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode)

    def total(padded: Array) -> Array:
        return np.asarray(ndimage.correlate(padded, np.ones((1, 1, *walk.kernel)), mode="constant"))

    inside = np.pad(
        np.ones((1, 1, *walk.image), image.dtype),
        ((0, 0), (0, 0), *walk.padding),
        constant_values=float(count_include_pad),
    )
    already = walk._replace(image=inside.shape[2:], padding=((0, 0), (0, 0)))
    return _filtered(image, walk, total, 0) / _filtered(inside, already, total, 0)


def local_response_norm(
    x: npt.ArrayLike, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """scipy.ndimage.correlate1d of the squares; its window leans to lower channels, as the contract's."""
    (image,) = floats("local_response_norm", x=x)
    rank("local_response_norm", "x", image, 4)
    ones = np.ones(integer("local_response_norm", "size", size, 1))
    squares = image * image
    sums = ndimage.correlate1d(squares, ones, axis=1, mode="constant") if squares.size else squares
    return np.asarray(image / (k + alpha / size * sums) ** beta)
