"""Which pixel a pool sends a gradient to, and by what it divides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import backward, forward
from conformance.case import Case
from conformance.comparison import PASSED, Finding, InconclusiveError, violated
from conformance.implementation import Implementation
from conformance.oracle import problem
from conformance.oracle.geometry import Axis
from conformance.oracle.pooling import divisors, maximal_cells, pool_axes

Array = NDArray[Any]


def routing(implementation: Implementation, case: Case) -> Finding:
    """Follow each window's gradient to the one pixel that must get it.

    The gradients of an image are different powers of two, so that the sum in a pixel tells which windows were added
    there. Where ties may go to any maximum, any one pixel that equals the window's maximum will do.
    """
    call = backward(case)
    grad = call.arrays["grad_output"]
    windows = grad.shape[2] * grad.shape[3]
    if windows > np.finfo(case.dtype).nmant + 1:
        raise InconclusiveError("more windows than powers of two that add up exactly")
    (grad_x,) = call.run(implementation)
    x = call.arrays["x"]
    if grad_x.shape != x.shape:
        return violated(f"grad_x has shape {grad_x.shape}, want {x.shape}", grad_x)
    setting = problem(case, call.arrays, implementation.conventions)
    maximal = maximal_cells(setting)
    axes = pool_axes(setting)
    first_only = setting.convention("max_pool2d.ties") == "first"
    for n, c in np.ndindex(*x.shape[:2]):
        received = grad_x[n, c].astype(np.float64)
        if not np.all((received >= 0) & (received == np.floor(received)) & (received < 2.0**windows)):
            return violated(
                f"grad_x[{n}, {c}] holds what no sum of different windows' gradients gives: {received.tolist()}",
                grad_x,
            )
        bits = received.astype(np.int64)
        for o, p in np.ndindex(*grad.shape[2:]):
            went = _pixels(bits >> (o * grad.shape[3] + p) & 1 == 1)
            may = _window_pixels(maximal[n, c, o, :, p, :], axes, o, p)
            wanted = may[:1] if first_only else may
            if len(went) != min(1, len(wanted)) or not set(went) <= set(wanted):
                return violated(
                    f"grad_x[{n}, {c}]: the gradient of window ({o}, {p}) went to {_listed(went)}, "
                    f"must go to {' or '.join(map(str, wanted)) or 'no pixel'}",
                    grad_x,
                )
    return PASSED


def _pixels(mask: Array) -> list[tuple[int, int]]:
    return [(int(row), int(column)) for row, column in np.argwhere(mask)]


def _listed(pixels: list[tuple[int, int]]) -> str:
    return " and ".join(map(str, pixels)) or "no pixel"


def _window_pixels(maximal: Array, axes: list[Axis], o: int, p: int) -> list[tuple[int, int]]:
    """Return the pixels of one window that are its maxima, in row-major order."""
    vertical, horizontal = axes
    return [(int(vertical.pixels[o, k]), int(horizontal.pixels[p, q])) for k, q in np.argwhere(maximal)]


def divisor(implementation: Implementation, case: Case) -> Finding:
    """Find the divisor of each window by averaging an image of ones."""
    call = forward(case)
    (y,) = call.run(implementation)
    setting = problem(case, call.arrays, implementation.conventions)
    wanted = divisors(setting)
    vertical, horizontal = pool_axes(setting)
    inside = np.outer(vertical.inside.sum(axis=1), horizontal.inside.sum(axis=1))
    if y.shape[2:] != wanted.shape:
        return violated(f"y has shape {y.shape}, want {(*y.shape[:2], *wanted.shape)}", y)
    # Rounding is far below the distance between two whole divisors.
    with np.errstate(all="ignore"):
        divided = inside / y.astype(np.float64)
    wrong = np.argwhere(~(np.abs(divided - wanted) < 0.25))
    if len(wrong) == 0:
        return PASSED
    n, c, o, p = (int(index) for index in wrong[0])
    return violated(
        f"y[{n}, {c}, {o}, {p}] divides the sum of its window by {divided[n, c, o, p]:.4g}, "
        f"must divide by {wanted[o, p]:.0f}; {len(wrong)} of {y.size} differ",
        y,
    )
