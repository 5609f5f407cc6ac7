"""What every adapter asks of its arguments: arrays of one floating dtype, shapes that fit, numbers within bounds."""

from __future__ import annotations

import math
import operator as op
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Sides: TypeAlias = tuple[tuple[int, int], ...]


class Shaped(Protocol):
    """What has a shape: an array of NumPy or of a framework."""

    @property
    def shape(self) -> Sequence[int]:
        """The sizes along the axes."""


def require(fact: bool, operator: str, argument: str, rule: str, got: object) -> None:
    """Refuse a call unless `fact` holds."""
    if not fact:
        raise ValueError(f"{operator}: {argument} must be {rule}, got {got}")


def floats(operator: str, **arrays: npt.ArrayLike | None) -> list[Array]:
    """Copy floating arrays of one dtype: contiguous, writable, in the machine's byte order; None is left out."""
    copies = {name: _floating(operator, name, value) for name, value in arrays.items() if value is not None}
    if len({copy.dtype for copy in copies.values()}) > 1:
        dtypes = ", ".join(str(copy.dtype) for copy in copies.values())
        raise TypeError(f"{operator}: {', '.join(copies)} must be of one dtype, got {dtypes}")
    return list(copies.values())


def _floating(operator: str, argument: str, value: npt.ArrayLike) -> Array:
    given = np.asarray(value)
    if given.dtype == np.float16:
        raise NotImplementedError(f"{operator}: {argument}: float16 is optional, and left out here")
    if given.dtype.type not in (np.float32, np.float64):
        raise TypeError(f"{operator}: {argument} must be of a floating dtype, got {given.dtype}")
    # dtype.type drops a foreign byte order
    return np.array(given, dtype=given.dtype.type, order="C")


def cotangent(operator: str, grad_output: npt.ArrayLike, dtype: npt.DTypeLike, output: Sequence[int]) -> Array:
    """Copy the gradient of an output, of its shape and dtype."""
    (copy,) = floats(operator, grad_output=grad_output)
    shape(operator, "grad_output", copy, output)
    if copy.dtype != dtype:
        raise TypeError(f"{operator}: grad_output must be of dtype {dtype}, got {copy.dtype}")
    return copy


def rank(operator: str, argument: str, value: Shaped, *ranks: int) -> None:
    """Require one of the ranks."""
    allowed = " or ".join(f"{n}-D" for n in ranks)
    require(len(value.shape) in ranks, operator, argument, allowed, f"shape {tuple(value.shape)}")


def shape(operator: str, argument: str, value: Shaped, wanted: Sequence[int]) -> None:
    """Require one shape."""
    got = tuple(value.shape)
    require(got == tuple(wanted), operator, argument, f"of shape {tuple(wanted)}", f"shape {got}")


def integer(operator: str, argument: str, value: object, least: int) -> int:
    """Require an integer of at least `least`."""
    try:
        number = op.index(value)  # type: ignore[arg-type]  # whether it is an integer is the question
    except TypeError:
        raise TypeError(f"{operator}: {argument} must be made of integers, got {value!r}") from None
    require(number >= least, operator, argument, f"at least {least}", number)
    return number


def per_axis(operator: str, argument: str, value: object, axes: int, least: int) -> tuple[int, ...]:
    """Spell an attribute out, one integer an axis."""
    parts = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
    require(len(parts) == axes, operator, argument, f"one int or {axes} of them", value)
    return tuple(integer(operator, argument, part, least) for part in parts)


def sides(operator: str, value: object, axes: int) -> Sides:
    """Spell `padding` out as (before, after) along each axis."""
    rows: Sequence[object] = (value,) * axes
    if isinstance(value, (tuple, list)):
        rows = value if axes > 1 else (value,)
    require(len(rows) == axes, operator, "padding", f"given for {axes} axes", value)
    pairs = [per_axis(operator, "padding", row, 2, 0) for row in rows]
    return tuple((before, after) for before, after in pairs)


def axis_of(operator: str, x: Shaped, axis: object) -> int:
    """Require an axis of `x`, which a scalar has none of."""
    number = integer(operator, "axis", axis, -len(x.shape))
    require(number < len(x.shape), operator, "axis", f"an axis of {tuple(x.shape)}", number)
    return number


def features(operator: str, x: Shaped, weight: Shaped, *bias: Shaped) -> None:
    """Require features that fit the weight of a linear layer, and a bias, if there is one, that fits its outputs."""
    rank(operator, "x", x, 2)
    rank(operator, "weight", weight, 2)
    shape(operator, "weight", weight, (weight.shape[0], x.shape[1]))
    for vector in bias:
        shape(operator, "bias", vector, weight.shape[:1])


def labels_or_weights(operator: str, logits: Array, target: npt.ArrayLike) -> Array:
    """Require a target that fits the logits: weights of their dtype, or labels, which come back as int64."""
    rank(operator, "logits", logits, 2)
    N, K = logits.shape
    require(N >= 1, operator, "logits", "a batch of at least 1", f"shape {(N, K)}")
    given = np.asarray(target)
    if given.dtype.kind == "f":
        (weights,) = floats(operator, target=given)
        shape(operator, "target", weights, (N, K))
        if weights.dtype != logits.dtype:
            raise TypeError(f"{operator}: target must be of dtype {logits.dtype}, got {weights.dtype}")
        return weights
    if given.dtype.kind not in "iu":
        raise TypeError(f"{operator}: target must be integer labels or floating weights, got {given.dtype}")
    shape(operator, "target", given, (N,))
    # A label out of range must not reach a framework: PyTorch and ONNX leave out one of them without a word
    wrong = given[(given < 0) | (given >= K)]
    require(wrong.size == 0, operator, "target", f"labels from 0 to {K - 1}", wrong[:3].tolist())
    return given.astype(np.int64)


def channels(operator: str, x: Shaped, training: bool, **vectors: Shaped) -> None:
    """Require one number a channel in each vector, and in training enough values for a variance."""
    rank(operator, "x", x, 2, 4)
    for name, vector in vectors.items():
        shape(operator, name, vector, x.shape[1:2])
    values = math.prod(x.shape) // max(x.shape[1], 1)
    require(not training or values >= 2, operator, "x", "2 or more values a channel in training", values)


def probability(operator: str, p: float) -> None:
    """Require the probability to drop a cell."""
    require(0 <= p < 1, operator, "p", "in [0, 1)", p)


def parameters(operator: str, param: npt.ArrayLike, **like_param: npt.ArrayLike) -> list[Array]:
    """Copy the arrays of an update, which all have the shape of the parameter."""
    copies = floats(operator, param=param, **like_param)
    for name, value in zip(like_param, copies[1:], strict=True):
        shape(operator, name, value, copies[0].shape)
    return copies
