"""The windows of a pool, for mistakes in one of their numbers or in what is made of the pixels that they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.faults.fault import Right
from conformance.oracle.geometry import Axis, Pair, add_windows, pair, sliding_axes, window_mask, windows

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Axes = list[Axis]
Choose = Callable[[Array, Axes], Array]

_DEFAULTS = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}


def axes_of(x: Array, kernel_size: int | Pair, **how: Any) -> Axes:
    """Return the vertical and the horizontal axis of a pool."""
    height, width = x.shape[2:]
    return sliding_axes((height, width), pair(kernel_size), _DEFAULTS | how, pooling=True)


def with_numbers(axes: Axes, **numbers: Pair) -> Axes:
    """Return the axes with some numbers replaced, each given as (vertical, horizontal)."""
    return [replace(axis, **{name: both[i] for name, both in numbers.items()}) for i, axis in enumerate(axes)]


def cells(x: Array, axes: Axes, outside: float = -np.inf) -> Array:
    """Read (N, C, H, W) as windows: (N, C, OH, OW, KH·KW), `outside` where there is no pixel."""
    vertical, horizontal = axes
    shape = (*x.shape[:2], vertical.outputs, horizontal.outputs, vertical.kernel * horizontal.kernel)
    return np.moveaxis(windows(x, axes, outside), 3, 4).reshape(shape)


def add_cells(shares: Array, axes: Axes) -> Array:
    """Add (N, C, OH, OW, KH·KW) onto the pixels that `cells` reads."""
    vertical, horizontal = axes
    shape = (*shares.shape[:4], vertical.kernel, horizontal.kernel)
    return add_windows(np.moveaxis(shares.reshape(shape), 4, 3), axes)


def numbered(axes: Axes) -> NDArray[np.int64]:
    """Return the number of the pixel in each cell of each window, H·W where there is none: (OH, OW, KH·KW)."""
    vertical, horizontal = axes
    pixels = vertical.size * horizontal.size
    image = np.arange(pixels).reshape(1, 1, vertical.size, horizontal.size)
    numbers: NDArray[np.int64] = cells(image, axes, outside=pixels)[0, 0]
    return numbers


def maxima(x: Array, axes: Axes) -> Mask:
    """Say which cells of the windows are pixels that equal the maximum, or are NaN where there is one."""
    shown = cells(x, axes)
    top = shown.max(axis=-1, keepdims=True)
    inside = np.moveaxis(window_mask(axes), 1, 2).reshape(shown.shape[2:])
    return np.asarray(np.where(np.isnan(top), np.isnan(shown), shown == top) & inside)


def first(mask: Mask) -> Mask:
    """Keep the first cell of each window alone."""
    return np.asarray(mask & (np.cumsum(mask, axis=-1) == 1))


def last(mask: Mask) -> Mask:
    """Keep the last cell of each window alone."""
    return first(mask[..., ::-1])[..., ::-1]


def first_maximum(x: Array, axes: Axes) -> Mask:
    """Say which pixel of each window gets its gradient."""
    return first(maxima(x, axes))


def routed(right: Right, arrays: tuple[Any, ...], how: Any, choose: Choose = first_maximum, **numbers: Pair) -> Array:
    """Give each window's gradient to the cells that are chosen, times the weights that they are chosen with."""
    right(*arrays, **how)
    grad_output, x, kernel_size = arrays
    axes = with_numbers(axes_of(x, kernel_size, **how), **numbers)
    weights = choose(x, axes)
    shares = np.where(weights > 0, weights * grad_output[..., None], 0)
    return add_cells(shares.astype(x.dtype), axes)


def counts(axes: Axes, count_include_pad: bool) -> Array:
    """Return how many cells of each window enter its average: (OH, OW)."""
    rows, columns = (axis.inside_padded if count_include_pad else axis.inside for axis in axes)
    return np.outer(rows.sum(axis=1), columns.sum(axis=1))


def moved(images: Array, target: NDArray[np.int64]) -> Array:
    """Add each pixel of (N, C, H, W), counted along the rows, to the pixel whose number `target` gives."""
    flat = np.zeros((*images.shape[:2], target.size), images.dtype)
    several = images.reshape(flat.shape)
    for pixel, number in enumerate(target):
        flat[..., number] += several[..., pixel]
    return flat.reshape(images.shape)


def overwritten(shares: Array, source: NDArray[np.int64], shape: tuple[int, ...]) -> Array:
    """Write each share to the pixel of that number, over what stood there; number H·W is nowhere."""
    N, C, H, W = shape
    flat = np.zeros((N, C, H * W + 1), shares.dtype)
    several = (N, C, int(np.prod(shares.shape[2:])))
    np.put_along_axis(flat, source.reshape(several), shares.reshape(several), axis=-1)
    return flat[..., :-1].reshape(shape)


def as_it_lies(array: Array) -> Array:
    """Read the memory of an array from front to back, as if its rows lay one after the other."""
    return array.ravel(order="K").reshape(array.shape)


def writable(array: Array) -> Array:
    """Return the array itself to write into, or a copy of one that is read-only."""
    return array if array.flags.writeable else array.copy()
