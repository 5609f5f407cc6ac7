"""What is in a case's arrays, made from its seed.

Only the raw 64-bit words of NumPy's PCG64 are drawn, a stream that NumPy promises never to change; so a case is the
same on every machine.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from conformance.case import Case, Shape
from conformance.contract import OPERATORS
from conformance.kinds import BAD_LABELS, KINDS, LABEL_DTYPES, Words, integers, positive, powers, uniform
from conformance.layout import lay_out

Array = NDArray[Any]

# Most arrays are smaller, and to start a generator takes longer than to draw so many.
_KEPT = 1024


def words(shape: Shape, *seeds: int) -> Words:
    """Draw one raw 64-bit word an element; they are not to be written to."""
    count = math.prod(shape)
    raw = _first_words(*seeds)[:count] if count <= _KEPT else _drawn(count, *seeds)
    return raw.reshape(shape)


@lru_cache(maxsize=2048)  # 16 MiB
def _first_words(*seeds: int) -> Words:
    return _drawn(_KEPT, *seeds)


def _drawn(count: int, *seeds: int) -> Words:
    raw = np.asarray(np.random.PCG64(list(seeds)).random_raw(count), dtype=np.uint64)
    raw.flags.writeable = False
    return raw


# Where values tie, the gradients are powers of two, whose sums tell where they went.
_ROUTED = frozenset({"ties", "orders", "tie_patterns", "minus_infinity", "zero_ties", "constant"})

# What the arrays besides the image hold, where the kind of the case does not say it for all of them.
_FOR_EVERY_ARRAY = frozenset({"uniform", "integers", "wide", "octaves", "specials"})
_EVERY_MAGNITUDE = frozenset({"wide", "octaves"})
_MEMORY = frozenset({"grad", "velocity", "m", "v"})
_ZEROS = frozenset(
    {("running_var", "constant"), ("grad", "no_grad"), *((name, "first_step") for name in ("velocity", "m", "v"))}
)
_NEVER_NEGATIVE = frozenset({"running_var", "v"})
_IMAGES = frozenset({"x", "logits", "cols", "param"})


def arrays(case: Case, **more: Shape) -> dict[str, Array]:
    """Make the arrays of a case, in its layout.

    ``more`` asks for further arrays, such as ``grad_output``, that the case itself gives no shape.
    """
    if case.data not in KINDS:
        raise ValueError(f"data must be one of {', '.join(KINDS)}, got {case.data!r}")
    made: dict[str, Array] = {}
    for name in (*OPERATORS[case.operator].forward.arguments, "grad_output"):
        shape = case.shapes.get(name, more.get(name))
        if shape is not None:
            made[name] = lay_out(_plain_array(case, name, shape), case.layout, len(made))
    return made


def _plain_array(case: Case, name: str, shape: Shape) -> Array:
    """Make an array that is contiguous; a small one is copied from what an earlier requirement asked for."""
    classes = case.shapes["logits"][1] if name == "target" else 0
    how = (name, shape, case.dtype, case.data, case.seed, classes)
    # Arithmetic makes a NumPy scalar of an array without axes.
    return np.array(_numbers_again(*how) if math.prod(shape) <= _KEPT else _numbers(*how))


def draw(kind: str, shape: Shape, dtype: str, *seeds: int) -> Array:
    """Make one array of a kind, for a check that needs more than its case holds."""
    return KINDS[kind](words(shape, *seeds), np.dtype(dtype))


def _numbers(name: str, shape: Shape, dtype_name: str, data: str, seed: int, classes: int) -> Array:
    raw = words(shape, seed, crc32(name.encode()))
    dtype = np.dtype(dtype_name)
    if name == "target":
        return _target(raw, dtype, data, classes)
    if dtype.kind != "f":
        return integers(raw, np.dtype(np.float64)).astype(dtype)
    if (name, data) in _ZEROS:
        return np.zeros(shape, dtype)
    if name in _IMAGES and data == "bytes":
        return (raw >> np.uint64(56)).astype(np.uint8)
    if name in _MEMORY and data == "zeros":
        # Where neither a gradient nor a memory of one is, nothing may happen, and 0 / 0 least of all.
        return np.asarray(uniform(raw, dtype) ** 2 * (np.arange(raw.size).reshape(shape) % 2), dtype)
    if name == "grad" and data == "zero_grad":
        return np.asarray(uniform(raw, dtype) * (np.arange(raw.size).reshape(shape) % 2), dtype)
    if name in ("gamma", "beta") and data == "plain_gamma":
        return np.asarray((np.arange(raw.size) + (name == "gamma")) % 2, dtype)
    if name in _NEVER_NEGATIVE:
        return np.abs(KINDS[data](raw, dtype)) if data in _EVERY_MAGNITUDE else positive(raw, dtype)
    if name == "grad_output" and data in _ROUTED:
        return powers(raw, dtype)
    if name in _IMAGES or data in _FOR_EVERY_ARRAY:
        return KINDS[data](raw, dtype)
    return uniform(raw, dtype)


_numbers_again = lru_cache(maxsize=4096)(_numbers)  # 32 MiB


def _target(raw: Words, dtype: np.dtype[Any], data: str, classes: int) -> Array:
    """Labels where the target has one axis; else weights, which need not sum to one."""
    labels = (raw >> np.uint64(32)).astype(np.int64) % classes
    if raw.ndim == 1:
        if data in BAD_LABELS:
            labels[-1:] = BAD_LABELS[data] or classes
        return labels.astype(LABEL_DTYPES.get(data, "int64"))
    if data == "one_hot":
        return np.asarray(np.arange(raw.shape[1]) == labels[:, :1], dtype)
    if data == "several_hot":
        return np.asarray((np.arange(raw.shape[1]) - labels[:, :1]) % classes < 2, dtype)
    if data == "one_without":
        return np.asarray(positive(raw, dtype) * (np.arange(len(raw)) > 0)[:, None], dtype)
    if data == "whole_weights":
        return np.asarray(np.arange(raw.shape[1]) == labels[:, :1], np.int64)
    if data == "nearly_one":
        return np.asarray((np.arange(raw.shape[1]) == labels[:, :1]) * 0.995, dtype)
    if data == "smoothed":
        return np.asarray((np.arange(raw.shape[1]) == labels[:, :1]) * 0.75 + 0.25 / classes, dtype)
    return positive(raw, dtype) if dtype.kind == "f" else labels.astype(dtype)
