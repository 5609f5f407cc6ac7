"""The factors of convolutions and pools, and the cases that their levels make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.case import Case
from conformance.oracle import output_shape
from conformance.space import geometry
from conformance.space.levels import ARITHMETIC_DATA, DEFAULT, DTYPES, LAYOUTS, Row, given, make_case

CONVOLUTION: Mapping[str, tuple[Any, ...]] = {
    "batch": (1, 2, 5),
    # groups, channels a group, filters a group
    "channels": ((1, 1, 1), (1, 3, 2), (1, 2, 4), (1, 3, 3), (2, 2, 3), (3, 1, 1), (2, 1, 2), (4, 2, 1)),
    "kernel": ((1, 1), (3, 3), (2, 3), (3, 1), (1, 2), (2, 2)),
    "stride": (DEFAULT, 1, 2, (2, 1), (1, 3), (5, 4)),
    "dilation": (DEFAULT, 1, 2, (1, 2), (3, 1)),
    # The last one is above the kernel, once in front and once behind.
    "padding": (DEFAULT, 0, 1, (1, 2), ((0, 1), (2, 0)), ((2, 1), (0, 3)), ((4, 1), (0, 5))),
    "outputs": ((1, 1), (2, 3), (3, 2), (4, 4), (1, 4), (5, 1)),
    # What lies behind the last window.
    "remainder": ((0, 0), (1, 0), (0, 1), (2, 2)),
    "bias": (False, True),
    "dtype": DTYPES,
    "layout": LAYOUTS,
    "data": ARITHMETIC_DATA,
}


POOL: Mapping[str, tuple[Any, ...]] = {
    "batch": (1, 2, 5),
    "channels": (1, 2, 3),
    "kernel": (2, (1, 1), 3, (2, 3), (3, 2), (1, 4), (4, 1)),
    "stride": (DEFAULT, None, 1, 2, (2, 1), (1, 3), (4, 5)),
    "padding": (DEFAULT, "half", "before", "after", "vertical", "horizontal", "crossed"),
    "ceil_mode": (DEFAULT, False, True),
    # Whole windows; with ceil_mode one that overhangs the image may come behind them.
    "outputs": CONVOLUTION["outputs"],
    "remainder": CONVOLUTION["remainder"],
    "dtype": DTYPES,
    "layout": LAYOUTS,
}


def conv2d(row: Row) -> Case:
    """Assemble a convolution of images."""
    image = geometry.image_of(geometry.of_row(geometry.IMAGE, row))
    return _convolution("conv2d", row, row["kernel"], image)


def conv1d(row: Row) -> Case:
    """Assemble a convolution of signals, whose length is the side of a square image."""
    length, _ = geometry.image_of(geometry.of_row(geometry.SIGNAL, row))
    return _convolution("conv1d", row, (row["kernel"],), (length,))


def _convolution(operator: str, row: Row, kernel: tuple[int, ...], image: tuple[int, ...]) -> Case:
    groups, channels, filters = row["channels"]
    shapes = {
        "x": (row["batch"], groups * channels, *image),
        "weight": (groups * filters, channels, *kernel),
        **({"bias": (groups * filters,)} if row["bias"] else {}),
    }
    attributes = given(row, "stride", "padding", "dilation") | ({"groups": groups} if groups > 1 else {})
    return make_case(operator, shapes, attributes, row)


def conv_transpose2d(row: Row) -> Case:
    """Assemble a transposed convolution; output_padding is kept below stride and dilation."""
    groups, channels, filters = row["channels"]
    shapes = {
        "x": (row["batch"], groups * channels, *row["outputs"]),
        "weight": (groups * channels, filters, *row["kernel"]),
        **({"bias": (groups * filters,)} if row["bias"] else {}),
    }
    attributes = given(row, "stride", "padding", "dilation") | ({"groups": groups} if groups > 1 else {})
    if row["output_padding"] != DEFAULT:
        quantities = geometry.of_row(geometry.IMAGE, row)
        limit = geometry.output_padding_limit(quantities)
        vertical, horizontal = np.minimum(quantities["output_padding"], limit).tolist()
        one_number = isinstance(row["output_padding"], int) and vertical == horizontal
        attributes["output_padding"] = vertical if one_number else (vertical, horizontal)
    return make_case("conv_transpose2d", shapes, attributes, row)


def im2col(row: Row) -> Case:
    """Assemble an im2col."""
    image = geometry.image_of(geometry.of_row(geometry.IMAGE, row))
    attributes = {"kernel_size": row["kernel"]} | given(row, "stride", "padding", "dilation")
    return make_case("im2col", {"x": (row["batch"], row["channels"], *image)}, attributes, row)


def col2im(row: Row) -> Case:
    """Assemble a col2im."""
    return transposed_im2col(im2col(row))


def transposed_im2col(case: Case) -> Case:
    """Return the problem of col2im that belongs to one of im2col."""
    attributes = {"input_shape": case.shapes["x"], **case.attributes}
    return case.but(operator="col2im", shapes={"cols": output_shape(case)}, attributes=attributes)


def pool(operator: str, *extra: str) -> Callable[[Row], Case]:
    """Return how a pool is assembled."""

    def assemble(row: Row) -> Case:
        quantities = geometry.of_pool(geometry.of_row(geometry.POOL, row))
        attributes = {"kernel_size": row["kernel"]} | given(row, "stride", "ceil_mode", *extra)
        if row["padding"] != DEFAULT:
            attributes["padding"] = _shortest(quantities["padding"].tolist())
        shape = (row["batch"], row["channels"], *geometry.image_of(quantities))
        return make_case(operator, {"x": shape}, attributes, row)

    return assemble


def _shortest(padding: list[list[int]]) -> Any:
    """Return a padding as a pair where its sides are equal."""
    vertical, horizontal = map(tuple, padding)
    equal = vertical[0] == vertical[1] and horizontal[0] == horizontal[1]
    return (vertical[0], horizontal[0]) if equal else (vertical, horizontal)
