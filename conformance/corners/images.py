"""Images of the sizes at which implementations change their code path, and how a corner is made of an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.case import Case, Shape

BLOCKS = {
    "batch": ((33, 2, 3, 3), "a batch past blocks of 16 and 32"),
    "large batch": ((259, 1, 2, 2), "a batch past blocks of 64 and 128, and past 8 bits"),
    "channels": ((1, 35, 2, 2), "channels past blocks of 16 and 32"),
    "many channels": ((1, 259, 2, 3), "channels past blocks of 64 and 128, and past 8 bits"),
    "width": ((1, 1, 2, 259), "a width past 8 bits that is no multiple of 4"),
    "height": ((1, 1, 259, 2), "a height past 8 bits that is no multiple of 4"),
    "image": ((1, 1, 67, 70), "an image past blocks of 64 both ways"),
    "tail": ((2, 2, 5, 19), "a width whose last 3 pixels fill no vector of 4, 8 or 16"),
}

# Past blocks in one way each: where code for a stride, a dilation or groups of its own has blocks of its own.
LONG = tuple(BLOCKS[name] for name in ("large batch", "many channels", "width", "height"))

EVERY_MAGNITUDE = "numbers of every octave from 2**-12 to 2**13, of either sign"

# Padding on one side alone, with a stride along its axis alone.
ONE_SIDED: tuple[tuple[str, dict[str, Any]], ...] = tuple(
    (f"padding {where} alone, with a stride along that axis", {"stride": stride, "padding": padding})
    for where, stride, padding in (
        ("at the top", (2, 1), ((1, 0), (0, 0))),
        ("at the bottom", (2, 1), ((0, 1), (0, 0))),
        ("on the left", (1, 2), ((0, 0), (1, 0))),
        ("on the right", (1, 2), ((0, 0), (0, 1))),
    )
)

PAST_16_BITS = ((1, 1, 257, 258), "offsets into an image past 16 bits")


def images(operator: str, note: str, shape: Shape, data: str, **attributes: Any) -> Iterator[Case]:
    """Yield a problem of one array in both element types."""
    for dtype in ("float64", "float32"):
        yield Case(operator, {"x": shape}, attributes, dtype=dtype, data=data, note=note)


def convolution(operator: str, x: Shape, weight: Shape, note: str, **attributes: Any) -> Iterator[Case]:
    """Make the problem with a bias in both element types."""
    groups = attributes.get("groups", 1)
    filters = weight[1] * groups if operator == "conv_transpose2d" else weight[0]
    for dtype in ("float64", "float32"):
        yield Case(operator, {"x": x, "weight": weight, "bias": (filters,)}, attributes, dtype=dtype, note=note)
