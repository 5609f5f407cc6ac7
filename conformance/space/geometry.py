"""What decides the size of an image: read from one row of levels, or from all levels of a space at once.

Each quantity is a pair, one number for each axis of the image; a padding is two pairs. Read from one row these are
short arrays. Read from all levels they have an axis for each factor in front, so that the same formulas give truth
tables: which levels make an image at all, and keep in it what they promise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.covering import Legal, Levels
from conformance.oracle.geometry import pair, sides
from conformance.space.levels import DEFAULT, Row, default_or

Quantities = dict[str, NDArray[np.int64]]
Table = NDArray[np.bool_]


def _pair_or_one(level: Any) -> Any:
    return pair(default_or(level, 1))


def _pair_or_zero(level: Any) -> Any:
    return pair(default_or(level, 0))


def _sides_or_zero(level: Any) -> Any:
    return sides(default_or(level, 0))


# Which of ((top, bottom), (left, right)) a pool pads, by half its kernel.
_PADDED: Mapping[str, Any] = MappingProxyType(
    {
        DEFAULT: ((0, 0), (0, 0)),
        "half": ((1, 1), (1, 1)),
        "before": ((1, 0), (1, 0)),
        "after": ((0, 1), (0, 1)),
        "vertical": ((1, 1), (0, 0)),
        "horizontal": ((0, 0), (1, 1)),
        "crossed": ((0, 1), (1, 0)),
    }
)

# How each factor is read.
Readings = Mapping[str, Callable[[Any], Any]]
IMAGE: Readings = MappingProxyType(
    {
        "kernel": pair,
        "stride": _pair_or_one,
        "dilation": _pair_or_one,
        "padding": _sides_or_zero,
        "outputs": pair,
        "remainder": pair,
        "output_padding": _pair_or_zero,
    }
)
# What holds for a signal holds for both axes here.
SIGNAL: Readings = MappingProxyType({**IMAGE, "padding": lambda level: _sides_or_zero((default_or(level, 0),) * 2)})
# A stride of 0 stands for the kernel.
POOL: Readings = MappingProxyType(
    {
        **IMAGE,
        "stride": lambda level: pair(0 if level in (DEFAULT, None) else level),
        "padding": lambda level: _PADDED[level],
    }
)


def of_row(readings: Readings, row: Row) -> Quantities:
    """Read the quantities of one row."""
    return {name: np.array(read(row[name])) for name, read in readings.items() if name in row}


def of_levels(readings: Readings, factors: Levels) -> Quantities:
    """Read the quantities of all rows at once, with an axis for each factor that is read, in the factors' order."""
    names = [name for name in factors if name in readings]
    return {
        name: np.expand_dims(
            np.array([readings[name](level) for level in factors[name]]),
            tuple(axis for axis in range(len(names)) if axis != position),
        )
        for position, name in enumerate(names)
    }


def legal(readings: Readings, go_together: Callable[[Quantities], Table]) -> Callable[[Levels], Legal]:
    """Return how a space's legal levels are found: those whose quantities go together."""

    def find(factors: Levels) -> Legal:
        quantities = of_levels(readings, factors)
        return Legal(tuple(quantities), go_together(quantities))

    return find


def _size(quantities: Quantities) -> NDArray[np.int64]:
    """Return the image with the given outputs and remainders: below 1 where the padding is larger than that."""
    q = quantities
    windows = (q["outputs"] - 1) * q["stride"] + q.get("dilation", 1) * (q["kernel"] - 1) + 1
    return np.asarray(windows + q["remainder"] - q["padding"].sum(axis=-1))


def image_of(quantities: Quantities) -> tuple[int, ...]:
    """Return the image that comes nearest to the quantities: one pixel at least, a remainder below the stride."""
    remainder = np.minimum(quantities["remainder"], quantities["stride"] - 1)
    return tuple(np.maximum(1, _size(quantities | {"remainder": remainder})).tolist())


def make_an_image(quantities: Quantities) -> Table:
    """Return where an image has the outputs and remainders."""
    within = (quantities["remainder"] < quantities["stride"]) & (_size(quantities) >= 1)
    return np.asarray(within.all(axis=-1))


def of_pool(quantities: Quantities) -> Quantities:
    """Put the stride and the padding of a pool in numbers, which depend on its kernel."""
    kernel, stride = quantities["kernel"], quantities["stride"]
    padding = quantities["padding"] * (kernel // 2)[..., None]
    return quantities | {"stride": np.where(stride == 0, kernel, stride), "padding": padding}


def make_a_pool(quantities: Quantities) -> Table:
    """Return where an image has the outputs and remainders, and every side that shall be padded is."""
    pool = of_pool(quantities)
    padded = (pool["padding"] > 0) == (quantities["padding"] > 0)
    return np.asarray(make_an_image(pool) & padded.all(axis=(-2, -1)))


def output_padding_limit(quantities: Quantities) -> NDArray[np.int64]:
    """Return the largest output_padding that is legal."""
    return np.asarray(np.maximum(quantities["stride"], quantities["dilation"]) - 1)


def make_a_transposed_image(quantities: Quantities) -> Table:
    """Return where a transposed convolution has an output, and its output_padding is legal."""
    q = quantities
    windows = (q["outputs"] - 1) * q["stride"] + q["dilation"] * (q["kernel"] - 1) + 1
    size = windows + q["output_padding"] - q["padding"].sum(axis=-1)
    return np.asarray(((size >= 1) & (q["output_padding"] <= output_padding_limit(q))).all(axis=-1))
