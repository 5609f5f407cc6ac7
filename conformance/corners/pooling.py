"""Corners of the pools: overhanging windows, ties, NaN, every order of the values in a window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.case import Case, Shape
from conformance.corners.images import BLOCKS, EVERY_MAGNITUDE, LONG, ONE_SIDED, PAST_16_BITS, images

# A note, an image and attributes, all in ceil_mode.
_OVERHANGING: tuple[tuple[str, Shape, dict[str, Any]], ...] = (
    ("the one window overhangs the image", (1, 1, 3, 3), {"kernel_size": 2}),
    (
        "the last window would start in the bottom padding, so it is dropped",
        (1, 1, 3, 3),
        {"kernel_size": 2, "stride": 2, "padding": 1},
    ),
    (
        "the last window starts on the last pixel and overhangs the padding",
        (1, 2, 5, 6),
        {"kernel_size": 3, "stride": (4, 5), "padding": ((1, 0), (0, 1))},
    ),
    (
        "the last window starts on the last pixel, as far from the end as there is padding in front",
        (1, 2, 4, 4),
        {"kernel_size": 3, "stride": 4, "padding": ((1, 0), (1, 0))},
    ),
)


def pool_sizes(operator: str, data: str) -> Iterator[Case]:
    """Yield images and windows past the usual blocks, and sizes that coincide."""
    for shape, note in BLOCKS.values():
        yield from images(operator, note, shape, data, kernel_size=2, padding=1, stride=1)
    for shape, note in LONG:
        usual = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}
        yield from images(operator, f"{note}, with a stride", shape, data, **usual)
        if operator == "max_pool2d":
            dilated = {"kernel_size": 2, "stride": 1, "padding": 1, "dilation": 2}
            yield from images(operator, f"{note}, with dilation", shape, data, **dilated)
    yield from images(operator, EVERY_MAGNITUDE, (52, 2, 2, 4), "octaves", kernel_size=2)
    row = {"kernel_size": (1, 2), "stride": 1, "padding": (0, 1)}
    yield from images(operator, "offsets past 16 bits", (259, 64, 2, 2), data, **row)
    yield from images(operator, PAST_16_BITS[1], PAST_16_BITS[0], data, kernel_size=2)
    yield from images(operator, "a stride above 16", (1, 2, 19, 23), data, kernel_size=2, stride=(17, 20))
    wide_padding = ((9, 10), (10, 9))
    yield from images(operator, "a padding above 8", (1, 2, 4, 5), data, kernel_size=20, stride=1, padding=wide_padding)
    if operator == "max_pool2d":
        yield from images(
            operator, "a dilation above 16", (1, 2, 19, 20), data, kernel_size=2, stride=1, dilation=(17, 18)
        )
    # So many images that in some of them the maximum is one of the last cells.
    yield from images(operator, "more than 512 cells in a window", (3, 8, 24, 23), data, kernel_size=(24, 23))
    yield from images(operator, "all sizes coincide", (3, 3, 3, 3), data, kernel_size=3, padding=1)
    yield from images(operator, "no two sizes coincide", (2, 3, 7, 11), data, kernel_size=(4, 5))


def pool_shapes(operator: str, data: str) -> Iterator[Case]:
    """Yield windows that overhang, are dropped, or leave pixels uncovered."""
    for note, x, attributes in _OVERHANGING:
        yield from images(operator, note, x, data, ceil_mode=True, **attributes)
    for note, attributes in ONE_SIDED:
        for ceil_mode in (False, True):
            how = {"kernel_size": 3, "ceil_mode": ceil_mode, **attributes}
            yield from images(operator, note, (2, 2, 4, 6), data, **how)
    yield from images(operator, "pixels that no window covers", (2, 1, 7, 8), data, kernel_size=1, stride=3)
    yield from images(operator, "windows of one pixel", (2, 3, 3, 2), data, kernel_size=1)
    yield from images(operator, "an image of one pixel", (1, 1, 1, 1), data, kernel_size=3, stride=1, padding=1)
    if operator == "avg_pool2d":
        how = {"kernel_size": 2, "stride": 1, "padding": 1, "count_include_pad": False}
        yield from images(operator, "pixels of 0 count where padding does not", (2, 2, 3, 4), "ties", **how)


def max_pool_shapes() -> Iterator[Case]:
    """Yield the shapes of any pool, and padding beside negative pixels."""
    yield from pool_shapes("max_pool2d", "distinct")
    yield from pool_shapes("max_pool2d", "negative")
    for data in ("distinct", "negative"):
        yield from images(
            "max_pool2d",
            "a dilated window that lies in the padding alone",
            (1, 2, 1, 4),
            data,
            kernel_size=2,
            stride=1,
            padding=1,
            dilation=2,
        )
        yield from images(
            "max_pool2d",
            "negative pixels beside padding",
            (1, 1, 3, 4),
            data,
            kernel_size=3,
            stride=1,
            padding=1,
        )
    # In float32 such pixels may tie, which is for routing to judge.
    near = images("max_pool2d", "pixels that differ by a ten-millionth", (2, 2, 4, 6), "offset", kernel_size=2)
    yield from (case for case in near if case.dtype == "float64")


def special_max_pool() -> Iterator[Case]:
    """Yield NaN, infinities and zeros of either sign."""
    yield from images("max_pool2d", "windows of minus infinity alone", (2, 2, 4, 6), "bottomless", kernel_size=2)
    for data in ("nan", "infinite", "minus_infinity", "signed_zeros", "extremes", "lowest", "subnormal"):
        yield from images("max_pool2d", f"{data} in overlapping windows", (2, 2, 4, 5), data, kernel_size=2, stride=1)
        yield from images("max_pool2d", f"{data} in windows apart", (2, 3, 4, 6), data, kernel_size=(2, 3))
    yield from images("max_pool2d", "NaN in rows of more than 32", (2, 2, 4, 38), "nan", kernel_size=2)
    yield from images("max_pool2d", "NaN beside padding", (2, 1, 4, 5), "nan", kernel_size=3, stride=2, padding=1)


def routing() -> Iterator[Case]:
    """Yield every order and every pattern of ties, apart, overlapping, dilated and beside padding."""
    pool = "max_pool2d"
    yield from images(pool, "every order of four values", (24, 1, 2, 2), "orders", kernel_size=2)
    yield from images(pool, "every order of three in a row", (3, 2, 1, 3), "orders", kernel_size=(1, 3))
    yield from images(pool, "every order of three in a column", (3, 2, 3, 1), "orders", kernel_size=(3, 1))
    yield from images(pool, "every pattern of ties of four values", (81, 1, 2, 2), "tie_patterns", kernel_size=2)
    yield from images(
        pool, "every order, in overlapping windows", (24, 1, 2, 2), "orders", kernel_size=(1, 2), stride=1
    )
    yield from images(pool, "every order, beside padding", (24, 1, 2, 2), "orders", kernel_size=2, stride=1, padding=1)
    yield from images(pool, "ties in overlapping windows", (27, 3, 2, 3), "tie_patterns", kernel_size=2, stride=1)
    yield from images(pool, "ties beside padding", (9, 9, 2, 2), "tie_patterns", kernel_size=2, stride=1, padding=1)
    yield from images(pool, "ties in many channels", (3, 35, 4, 6), "ties", kernel_size=2)
    yield from images(pool, "ties in a large batch", (35, 2, 4, 6), "ties", kernel_size=2)
    yield from images(pool, "ties in many windows", (2, 2, 34, 36), "ties", kernel_size=2)
    yield from images(pool, "ties under dilation", (6, 2, 3, 4), "ties", kernel_size=2, stride=1, dilation=2)
    yield from images(
        pool, "ties where windows overhang", (6, 2, 4, 4), "ties", kernel_size=3, stride=2, ceil_mode=True
    )
    long_ties = {"kernel_size": 9, "stride": 1, "padding": 4}
    yield from images(pool, "ties in windows of more than 64 cells", (6, 2, 4, 5), "ties", **long_ties)
    yield from images(pool, "zeros of either sign are equal", (6, 2, 2, 4), "zero_ties", kernel_size=2, stride=1)
    yield from images(pool, "an image of one value", (2, 2, 4, 4), "constant", kernel_size=2)
    yield from images(pool, "NaN and minus infinity", (8, 2, 2, 3), "minus_infinity", kernel_size=2, stride=1)
    yield from images(pool, "NaN and minus infinity, apart", (8, 2, 2, 4), "minus_infinity", kernel_size=2)
    yield from images(pool, "several NaN in a window", (24, 4, 2, 6), "minus_infinity", kernel_size=(1, 6))
    yield from images(pool, "a window of NaN or minus infinity alone", (12, 2, 2, 6), "minus_infinity", kernel_size=1)
    yield from images(
        pool,
        "dilated windows that lie in the padding alone",
        (3, 2, 1, 4),
        "ties",
        kernel_size=2,
        stride=1,
        padding=1,
        dilation=2,
    )
