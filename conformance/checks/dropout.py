"""Dropout: what a cell may hold, and whether its mask is what a fair, seeded and independent draw would give.

The masks of an implementation are fixed by their seeds, so a verdict never changes from run to run. A fair one
fails a statistical requirement only if one of its statistics is more than six standard deviations out: a chance
of 2e-9 each by the normal law, of less than 1e-5 for all of them together by the exact binomial one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.checks.memory import overwrite
from conformance.comparison import (
    PASSED,
    Finding,
    InconclusiveError,
    compare,
    first_violation,
    violated,
)
from conformance.contract import FUNCTIONS
from conformance.data import draw, words
from conformance.implementation import Implementation
from conformance.oracle import Answer

Array = NDArray[Any]
Make = Callable[[Case], Call]
Check = Callable[[Implementation, Case], Finding]

_DEVIATIONS = 6.0


def _far_apart(count: int, first: int) -> tuple[int, ...]:
    """Return seeds that have nothing in common: of neighbouring ones many generators draw numbers that are alike."""
    return tuple(int(word >> np.uint64(33)) for word in words((count,), first))


_SEEDS = _far_apart(40, 100)
# A cell that is dropped at rate 1/4 or 1/3 instead of 1/2 is more than six deviations off in so many.
_MANY_SEEDS = _far_apart(500, 200)
# Below this many expected coincidences their number does not follow the normal law.
_ENOUGH = 1000


def scale(make: Make) -> Check:
    """Require zero or x / (1 - p) in every cell in training, and x outside it."""

    def check(implementation: Implementation, case: Case) -> Finding:
        call = make(case)
        (answer,), (got,) = call.answers(implementation), call.run(implementation)
        name = FUNCTIONS[call.function].results[0]
        if got.shape != answer.value.shape or not case.attributes["training"] or case.attributes["p"] == 0:
            return compare(name, got, answer)
        kept = Answer(np.where(got == 0, 0.0, answer.value), answer.allowed)
        return compare(name, got, kept)

    return check


def same_mask(implementation: Implementation, case: Case) -> Finding:
    """Require a mask that depends on seed, p and shape alone: not on the numbers, their layout, nor the call."""
    mask = _mask(implementation, forward(case))
    others = {
        "in a second call": forward(case),
        "with other numbers": forward(case.but(seed=case.seed + 1)),
        "in another layout": forward(case.but(layout="fortran")),
        "in the backward function": backward(case),
        "in the backward function, in another layout": backward(case.but(layout="rest_fortran")),
        "in the backward function, where some of the numbers are zero": backward(case.but(data="signed_zeros")),
    }
    for when, call in others.items():
        if not implementation.provides(call.function):
            continue
        if not np.array_equal(mask, _mask(implementation, call)):
            return violated(f"the mask is another one {when}")
    holed = forward(case.but(data="signed_zeros"))
    (result,) = holed.run(implementation)
    seen = holed.arrays["x"] != 0
    if not np.array_equal(mask[seen], result[seen] == 0):
        return violated("the mask is another one where some of the numbers are zero")
    return PASSED


def same_mask_in_both_types(implementation: Implementation, case: Case) -> Finding:
    """Require the same mask for float32 and float64."""
    single, double = (_mask(implementation, forward(case.but(dtype=dtype))) for dtype in ("float32", "float64"))
    return PASSED if np.array_equal(single, double) else violated("the mask differs between float32 and float64")


def rate(implementation: Implementation, case: Case) -> Finding:
    """Require that cells are dropped at rate p: in all, at each place over the seeds, and for each seed."""
    masks = _masks(implementation, case)
    p = case.attributes["p"]
    findings = [_binomial("of all cells", masks.sum(), masks.size, p)]
    for axis, place in ((0, "at one place, over the seeds,"), (tuple(range(1, masks.ndim)), "for one seed")):
        dropped = masks.sum(axis=axis)
        count = masks.size // max(1, dropped.size)
        findings += [_binomial(place, dropped.flat[extreme(dropped)], count, p) for extreme in (np.argmax, np.argmin)]
    findings.append(_scatter(masks.reshape(len(masks), -1).sum(axis=1), masks[0].size, p))
    return first_violation(*findings)


def few_cells(implementation: Implementation, case: Case) -> Finding:
    """Require the rate p of so few cells that a draw which drops all of them is nothing rare."""
    masks = _masks(implementation, case, _MANY_SEEDS)
    return _binomial("of a few cells, over the seeds,", float(masks.sum()), masks.size, case.attributes["p"])


def independence(implementation: Implementation, case: Case) -> Finding:
    """Require that two cells are dropped together at rate p²: neighbours, any two places, one place and two seeds."""
    masks = _masks(implementation, case)
    p = case.attributes["p"]
    centred = masks - p
    products = {}
    for axis in range(masks.ndim):
        name = "of two seeds" if axis == 0 else f"of neighbours along axis {axis - 1}"
        products[name] = np.delete(centred, 0, axis) * np.delete(centred, -1, axis)
    # Where whole rows are dropped, chance alone correlates the few of them: the strongest is the one to tell.
    strongest_first = sorted(products, key=lambda name: -abs(products[name].sum()) / max(1, products[name].size))
    findings = [_correlation(name, products[name], p) for name in strongest_first]
    places = centred.reshape(len(masks), -1)
    together = places.T @ places
    np.fill_diagonal(together, 0.0)
    pairs = places.shape[1] * (places.shape[1] - 1) / 2
    # Σ over all pairs of places of their squared covariance has a known mean; a shared mask multiplies it.
    excess = float((together**2).sum() / 2) / (pairs * len(masks) * (p * (1 - p)) ** 2)
    # Each of the squares has variance 2; those that share a place vary together, by the kurtosis of a single cell.
    kurtosis = (1 - 3 * p * (1 - p)) / (p * (1 - p))
    deviation = math.sqrt(2 / pairs) + 2 * math.sqrt((kurtosis - 1) / (len(masks) * places.shape[1]))
    if excess > 1 + _DEVIATIONS * deviation:
        findings.append(
            violated(f"cells are not dropped independently: their covariances are {excess:.3g} times chance")
        )
    return first_violation(*findings)


def long_mask(implementation: Implementation, case: Case) -> Finding:
    """Require of one large mask the rate p, and that it does not resemble itself at any distance."""
    mask = _mask(implementation, forward(case)).reshape(-1)
    p = case.attributes["p"]
    centred = mask - p
    # The correlations at all distances at once, around the end (Wiener and Khinchin).
    spectrum = np.abs(np.fft.rfft(centred)) ** 2
    correlations = np.fft.irfft(spectrum, mask.size)[1:] / (mask.size * p * (1 - p))
    allowed = (_DEVIATIONS + 1) / math.sqrt(mask.size)
    rate_of_all = _binomial("of a large mask", float(mask.sum()), mask.size, p)
    if mask.size * p**2 < _ENOUGH:
        return rate_of_all
    distance = int(np.argmax(np.abs(correlations)))
    if abs(correlations[distance]) <= allowed:
        return rate_of_all
    return violated(
        f"cells {distance + 1} apart have correlation {correlations[distance]:.3f}, where {allowed:.3f} is allowed"
    )


def seeds_differ(implementation: Implementation, case: Case) -> Finding:
    """Require two masks of two seeds, also of neighbours and of seeds that share their last bits."""
    first = 100
    seeds = (*range(first, first + 40), *(first + 2**bit for bit in (8, 16, 24)))
    masks = _masks(implementation, case, seeds).reshape(len(seeds), -1)
    if len(np.unique(masks, axis=0)) == len(seeds):
        return PASSED
    return violated("two seeds give the same mask")


def _mask(implementation: Implementation, call: Call) -> NDArray[np.bool_]:
    """Return which cells were dropped, and write to the result; the data holds no zero."""
    (result,) = call.run(implementation)
    if result.shape != call.case.shapes["x"]:
        raise InconclusiveError(f"the result has shape {result.shape}, so it shows no mask")
    mask = np.asarray(result == 0)
    overwrite([result])
    return mask


def _masks(implementation: Implementation, case: Case, seeds: Sequence[int] = _SEEDS) -> NDArray[np.float64]:
    x = draw("positive", case.shapes["x"], case.dtype, case.seed)
    masks = [_mask(implementation, Call("dropout", case.with_attributes(seed=seed), {"x": x})) for seed in seeds]
    return np.asarray(masks, dtype=np.float64)


def _binomial(where: str, dropped: float, count: int, p: float) -> Finding:
    deviation = abs(float(dropped) - count * p) / (_DEVIATIONS * math.sqrt(count * p * (1 - p)) + 1)
    if deviation <= 1:
        return Finding(worst=deviation)
    return violated(f"{dropped:.0f} of {count} cells {where} were dropped, want about {count * p:.0f}")


def _scatter(dropped: Array, cells: int, p: float) -> Finding:
    """Compare how much the numbers of dropped cells differ between the seeds with the binomial law.

    Σ (dropped - n p)² / (n p (1 - p)) over 40 seeds follows χ² with 40 degrees of freedom, which lies between these
    bounds but for a chance of 1e-9 on either side.
    """
    scatter = float(((dropped - cells * p) ** 2).sum() / (cells * p * (1 - p)))
    least, most = 6.9, 118.7
    if least <= scatter <= most:
        return PASSED
    return violated(
        f"the number of dropped cells varies over {len(dropped)} seeds by {scatter / len(dropped):.3g} times the "
        "variance of independent cells"
    )


def _correlation(name: str, products: Array, p: float) -> Finding:
    """Compare a mean of products, each of mean 0 and deviation p (1 - p), with 0."""
    if products.size == 0:
        return PASSED
    correlation = float(products.mean()) / (p * (1 - p))
    allowed = _DEVIATIONS / math.sqrt(products.size)
    if abs(correlation) <= allowed:
        return Finding(worst=abs(correlation) / allowed)
    return violated(f"the masks {name} have correlation {correlation:.3f}, where {allowed:.3f} is allowed")
