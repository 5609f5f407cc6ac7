"""A number of sixty decimal digits, with which the oracle gives the same answers on every machine."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

import numpy as np

# Products of two float64 and their sums fit, so that these are rounded once, when they become float64 again. Nothing
# is trapped: an overflow becomes an infinity and what has no value NaN, as in floating arithmetic.
ARITHMETIC = Context(prec=60, Emax=999_999, Emin=-999_999, traps=[])

# Below this, exp(x) - 1 would lose more digits than there are to spare.
_SMALL = Decimal("1e-20")


def _decimal(number: Any) -> Decimal:
    return number.value if isinstance(number, LongNumber) else Decimal(float(number))


def _operator(combine: Callable[[Decimal, Decimal], Decimal]) -> Callable[[LongNumber, Any], LongNumber]:
    """Return the method of an operator; an array on its other side takes the numbers one by one itself."""

    def method(self: LongNumber, other: Any) -> LongNumber:
        return NotImplemented if isinstance(other, np.ndarray) else LongNumber(combine(self.value, _decimal(other)))

    return method


class LongNumber:
    """A number in the arithmetic ``ARITHMETIC``, to stand in NumPy's arrays of objects.

    NumPy calls the operators of the elements, and their methods of a function's name for ``exp``, ``log``, ``sqrt``
    and ``expm1``. Unlike those of a machine, Python's ``decimal`` rounds all of them in the same way everywhere.

    Examples
    --------
    >>> float(LongNumber(0.1) + LongNumber(0.2))
    0.30000000000000004
    >>> (LongNumber(0.1) + 0.2).value
    Decimal('0.3000000000000000166533453693773481063544750213623046875')
    """

    __slots__ = ("value",)

    def __init__(self, number: Any) -> None:
        self.value = number if isinstance(number, Decimal) else Decimal(float(number))

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    __add__ = __radd__ = _operator(ARITHMETIC.add)
    __mul__ = __rmul__ = _operator(ARITHMETIC.multiply)
    __sub__ = _operator(ARITHMETIC.subtract)
    __rsub__ = _operator(lambda own, other: ARITHMETIC.subtract(other, own))
    __truediv__ = _operator(ARITHMETIC.divide)
    __rtruediv__ = _operator(lambda own, other: ARITHMETIC.divide(other, own))
    __pow__ = _operator(ARITHMETIC.power)

    def __neg__(self) -> LongNumber:
        return LongNumber(self.value.copy_negate())

    def __abs__(self) -> LongNumber:
        return LongNumber(self.value.copy_abs())

    def _compare(self, other: Any) -> Decimal:
        """Return -1, 0 or 1, or NaN, which equals none of them."""
        return ARITHMETIC.compare(self.value, _decimal(other))

    def __lt__(self, other: Any) -> bool:
        return self._compare(other) == -1

    def __le__(self, other: Any) -> bool:
        return self._compare(other) in (-1, 0)

    def __gt__(self, other: Any) -> bool:
        return self._compare(other) == 1

    def __ge__(self, other: Any) -> bool:
        return self._compare(other) in (0, 1)

    def __eq__(self, other: object) -> bool:
        return self._compare(other) == 0

    def __hash__(self) -> int:
        return hash(self.value)

    def exp(self) -> LongNumber:
        """Return e**self."""
        return LongNumber(ARITHMETIC.exp(self.value))

    def log(self) -> LongNumber:
        """Return the natural logarithm."""
        return LongNumber(ARITHMETIC.ln(self.value))

    def sqrt(self) -> LongNumber:
        """Return the square root."""
        return LongNumber(ARITHMETIC.sqrt(self.value))

    def expm1(self) -> LongNumber:
        """Return e**self - 1, with as many right digits near zero."""
        x = self.value
        if x.copy_abs() >= _SMALL:
            return LongNumber(ARITHMETIC.subtract(ARITHMETIC.exp(x), Decimal(1)))
        # x + x²/2: what follows is below 1e-40 of x.
        return LongNumber(ARITHMETIC.fma(x, ARITHMETIC.divide(x, Decimal(2)), x))
