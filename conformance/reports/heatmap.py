"""An array as a picture: cells coloured by their numbers, with a scale, and marks where it is wrong.

The picture is a plain value; the template draws it. A cell has a level from -5 to 5, of which the style sheet has a
colour each for light and for dark.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Place = tuple[int, ...]

LEVELS = 5

# How many slices stand side by side, and how many rows and columns of one are shown.
_SLICES, _SIDE = 4, 16
# Up to this many columns the cells are wide enough for their numbers.
_NUMBERED = 8
_NUMBER_CELL, _SMALL_CELL = (44, 24), (20, 20)
_MARGIN = 20


@dataclass(frozen=True)
class Cell:
    """One number: where it is drawn, how it is coloured, and how it is marked."""

    x: int
    y: int
    level: str
    text: str
    wrong: bool
    first: bool


@dataclass(frozen=True)
class Panel:
    """A slice of the array in two dimensions, or a part of it."""

    title: str
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    cells: tuple[Cell, ...]
    cell: tuple[int, int]

    @property
    def width(self) -> int:
        """Width of the drawing, numbers of the rows included."""
        return _MARGIN + len(self.columns) * self.cell[0] + 2

    @property
    def height(self) -> int:
        """Height of the drawing, numbers of the columns included."""
        return _MARGIN + len(self.rows) * self.cell[1] + 2


@dataclass(frozen=True)
class Step:
    """A step of the scale: its colour, and the number there, if it is written."""

    level: str
    text: str


@dataclass(frozen=True)
class Heatmap:
    """A picture of an array; without panels where there is nothing to draw."""

    title: str
    caption: str
    description: str
    panels: tuple[Panel, ...]
    scale: tuple[Step, ...]


def is_signed(*arrays: Array) -> bool:
    """Return whether any number is below zero, for a scale that the arrays share."""
    return any(bool(np.any(array < 0)) for array in arrays)


def limit_of(*arrays: Array) -> float:
    """Return the largest finite magnitude, the end of the scale that the arrays share."""
    finite = [np.abs(array[np.isfinite(array)]) for array in (each.astype(np.float64) for each in arrays)]
    return max((float(each.max()) for each in finite if each.size), default=0.0)


def heatmap(
    title: str,
    array: Array,
    limit: float,
    *,
    signed: bool = True,
    at: Place = (),
    wrong: NDArray[np.bool_] | None = None,
    first: Place | None = None,
) -> Heatmap:
    """Draw an array on a scale that ends at ``limit``, and starts at 0 or, signed, at its opposite.

    ``at`` is a place that must be seen.

    Examples
    --------
    >>> picture = heatmap("x", np.array([[0.0, np.nan], [2.0, -1.0]]), 2.0)
    >>> [(cell.text, cell.level) for cell in picture.panels[0].cells]
    [('0', 'z'), ('NaN', 'nan'), ('2', 'p5'), ('-1', 'n3')]
    """
    shape = "×".join(map(str, array.shape)) or "a number"
    title = f"{title} ({shape}, {array.dtype})"
    if array.size == 0:
        return Heatmap(title, "Empty: it holds no numbers.", f"{title}: empty", (), ())
    plain = array.astype(np.float64)
    plain = plain.reshape((1,) * max(2 - plain.ndim, 0) + plain.shape)
    shifted = len(plain.shape) - array.ndim
    focus = _within((0,) * shifted + tuple(first or at), plain.shape)
    marks = np.zeros(plain.shape, bool) if wrong is None else wrong.reshape(plain.shape)
    target = None if first is None else (0,) * shifted + first
    leading = list(itertools.product(*map(range, plain.shape[:-2])))
    shown = leading if len(leading) <= _SLICES else [focus[:-2]]
    rows, columns = (_window(place, size) for place, size in zip(focus[-2:], plain.shape[-2:], strict=True))
    panels = tuple(_panel(plain, index, rows, columns, limit, marks, target, named=len(shown) > 1) for index in shown)
    caption = _caption(plain.shape, shown, rows, columns)
    return Heatmap(title, caption, _description(title, array, first), panels, _scale(limit, signed=signed))


def _within(place: Place, shape: Place) -> Place:
    padded = (*place, *(0,) * len(shape))[: len(shape)]
    return tuple(min(index, size - 1) for index, size in zip(padded, shape, strict=True))


def _window(place: int, size: int) -> tuple[int, ...]:
    """Return the positions along an axis that are shown: all, or those around a place."""
    start = max(0, min(place - _SIDE // 2, size - _SIDE))
    return tuple(range(start, min(start + _SIDE, size)))


def _panel(
    plain: Array,
    index: Place,
    rows: Sequence[int],
    columns: Sequence[int],
    limit: float,
    marks: NDArray[np.bool_],
    first: Place | None,
    *,
    named: bool,
) -> Panel:
    numbered = len(columns) <= _NUMBERED
    cell = _NUMBER_CELL if numbered else _SMALL_CELL
    title = f"[{', '.join(map(str, index))}, :, :]" if named else ""

    def cells() -> Iterator[Cell]:
        for (i, row), (j, column) in itertools.product(enumerate(rows), enumerate(columns)):
            place = (*index, row, column)
            number = float(plain[place])
            text = short(number) if numbered or not math.isfinite(number) else ""
            x, y = _MARGIN + j * cell[0], _MARGIN + i * cell[1]
            yield Cell(x, y, level(number, limit), text, bool(marks[place]), place == first)

    return Panel(title, tuple(rows), tuple(columns), tuple(cells()), cell)


def level(number: float, limit: float) -> str:
    """Return the name of a number's colour.

    Examples
    --------
    >>> level(-2.0, 2.0), level(0.1, 2.0), level(0.0, 0.0), level(float("inf"), 1.0)
    ('n5', 'p1', 'z', 'inf')
    """
    if not math.isfinite(number):
        return "nan" if math.isnan(number) else "inf"
    if number == 0:
        return "z"
    # Whatever is not zero is told from zero.
    steps = min(LEVELS, max(1, math.ceil(abs(number) / limit * LEVELS)))
    return _colour(steps if number > 0 else -steps)


def short(number: float) -> str:
    """Write a number in at most seven characters.

    Examples
    --------
    >>> short(-0.123456), short(1.5e-7), short(-123456.0), short(float("-inf"))
    ('-0.123', '1.5e-7', '-1.2e5', '-∞')
    """
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "∞" if number > 0 else "-∞"
    texts = (f"{number:.{digits}g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e") for digits in (3, 2, 1))
    return next((text for text in texts if len(text) <= 6), f"{number:.0e}".replace("e+", "e"))


def _caption(shape: Place, shown: Sequence[Place], rows: Sequence[int], columns: Sequence[int]) -> str:
    slices = math.prod(shape[:-2])
    parts = []
    if len(shown) < slices:
        parts.append(f"slice [{', '.join(map(str, shown[0]))}, :, :] of {slices} such")
    for name, positions, size in (("rows", rows, shape[-2]), ("columns", columns, shape[-1])):
        if len(positions) < size:
            parts.append(f"{name} {positions[0]} to {positions[-1]} of {size}")
    return f"Shown: {'; '.join(parts)}." if parts else ""


def _description(title: str, array: Array, first: Place | None) -> str:
    finite = array[np.isfinite(array)]
    ends = (
        f"numbers from {short(float(finite.min()))} to {short(float(finite.max()))}"
        if finite.size
        else "nothing finite"
    )
    if first is None:
        return f"{title}: {ends}"
    return f"{title}: {ends}; the first wrong element is at {list(first)} and is {short(float(array[first]))}"


def _scale(limit: float, *, signed: bool) -> tuple[Step, ...]:
    """Return the steps of the scale; a number stands at its ends and at zero, the others would crowd."""
    if limit == 0:
        return (Step("z", "0"),)
    steps = range(-LEVELS if signed else 0, LEVELS + 1)
    return tuple(Step(_colour(step), short(step / LEVELS * limit) if step % LEVELS == 0 else "") for step in steps)


def _colour(step: int) -> str:
    return f"{'p' if step > 0 else 'n'}{abs(step)}" if step else "z"
