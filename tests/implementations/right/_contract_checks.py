"""What is refused, and how attributes are read."""

from __future__ import annotations

import operator as op
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Pair: TypeAlias = tuple[int, int]
Sides: TypeAlias = tuple[Pair, Pair]

# Single numbers of NumPy warn where arrays would; an overflow here is the caller's business.
quiet = np.errstate(all="ignore")


def require(fact: bool, argument: str, rule: str, got: object) -> None:
    if not fact:
        raise ValueError(f"{argument} must be {rule}, got {got}")


def floats(**arrays: npt.ArrayLike) -> list[Array]:
    result = [np.asarray(value) for value in arrays.values()]
    for name, value in zip(arrays, result, strict=True):
        if value.dtype.kind != "f":
            raise TypeError(f"{name} must be of a floating dtype, got {value.dtype}")
        if value.dtype.type not in (np.float32, np.float64):
            raise NotImplementedError(f"{name}: {value.dtype} is optional, and left out")
        if value.dtype != result[0].dtype:
            raise TypeError(f"{name} must be of dtype {result[0].dtype}, got {value.dtype}")
    return result


def rank(name: str, value: Array, *ranks: int) -> None:
    require(value.ndim in ranks, name, f"of rank {ranks}", f"shape {value.shape}")


def same_shape(name: str, value: Array, shape: Sequence[int]) -> None:
    require(value.shape == tuple(shape), name, f"of shape {tuple(shape)}", f"shape {value.shape}")


def integer(name: str, value: object, least: int) -> int:
    try:
        number = op.index(value)  # type: ignore[arg-type]  # whether it is an integer is the question
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    require(number >= least, name, f"at least {least}", number)
    return number


def pair(name: str, value: object, least: int) -> Pair:
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    require(len(value) == 2, name, "an int or two of them", value)
    return integer(name, value[0], least), integer(name, value[1], least)


def sides(value: object) -> Sides:
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    require(len(value) == 2, "padding", "given for two axes", value)
    return pair("padding", value[0], 0), pair("padding", value[1], 0)


def windows_that_fit(room: Pair, kernel: Pair, stride: Pair, pads: Sides, dilation: Pair) -> Pair:
    counts = []
    for size, k, s, (before, after), d in zip(room, kernel, stride, pads, dilation, strict=True):
        left_over = size + before + after - d * (k - 1) - 1
        require(left_over >= 0, "kernel_size", f"within {size} + {before} + {after} pixels", f"{k}, dilation {d}")
        counts.append(left_over // s + 1)
    return counts[0], counts[1]


def fits(x: Array, weight: Array) -> None:
    rank("x", x, 2)
    rank("weight", weight, 2)
    same_shape("weight", weight, (weight.shape[0], x.shape[1]))
