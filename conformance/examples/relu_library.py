"""A shared library behind the contract: what C expects is checked here, for C would read beyond an array.

``refcnn verify conformance/examples/relu_library.py --isolate``, once the library lies beside this file; the
variable RELU_LIBRARY may name another.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_LIBRARY = ctypes.CDLL(os.environ.get("RELU_LIBRARY", str(Path(__file__).with_suffix(".so"))))
_SUFFIXES = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64"}


def relu(x: Array) -> Array:
    """Answer by the library."""
    return _call("relu", x)


def relu_backward(grad_output: Array, x: Array) -> Array:
    """Answer by the library."""
    if grad_output.shape != x.shape:
        raise ValueError(f"relu_backward: grad_output must have shape {x.shape}, got {grad_output.shape}")
    return _call("relu_backward", grad_output, x)


def _call(name: str, *arrays: Array) -> Array:
    """Pass pointers to arrays in rows, and to a result of the same shape."""
    dtype = arrays[0].dtype.newbyteorder("=")
    if dtype not in _SUFFIXES or any(array.dtype.newbyteorder("=") != dtype for array in arrays):
        raise TypeError(f"{name}: arrays must be float32 or float64, got {[str(array.dtype) for array in arrays]}")
    given = [np.ascontiguousarray(array, dtype) for array in arrays]
    result = np.empty(arrays[0].shape, dtype)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (*given, result)]
    getattr(_LIBRARY, f"{name}_{_SUFFIXES[dtype]}")(*pointers, ctypes.c_size_t(result.size))
    return result
