"""Gradients from differences, each with an estimate of its own error."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from refcnn._checks import FloatArray, real, require

Float64Array: TypeAlias = NDArray[np.float64]

STEP = 2.0**-10
LEVELS = 11  # the last step is STEP / 1024, about 1e-6: it gets between most kinks, and rounding has 1e-10 there
GOAL = 1e-10  # a relative error that is worth no further evaluation


def numerical_gradient(
    f: Callable[[Float64Array], float],
    x: FloatArray,
    *,
    step: float = STEP,
    cells: Iterable[int] | None = None,
    rounding: float | None = None,
) -> tuple[Float64Array, Float64Array]:
    """Return the gradient of a scalar function by differences, and an estimate of its error.

    For one cell, with f(t) the function when t is added to it and the others stay, and h = step, step / 2, …:

    slope(h) = (f(h) − f(−h)) / 2h = f′ + c₂h² + c₄h⁴ + …
    jump(h) = (f(h) − 2·f(0) + f(−h)) / h, the slope to the right less the one to the left, 0 + c₁h + c₃h³ + …

    Both are extrapolated to h = 0. The answer is the entry of the table of slopes with the smallest error, where
    the error is the larger difference to the two entries that it was extrapolated from, plus half the
    extrapolated jump, plus what rounding does to f, over h. Where f has a kink, the jump stays: there the answer
    lies midway between both slopes, and the error is half of what separates them.

    Parameters
    ----------
    f : a scalar function of an array of the shape of `x`; each call is given an array of its own
    x : any shape, float64
    step : float above 0, the first h; where a cell is beyond ±1, in units of it
    cells : the flat indices of the cells to do, or None for all
    rounding : float, the error of f by rounding, or None for that of its last digit

    Returns
    -------
    (gradient, error), of the shape of `x`; 0 where a cell is not among `cells`, (NaN, inf) where f is not finite

    Raises
    ------
    TypeError
        `x` that is not float64.
    ValueError
        `step` that is not above 0.

    References
    ----------
    Ridders (1982), Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4(2).

    Examples
    --------
    >>> gradient, error = numerical_gradient(lambda x: float(x[0] * x[1] ** 2), np.array([5.0, 3.0]))
    >>> gradient.round(9).tolist(), bool((error < 1e-9).all())
    ([9.0, 30.0], True)
    >>> numerical_gradient(lambda x: abs(float(x)), np.array(0.0))
    (array(0.), array(1.))
    """
    x = float64("numerical_gradient", "x", x)
    step = real("numerical_gradient", "step", step)
    require(step > 0, "numerical_gradient", "step", "above 0", step)
    gradient, error = np.zeros(x.shape), np.zeros(x.shape)
    centre = float(f(x.copy()))
    for cell in range(x.size) if cells is None else cells:

        def moved(t: float, cell: int = cell) -> float:
            point = x.copy()
            point.flat[cell] = float(x.flat[cell]) + t
            return float(f(point))

        first = step * max(1.0, abs(float(x.flat[cell])))
        gradient.flat[cell], error.flat[cell] = derivative(moved, centre, first, rounding)
    return gradient, error


def derivative(
    f: Callable[[float], float], centre: float, step: float, rounding: float | None = None
) -> tuple[float, float]:
    """Return f′(0) and its error, as `numerical_gradient` defines them; `centre` is f(0).

    Examples
    --------
    >>> slope, error = derivative(math.exp, 1.0, step=0.1)
    >>> print(f"{slope:.9f}", error < 1e-9)
    1.000000000 True
    """
    best, smallest = math.nan, math.inf
    slopes: list[float] = []
    jumps: list[float] = []
    for level in range(LEVELS):
        h = step / 2**level
        right, left = f(h), f(-h)
        coarser, slopes = slopes, _extrapolated(slopes, (right - left) / (2 * h), 2)
        jumps = _extrapolated(jumps, (right - 2 * centre + left) / h, 1)
        digit = math.ulp(max(abs(right), abs(left), abs(centre))) if rounding is None else rounding
        for j in range(1, level + 1):
            apart = max(abs(slopes[j] - slopes[j - 1]), abs(slopes[j] - coarser[j - 1]))
            error = apart + abs(jumps[j]) / 2 + digit / h
            if error < smallest:  # never for NaN
                best, smallest = slopes[j], error
        if smallest <= GOAL * abs(best) + 2 * digit / h:  # the rounding of the next step alone would be as much
            break
    return best, smallest


def float64(operator: str, argument: str, array: FloatArray) -> Float64Array:
    """Refuse an array in which a difference proves nothing: half the digits of float32 are 3 or 4."""
    array = np.asarray(array)
    require(array.dtype == np.float64, operator, argument, "float64, by .astype(np.float64)", array.dtype, TypeError)
    return array.astype(np.float64, copy=False)


def _extrapolated(coarser: list[float], value: float, power: int) -> list[float]:
    """Return the next row of a table that rids a series in h of its powers: the first, and every second after it."""
    row = [value]
    for j, old in enumerate(coarser):
        row.append(row[j] + (row[j] - old) / (2 ** (power + 2 * j) - 1))
    return row
