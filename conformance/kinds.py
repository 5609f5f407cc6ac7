"""The kinds of data by name: how raw 64-bit words become numbers.

Only operations that IEEE 754 rounds correctly turn them into numbers; so the numbers are the same on every machine.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Words = NDArray[np.uint64]
Kind = Callable[[Words, "np.dtype[Any]"], Array]


def uniform(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return numbers in [-2, 2) that use every bit of the significand."""
    bits = np.finfo(dtype).nmant + 1
    return ((raw >> np.uint64(64 - bits)).astype(np.float64) * 2.0 ** (2 - bits) - 2.0).astype(dtype)


def integers(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return whole numbers from -4 to 4 without 0, which would hide a wrong factor."""
    value = (raw >> np.uint64(32)).astype(np.int64) % 8 - 4
    return np.where(value >= 0, value + 1, value).astype(dtype)


def positive(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return numbers in [1/4, 5/4)."""
    return np.asarray(uniform(raw, dtype) / 4 + 0.75, dtype)


def wide(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return numbers whose magnitudes differ by six decimal orders, or twelve in float64."""
    reach = 10 if dtype.itemsize == 4 else 20
    exponent = (raw & np.uint64(0xFFFF)).astype(np.int64) % (2 * reach + 1) - reach
    return np.ldexp(uniform(raw, dtype), exponent).astype(dtype)


def octaves(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return in each row numbers of one octave, from 2**-12 to 2**13 in turn, of either sign in turn."""
    row = np.indices(raw.shape)[0] if raw.ndim else np.zeros((), np.int64)
    return np.asarray(np.ldexp((uniform(raw, dtype) / 8 + 1.5) * (1 - 2 * (row % 2)), row // 2 % 26 - 12), dtype)


def distinct(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return numbers none of which is within 1/4 of another one or within 1/8 of 0."""
    rank = np.argsort(np.argsort(raw, axis=None)).reshape(raw.shape)
    return ((rank - raw.size // 2 + 0.5) / 4).astype(dtype)


def ties(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return -1, 0 and 1, so that most windows have several maxima."""
    return ((raw >> np.uint64(32)).astype(np.int64) % 3 - 1).astype(dtype)


def orders(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return images whose pixels stand in every order in turn, all values negative."""
    count = math.prod(raw.shape[2:])
    turns = itertools.islice(itertools.cycle(itertools.permutations(range(count))), math.prod(raw.shape[:2]))
    return (np.asarray(list(turns), dtype=np.float64) - count).reshape(raw.shape).astype(dtype)


def tie_patterns(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return images that show in turn every pattern of equal pixels that three values can make."""
    patterns = itertools.product((-3.0, -2.0, -1.0), repeat=math.prod(raw.shape[2:]))
    turns = itertools.islice(itertools.cycle(patterns), math.prod(raw.shape[:2]))
    return np.asarray(list(turns)).reshape(raw.shape).astype(dtype)


def _sprinkled(*specials: float) -> Kind:
    """Return a kind that puts the special values on about a quarter of the cells, and on one at least."""

    def kind(raw: Words, dtype: np.dtype[Any]) -> Array:
        value = uniform(raw, dtype).reshape(-1)
        picked = (raw.reshape(-1) & np.uint64(0xFF)) < 64
        if value.size:
            picked[int(raw.reshape(-1)[0]) % value.size] = True
        chosen = np.asarray(specials)[np.arange(value.size) % len(specials)]
        return np.where(picked, chosen.astype(dtype), value).reshape(raw.shape)

    return kind


def subnormal(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return multiples of the smallest subnormal number."""
    return np.asarray(integers(raw, dtype) * np.finfo(dtype).smallest_subnormal, dtype)


def bottomless(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return images of which every second one, counting channels, is minus infinity all over."""
    image = np.arange(math.prod(raw.shape[:2])).reshape(raw.shape[:2] + (1,) * (raw.ndim - 2)) % 2
    return np.where(image == 0, -math.inf, uniform(raw, dtype)).astype(dtype)


def offset(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return numbers with a large mean and a small variance: mean / deviation is 1e3, or 1e7 in float64."""
    return np.asarray(uniform(raw, dtype) + np.asarray(1154.0 if dtype.itemsize == 4 else 1154.0e4, dtype), dtype)


def constant(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return one value a channel, the same in every sample and pixel."""
    first = (slice(0, 1), slice(None), *(slice(0, 1),) * (raw.ndim - 2))
    return np.broadcast_to(uniform(raw[first], dtype), raw.shape).copy()


def powers(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return a different power of two for each pixel of an image: a sum of them tells which were added."""
    pixels = math.prod(raw.shape[2:])
    image = np.ldexp(1.0, np.arange(pixels) % (np.finfo(dtype).nmant + 1)).reshape(raw.shape[2:])
    return np.broadcast_to(image, raw.shape).astype(dtype)


def _scaled(factor: float) -> Kind:
    return lambda raw, dtype: uniform(raw, dtype) * np.asarray(factor, dtype)


def limits(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return numbers near the largest finite one, some of either sign; a few of them can still be added."""
    return np.asarray(uniform(raw, dtype) * (np.finfo(dtype).max / np.asarray(128, dtype)), dtype)


def lowest(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return numbers near the lowest finite one."""
    return np.asarray(-positive(raw, dtype) * (np.finfo(dtype).max / np.asarray(2, dtype)), dtype)


def extremes(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return the largest finite numbers of either sign among ordinary ones."""
    largest = float(np.finfo(dtype).max)
    return _sprinkled(largest, -largest)(raw, dtype)


def _sprinkled_ties(raw: Words, dtype: np.dtype[Any]) -> Array:
    """Return zeros of either sign, which are equal, and -1."""
    return np.asarray(np.array([-1.0, -0.0, 0.0])[(raw >> np.uint64(32)).astype(np.int64) % 3], dtype)


LABEL_DTYPES: Mapping[str, str] = MappingProxyType(
    {
        **{f"{name}_labels": name for name in ("uint8", "int16", "int32", "uint64", "float64")},
        **{f"{name}_labels_negative": name for name in ("int8", "int32")},
        "uint8_labels_too_large": "uint8",
    }
)
# Labels that are none: 0 stands for the number of classes.
BAD_LABELS: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("labels_too_large", "uint8_labels_too_large"), 0),
        **dict.fromkeys(("labels_negative", "int8_labels_negative", "int32_labels_negative"), -1),
        "labels_far_below": -100,
        "labels_of_255": 255,
    }
)
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "uniform": uniform,
        "integers": integers,
        "positive": positive,
        "negative": lambda raw, dtype: -positive(raw, dtype),
        "wide": wide,
        "octaves": octaves,
        "distinct": distinct,
        "ties": ties,
        "orders": orders,
        "tie_patterns": tie_patterns,
        "nan": _sprinkled(math.nan),
        "infinite": _sprinkled(math.inf, -math.inf),
        "bottomless": bottomless,
        "minus_infinity": _sprinkled(-math.inf, -math.inf, math.nan),
        "signed_zeros": _sprinkled(0.0, -0.0, 1.0, -1.0),
        "ones": lambda raw, dtype: np.ones(raw.shape, dtype),
        "zeros": lambda raw, dtype: np.zeros(raw.shape, dtype),
        "subnormal": subnormal,
        "offset": offset,
        "constant": constant,
        "powers": powers,
        "confident": _scaled(8.0),
        "large": _scaled(5e3),
        "shifted": lambda raw, dtype: uniform(raw, dtype) + np.asarray(1e4, dtype),
        "limits": limits,
        "lowest": lowest,
        "extremes": extremes,
        "zero_ties": _sprinkled_ties,
        "plain_gamma": uniform,
        "zero_grad": uniform,
        "specials": _sprinkled(math.nan, math.inf, -math.inf, -0.0, 0.0),
        # What a target holds; the logits are ordinary.
        **dict.fromkeys(
            (
                "one_hot",
                "several_hot",
                "one_without",
                "nearly_one",
                "smoothed",
                "whole_weights",
                *LABEL_DTYPES,
                *BAD_LABELS,
            ),
            uniform,
        ),
        # Of what type or value the first or a further array is; the others are ordinary.
        **dict.fromkeys(("bytes", "no_grad", "first_step"), uniform),
    }
)
