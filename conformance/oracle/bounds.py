"""How far a correct implementation may be from the right answer: one table of bounds, each with its derivation.

Notation: u is the unit roundoff of the implementation's element type (2**-24 for float32, 2**-53 for float64);
each operation returns the exact result times (1 + d) with abs(d) <= u. The oracle itself works in float64, so
``Rounding.unit`` is u plus the oracle's 2**-53. A result below the smallest normal number may be flushed to zero;
``Rounding.tiny`` allows for that.

Elementary functions (exp, log, tanh, pow) are taken to be off by at most four units in the last place, that is
8 u, which the vector libraries in use keep to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ELEMENTARY = 8.0


@dataclass(frozen=True)
class Rounding:
    """The arithmetic that an implementation may use."""

    unit: float
    tiny: float

    @classmethod
    def of(cls, dtype: str) -> Rounding:
        """Return the arithmetic of an element type."""
        limits = np.finfo(dtype)
        return cls(float(limits.eps) / 2 + 2.0**-53, float(limits.tiny))

    def gamma(self, count: float | Array) -> Any:
        """Return γ(n) = n u / (1 - n u), the growth of n roundings (Higham 2002, lemma 3.1)."""
        return count * self.unit / (1 - np.minimum(count * self.unit, 0.5))


def sum_of_products(rounding: Rounding, terms: float | Array, magnitude: Array) -> Array:
    """Bound Σ a b, evaluated in any order.

    Each of the n products is rounded once and takes part in at most n - 1 additions, and a bias in one more:
    abs(error) <= γ(n + 1) Σ abs(a) abs(b) (Higham 2002, §3.1). n counts a bias as a term.
    """
    return np.asarray(rounding.gamma(np.asarray(terms) + 1) * magnitude + (terms + 1) * rounding.tiny)


def normwise(rounding: Rounding, size: int, norms: float) -> float:
    """Bound a convolution that is computed by a transform, which mixes all elements of its arrays.

    A transform of length L has error O(u log2 L) in the norm, so that the product of two of them, transformed
    back, is off by at most c u log2(L) times the product of their norms (Higham 2002, §24.1). The constant 32 leaves
    room for the amplification of Winograd's F(4×4, 3×3).
    """
    return 32.0 * rounding.unit * math.log2(2.0 + size) * norms + rounding.tiny


def average(rounding: Rounding, terms: Array | float, magnitude: Array) -> Array:
    """Bound Σ x / n: the sum's γ(n), the rounding of 1 / n and that of the product."""
    return sum_of_products(rounding, np.asarray(terms) + 1, magnitude)


def saturating(rounding: Rounding, scale: Array) -> Array:
    """Bound sigmoid, tanh and their derivatives, functions of size one, times ``scale``.

    One elementary function (8 u) and two or three operations on numbers of at most one; either function may
    be had from the other (tanh x = 2 sigmoid(2 x) - 1), which doubles the error: 2 (8 + 3) u < 24 u. A derivative
    that is written through the value, as 1 - y², doubles it once more; its caller doubles the scale.
    The bound is absolute, since 1 - 2 sigmoid cancels near zero in a correct implementation too.
    """
    return np.asarray(24.0 * rounding.unit * scale + rounding.tiny)


def softmax(rounding: Rounding, y: Array, x: Array, axis: int) -> Array:
    """Bound y = exp(x - m) / Σ exp(x - m).

    Rounding x - m by u abs(x - m) changes exp by that much, relatively; exp adds 8 u, the sum of n terms n u, the
    division u. The other legal form, exp(x - log Σ exp x), rounds numbers as large as m: a further abs(m) u.
    Whatever x is, an answer off by half of itself is wrong; for x beyond 1 / u the second form may be.
    """
    m = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    spread = np.abs(x - m)
    relative = rounding.unit * (2 * spread + 2 * np.abs(m) + x.shape[axis] + 2 * ELEMENTARY + 4)
    return np.asarray(y * np.minimum(relative, 0.5) + rounding.tiny)


def log_softmax(rounding: Rounding, x: Array) -> Array:
    """Bound log softmax(x) = (x - m) - log Σ exp(x - m), along the last axis.

    The differences are rounded by u abs(x - m), twice, or by u abs(m) where m is added to the logarithm first; the
    logarithm's argument is off by (n + 8) u, relatively, and the logarithm itself by 8 u times its size.
    """
    m = np.max(x, axis=-1, keepdims=True)
    classes = x.shape[-1]
    spread = np.abs(x - m)
    return np.asarray(
        rounding.unit * (3 * spread + 2 * np.abs(m) + classes + 2 * ELEMENTARY + ELEMENTARY * np.log(classes))
    )


def power(rounding: Rounding, base: Array, exponent: float, base_error: float) -> Array:
    """Bound base**exponent, relatively, for a base that is off by ``base_error`` units.

    The base's error is multiplied by the exponent; exp(exponent * log(base)) turns the rounding of its argument
    into abs(exponent * log(base)) u, and both functions may be off by 8 u.
    """
    turned = np.abs(exponent * np.log(base))
    return np.asarray(rounding.unit * (abs(exponent) * (base_error + ELEMENTARY) + 2 * turned + ELEMENTARY))


@dataclass(frozen=True)
class NormalisationError:
    """How far the mean, the variance and the reciprocal deviation of a channel may be off."""

    mean: Array
    variance: Array
    reciprocal: Array


def statistics(rounding: Rounding, count: int, absolute_mean: Array, variance: Array, eps: float) -> NormalisationError:
    """Bound the statistics of ``count`` numbers.

    The mean is a sum: γ(n + 1) Σ abs(x) / n. Two passes (and Welford's update) give the variance to a relative
    n u κ with κ² = 1 + mean² / variance (Chan, Golub & LeVeque 1983, table 1): the rounding of each x - mean, by
    u abs(x) and the mean's own error d, enters as 2 √variance (u abs(x) + …) and as d². One pass, the mean of
    squares less the square of the mean, is off by n u κ²: that much is not allowed.
    The reciprocal deviation r = (variance + eps)**-1/2 takes half of the variance's relative error, and 4 u.
    """
    mean_error = rounding.gamma(count + 1) * absolute_mean + rounding.tiny
    deviation = np.sqrt(variance)
    drift = mean_error + 2 * rounding.unit * absolute_mean
    variance_error = rounding.gamma(count + 4) * variance + 2 * deviation * drift + drift**2
    floor = variance + eps
    reciprocal = 1 / np.sqrt(floor)
    relative = np.minimum(variance_error / floor, 1.0) / 2 + 4 * rounding.unit
    return NormalisationError(mean_error, variance_error, relative * reciprocal)


def update(rounding: Rounding, *magnitudes: Array) -> Array:
    """Bound a sum of a few products with coefficients that were rounded: 4 u each, in any order."""
    total = sum(np.abs(magnitude) for magnitude in magnitudes)
    return np.asarray(4.0 * rounding.unit * total + rounding.tiny)
