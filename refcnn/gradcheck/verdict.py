"""What a check of gradients found: right, wrong, or not to be told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from refcnn._checks import FloatArray
from refcnn.gradcheck.numerical import Float64Array

UNRELIABLE_SHARE = 0.1  # more cells than these that cannot be checked leave an array unchecked


@dataclass(frozen=True)
class Cell:
    """One cell of a gradient: what was answered, and the numerical value with its error."""

    position: tuple[int, ...]
    gradient: float
    numerical: float
    error: float
    relative: float

    def __str__(self) -> str:
        """Say what is compared."""
        return f"gradient is {self.gradient:.8g}, numerically {self.numerical:.8g} ± {self.error:.1g}"


@dataclass(frozen=True)
class ArrayVerdict:
    """The gradient in one array, cell by cell.

    Attributes
    ----------
    name : the layer's class and the name of the array, `x` for its input
    count : how many cells were compared
    differing : the cells that are wrong, the worst first
    unreliable : the cells where the numerical gradient itself cannot be trusted, the worst first
    worst : the largest relative error of the others
    vanishing : whether the gradient is 0 in all cells, as far as differences can tell
    fault : why nothing could be compared, or ""
    """

    name: str
    count: int = 0
    differing: tuple[Cell, ...] = ()
    unreliable: tuple[Cell, ...] = ()
    worst: float = 0.0
    vanishing: bool = False
    fault: str = ""

    @property
    def wrong(self) -> bool:
        """Whether the gradient is not that of the function."""
        return bool(self.differing or self.fault)

    @property
    def inconclusive(self) -> bool:
        """Whether too many cells could not be checked."""
        return len(self.unreliable) > UNRELIABLE_SHARE * self.count

    def __str__(self) -> str:
        """Name the worst cell, what it is and should be, and how many are like it."""
        if self.fault:
            return f"{self.name}: {self.fault}"
        if self.differing:
            cell = self.differing[0]
            place = f"{self.name}{list(cell.position) or ''}"
            return (
                f"{place}: {cell}; {len(self.differing)} of {self.count} cells differ, "
                f"worst relative error {cell.relative:.2g}"
            )
        summary = f"{self.name}: {self.count - len(self.unreliable)} of {self.count} cells agree"
        if self.unreliable:
            cell = self.unreliable[0]
            return f"{summary}; not smooth at {list(cell.position)}: {cell}"
        return f"{summary}, worst relative error {self.worst:.2g}"


@dataclass(frozen=True)
class Verdict:
    """The gradients in all arrays of a layer; true if they are right, and its text says why not.

    Examples
    --------
    >>> wrong = Cell((0, 2), gradient=0.5, numerical=1.0, error=3e-10, relative=0.5)
    >>> verdict = Verdict((ArrayVerdict("Linear.weight", count=6, differing=(wrong,), worst=0.5),))
    >>> print(bool(verdict), verdict)
    False Linear.weight[0, 2]: gradient is 0.5, numerically 1 ± 3e-10; 1 of 6 cells differ, worst relative error 0.5
    """

    arrays: tuple[ArrayVerdict, ...]

    @property
    def wrong(self) -> bool:
        """Whether a gradient is not that of the function."""
        return any(array.wrong for array in self.arrays)

    @property
    def inconclusive(self) -> bool:
        """Whether nothing is wrong, but too little could be checked: too many kinks, or nothing but zeros."""
        unchecked = any(array.inconclusive for array in self.arrays) or all(array.vanishing for array in self.arrays)
        return unchecked and not self.wrong

    @property
    def ok(self) -> bool:
        """Whether all gradients are right."""
        return not self.wrong and not self.inconclusive

    @property
    def worst(self) -> float:
        """The largest relative error of any gradient."""
        return max(array.worst for array in self.arrays)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        """Give each array its line, the wrong ones first."""
        lines = [
            str(array) for array in sorted(self.arrays, key=lambda array: (not array.wrong, not array.inconclusive))
        ]
        if all(array.vanishing for array in self.arrays):
            lines.append("all gradients are 0, which proves little: choose another x")
        return "\n".join(lines)


def compare(
    name: str,
    gradient: FloatArray,
    numerical: tuple[Float64Array, Float64Array],
    cells: list[int],
    *,
    tolerance: float,
    resolution: float,
) -> ArrayVerdict:
    """Compare a gradient with the numerical one, cell by cell.

    The relative error of a cell is its difference over the scale, the largest magnitude in the array: a cell near
    0 is a sum whose terms cancel, and its rounding is that of the terms, as the largest cell tells and the small
    one does not.

    A cell is wrong if it differs by more than tolerance · scale and the error of the numerical value together.
    It is unreliable if that error alone is larger than tolerance · scale. An array without a cell above
    the resolution vanishes: it is compared with 0, to that resolution.

    Parameters
    ----------
    name : what to call the array
    gradient : the gradient to judge
    numerical : (gradient, error) of `numerical_gradient`, of the shape of `gradient`
    cells : the flat indices of the cells to compare
    tolerance : float, relative
    resolution : float, the largest derivative that rounding alone may feign

    Returns
    -------
    ArrayVerdict

    Examples
    --------
    >>> numerical = np.array([1.0, 2.0]), np.array([1e-12, 1e-12])
    >>> print(compare("x", np.array([1.0, 2.5]), numerical, [0, 1], tolerance=1e-7, resolution=1e-9))
    x[1]: gradient is 2.5, numerically 2 ± 1e-12; 1 of 2 cells differ, worst relative error 0.2
    """
    got, want, error = (np.asarray(array, np.float64).ravel()[cells] for array in (gradient, *numerical))
    magnitudes = np.abs(np.concatenate([got, want]))
    largest = float(magnitudes[np.isfinite(magnitudes)].max(initial=0.0))
    vanishing = largest <= resolution < np.inf
    scale = max(resolution / tolerance, np.finfo(np.float64).tiny) if vanishing else largest
    with np.errstate(divide="ignore", invalid="ignore"):  # inf − inf is NaN, and NaN is never close enough
        relative, uncertain = np.abs(got - want) / scale, error / scale
        unreliable = uncertain > tolerance
        differing = ~(relative <= tolerance + uncertain) & np.isfinite(want)
    report = [
        Cell(tuple(int(i) for i in np.unravel_index(cells[k], gradient.shape)), *map(float, values))
        for k, values in enumerate(zip(got, want, error, relative, strict=True))
    ]
    return ArrayVerdict(
        name,
        len(cells),
        tuple(sorted((report[k] for k in np.flatnonzero(differing)), key=_badness)),
        tuple(sorted((report[k] for k in np.flatnonzero(unreliable & ~differing)), key=lambda cell: -cell.error)),
        float(relative[differing | ~unreliable].max(initial=0.0)),
        vanishing,
    )


def _badness(cell: Cell) -> float:
    """Order cells from the worst: those that are no numbers, then by their relative error."""
    return -cell.relative if np.isfinite(cell.relative) else -np.inf
