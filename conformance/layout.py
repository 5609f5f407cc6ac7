"""How an array lies in memory: the same numbers behind other strides, offsets and flags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _negative(array: Array) -> Array:
    """Store every axis backwards and read it backwards."""
    backwards = (slice(None, None, -1),) * array.ndim
    return array[backwards].copy()[backwards]


def _strided(array: Array) -> Array:
    """Let every second cell of a larger block hold the numbers; what lies between is not a number."""
    filler = np.nan if array.dtype.kind == "f" else 77
    block = np.full(tuple(2 * size + 1 for size in array.shape), filler, array.dtype)
    view = block[(slice(1, None, 2),) * array.ndim]
    view[...] = array
    return view


def _channels_last(array: Array) -> Array:
    """Store the second axis innermost."""
    if array.ndim < 3:
        return np.asfortranarray(array)
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)


def _swapped(array: Array) -> Array:
    """Store the last two axes in each other's place."""
    return array if array.ndim < 2 else np.ascontiguousarray(array.swapaxes(-1, -2)).swapaxes(-1, -2)


def _broadcast(array: Array) -> Array:
    """Let the first axis repeat its first entry with a stride of zero, which changes the values."""
    return np.broadcast_to(array[:1], array.shape) if array.ndim and array.shape[0] else array


def _broadcast_last(array: Array) -> Array:
    """Let the last axis repeat its first entry, as the gradient of a mean does."""
    return np.broadcast_to(array[..., :1], array.shape) if array.ndim and array.shape[-1] else array


def _beginning_of(axis: int) -> Callable[[Array], Array]:
    """Let an array be the beginning of one that goes on along an axis, as a slice is; what follows is no number."""

    def cut(array: Array) -> Array:
        along = axis % array.ndim if axis < array.ndim else -1 % array.ndim
        filler = np.nan if array.dtype.kind == "f" else 77
        longer = np.full([size + 3 * (place == along) for place, size in enumerate(array.shape)], filler, array.dtype)
        view = longer[(slice(None),) * along + (slice(array.shape[along]),)]
        view[...] = array
        return view

    return cut


def _read_only(array: Array) -> Array:
    array = np.array(array)
    array.flags.writeable = False
    return array


LAYOUTS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "contiguous": np.ascontiguousarray,
        "fortran": np.asfortranarray,
        "channels_last": _channels_last,
        "swapped": _swapped,
        "negative": _negative,
        "strided": _strided,
        "broadcast": _broadcast,
        "broadcast_last": _broadcast_last,
        "cropped": _beginning_of(-1),
        "first_channels": _beginning_of(1),
        "read_only": _read_only,
    }
)
# Layouts that give each argument its own; the last name is that of all further arguments.
_BY_POSITION: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mixed": ("fortran", "strided", "negative", "swapped", "fortran"),
        "first_fortran": ("fortran", "contiguous"),
        "rest_fortran": ("contiguous", "fortran"),
        "rest_strided": ("contiguous", "strided"),
    }
)
ALL_LAYOUTS = (*LAYOUTS, *_BY_POSITION)


# So many steps decide all but contrived cases, in milliseconds.
_STEPS = 1_000_000


def share_memory(one: Array, other: Array) -> bool:
    """Return whether two arrays have a byte in common; where that is too hard to say, whether their ranges overlap.

    Examples
    --------
    >>> block = np.zeros(6)
    >>> share_memory(block[::2], block[1::2]), share_memory(block[::2], block[4:])
    (False, True)
    """
    try:
        # The stubs know the two special values of max_work alone.
        return np.shares_memory(one, other, max_work=_STEPS)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def lay_out(array: Array, layout: str, position: int) -> Array:
    """Return the numbers of an array in a layout; some layouts give each argument another one.

    Examples
    --------
    >>> lay_out(np.arange(6.0).reshape(2, 3), "negative", 0).strides
    (-24, -8)
    """
    if layout in _BY_POSITION:
        names = _BY_POSITION[layout]
        layout = names[min(position, len(names) - 1)]
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(ALL_LAYOUTS)}, got {layout!r}")
    if array.ndim == 0:
        # One number lies in one way; NumPy's functions would give it an axis.
        return _read_only(array) if layout == "read_only" else array.copy()
    return LAYOUTS[layout](array)
