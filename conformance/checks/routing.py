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
from conformance.oracle.answer import Problem
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
    received = grad_x.astype(np.float64)
    sums = (received >= 0) & (received == np.floor(received)) & (received < 2.0**windows)
    # (n, c, window, h, w)
    went = np.where(sums, received, 0).astype(np.int64)[:, :, None] >> np.arange(windows)[:, None, None] & 1 == 1
    setting = problem(case, call.arrays, implementation.conventions)
    may = _pixels_of_maxima(setting, first_only=setting.convention("max_pool2d.ties") == "first")
    count, wanted = went.sum(axis=(3, 4)), np.minimum(may.sum(axis=(3, 4)), 1)
    wrong = (count != wanted) | (went & ~may).any(axis=(3, 4))
    images = np.argwhere(wrong.any(axis=2) | ~sums.all(axis=(2, 3)))
    if len(images) == 0:
        return PASSED
    n, c = (int(index) for index in images[0])
    if not sums[n, c].all():
        held = received[n, c].tolist()
        return violated(f"grad_x[{n}, {c}] holds what no sum of different windows' gradients gives: {held}", grad_x)
    window = int(np.argmax(wrong[n, c]))
    return violated(
        f"grad_x[{n}, {c}]: the gradient of window {divmod(window, grad.shape[3])} "
        f"went to {' and '.join(_pixels(went[n, c, window])) or 'no pixel'}, "
        f"must go to {' or '.join(_pixels(may[n, c, window])) or 'no pixel'}",
        grad_x,
    )


def _pixels_of_maxima(setting: Problem, *, first_only: bool) -> NDArray[np.bool_]:
    """Return which pixels are a maximum of each window, or the first one: (N, C, windows, H, W)."""
    vertical, horizontal = pool_axes(setting)
    maximal = maximal_cells(setting).transpose(0, 1, 2, 4, 3, 5)
    N, C, OH, OW, KH, KW = maximal.shape
    cells = maximal.reshape(N, C, OH * OW, KH * KW)
    if first_only:
        cells = cells & (np.cumsum(cells, axis=3) == 1)
    n, c, window, cell = np.nonzero(cells)
    (o, p), (k, q) = np.divmod(window, OW), np.divmod(cell, KW)
    found = np.zeros((N, C, OH * OW, vertical.size, horizontal.size), dtype=np.bool_)
    found[n, c, window, vertical.pixels[o, k], horizontal.pixels[p, q]] = True
    return found


def _pixels(mask: Array) -> list[str]:
    return [str((int(row), int(column))) for row, column in np.argwhere(mask)]


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
