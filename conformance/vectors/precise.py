"""The oracle's answers, to the last bit the same on every machine.

In float64 the last bits of a sum depend on how many numbers a processor adds at once, and those of an exponential on
its library. So the oracle's definitions are evaluated on numbers of sixty digits, and rounded to float64 once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.case import Case
from conformance.oracle import Answer, answers, problem, solve
from conformance.vectors.long_number import LongNumber

Array = NDArray[Any]

# What moves numbers, or adds powers of two: nothing is rounded in float64, in whatever order.
_UNROUNDED = frozenset({"im2col", "max_pool2d", "max_pool2d_backward", "relu", "relu_backward"})

# What treats each number alone, so that NaN and infinities leave the others as they are.
_POINTWISE = frozenset({"sigmoid", "tanh"})

# Significant bits of an allowed error.
_BITS = 24


def precise_answers(
    function: str, case: Case, arrays: Mapping[str, Array], conventions: Mapping[str, str]
) -> tuple[Answer, ...]:
    """Return the right results of a call, each number rounded once.

    An allowed error is rounded up to 24 significant bits: where its own last bits differed between machines, these do
    not.
    """
    finite = {name: np.isfinite(array) for name, array in arrays.items()}
    everywhere = all(mask.all() for mask in finite.values())
    unrounded = function in _UNROUNDED or not all(array.size for array in arrays.values())
    given = answers(function, case, arrays, conventions) if unrounded or not everywhere else ()
    if not given or (function in _POINTWISE and not everywhere):
        tame = {name: np.where(finite[name], array, 0) for name, array in arrays.items()}
        precise = _in_long_numbers(function, case, tame, conventions)
        given = tuple(_patched(finite["x"], *pair) for pair in zip(precise, given, strict=True)) if given else precise
    return tuple(Answer(np.asarray(answer.value), _rounded_up(answer.allowed)) for answer in given)


def _in_long_numbers(
    function: str, case: Case, arrays: Mapping[str, Array], conventions: Mapping[str, str]
) -> tuple[Answer, ...]:
    setting = problem(case, arrays, conventions)
    lengthened = replace(
        setting,
        arrays={name: _lengthened(array) for name, array in setting.arrays.items()},
        # A learning rate is a number like any other; powers of it would else be the machine's.
        attributes={
            name: LongNumber(value) if isinstance(value, float) else value for name, value in setting.attributes.items()
        },
    )
    return tuple(Answer(_rounded(each.value), _rounded(each.allowed)) for each in solve(function, lengthened))


def _lengthened(array: Array) -> Array:
    long = np.empty(array.shape, dtype=object)
    for index, number in np.ndenumerate(array):
        long[index] = LongNumber(number)
    return long


def _rounded(array: Array) -> Array:
    return np.asarray(array).astype(np.float64)


def _patched(finite: NDArray[np.bool_], precise: Answer, plain: Answer) -> Answer:
    """Take the plain answer where a number was not finite; there it is NaN or a limit, in which nothing is rounded."""
    return Answer(np.where(finite, precise.value, plain.value), np.where(finite, precise.allowed, plain.allowed))


def _rounded_up(allowed: Array) -> Array:
    significand, exponent = np.frexp(allowed)
    return np.asarray(np.ldexp(np.ceil(np.ldexp(significand, _BITS)), exponent - _BITS))
