"""Arrays that two processes both hold: the same numbers, type, strides and place within a block of memory."""

from __future__ import annotations

import contextlib
import ctypes
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Form = Mapping[str, Any]

# What a result can be made of: booleans, integers and floating numbers.
_KINDS = "fiub"


@dataclass(frozen=True)
class Block:
    """The memory from an array's first byte to its last, with what lies between its numbers."""

    address: int
    size: int
    offset: int

    @classmethod
    def of(cls, array: Array) -> Block:
        """Find the block that an array lies in; the offset is that of its first number."""
        start = array.__array_interface__["data"][0]
        if array.size == 0:
            return cls(start, 0, 0)
        reach = [(size - 1) * step for size, step in zip(array.shape, array.strides, strict=True)]
        below, above = sum(min(each, 0) for each in reach), sum(max(each, 0) for each in reach)
        return cls(start + below, above - below + array.itemsize, -below)

    def read(self) -> bytes:
        """Copy the bytes."""
        return ctypes.string_at(self.address, self.size)

    def write(self, data: bytes) -> None:
        """Change the bytes, also of an array that is marked read-only: whoever changed the other one did so too."""
        if len(data) != self.size:
            raise ValueError(f"data must have {self.size} bytes, got {len(data)}")
        ctypes.memmove(self.address, data, self.size)


def form_of(array: Array) -> Form:
    """Describe an array as plain JSON, so that ``rebuilt`` makes the same of its block's bytes."""
    block = Block.of(array)
    whole = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else ""
    return {
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "strides": list(array.strides),
        "size": block.size,
        "offset": block.offset,
        # An array that owns its memory is told from a view by a look at its base.
        "owned": whole if array.base is None else "",
        "writeable": array.flags.writeable,
    }


def rebuilt(form: Form, data: bytes) -> Array:
    """Make an array of a form, and with the bytes of the block that it describes.

    Examples
    --------
    >>> turned = np.arange(6.0).reshape(2, 3)[::-1, ::2]
    >>> again = rebuilt(form_of(turned), Block.of(turned).read())
    >>> again.tolist() == turned.tolist(), again.strides == turned.strides
    (True, True)
    """
    dtype, shape = np.dtype(form["dtype"]), tuple(form["shape"])
    if form["owned"]:
        array = np.empty(shape, dtype, order=form["owned"])
    else:
        memory = np.empty(max(form["size"], 1), np.uint8)
        array = np.ndarray(shape, dtype, memory.data, form["offset"], tuple(form["strides"]))
    Block.of(array).write(data)
    array.flags.writeable = form["writeable"]
    return array


def reshaped(array: Array, form: Form) -> None:
    """Change an array's type, shape, strides and writability in place, as somebody did to the one it stands for."""
    dtype, shape = np.dtype(form["dtype"]), tuple(form["shape"])
    if math.prod(shape) * dtype.itemsize != array.nbytes:
        raise ValueError(f"an array of {array.nbytes} bytes must keep its size, got {shape} of {dtype}")
    with warnings.catch_warnings():  # NumPy advises against it, and that is the point
        warnings.simplefilter("ignore")
        array.dtype = dtype  # type: ignore[misc]  # not to be done, and yet possible
        array.shape = shape
        if steps(form) != steps(form_of(array)):
            array.strides = tuple(form["strides"])
    with contextlib.suppress(ValueError):  # what it is a view of may be read-only here
        array.flags.writeable = form["writeable"]


def steps(form: Form) -> list[int]:
    """Return the strides that matter, along the axes that have more than one place."""
    empty = 0 in form["shape"]
    return [step for size, step in zip(form["shape"], form["strides"], strict=True) if size > 1 and not empty]


def result(form: Form, data: bytes) -> Array:
    """Make an array of plain numbers, in rows."""
    dtype = np.dtype(str(form["dtype"]))
    if dtype.kind not in _KINDS:
        raise ValueError(f"dtype must be of numbers, got {dtype}")
    shape = tuple(form["shape"])
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        raise ValueError(f"shape must be of sizes, got {shape}")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"data of shape {shape} and {dtype} must have another size than {len(data)} bytes")
    return np.ndarray(shape, dtype, bytearray(data))
