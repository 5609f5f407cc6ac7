"""The factors of convolutions and pools, and the image that their levels ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.case import Case
from conformance.oracle import output_shape
from conformance.oracle.geometry import Pair, pair, sides
from conformance.space.levels import (
    ARITHMETIC_DATA,
    DEFAULT,
    DTYPES,
    LAYOUTS,
    Row,
    default_or,
    given,
    make_case,
)

CONVOLUTION: Mapping[str, tuple[Any, ...]] = {
    "batch": (1, 2, 3),
    # groups, channels a group, filters a group
    "channels": ((1, 1, 1), (1, 3, 2), (1, 2, 4), (2, 2, 3), (3, 1, 1), (2, 1, 2), (4, 2, 1)),
    "kernel": ((1, 1), (3, 3), (2, 3), (3, 1), (1, 2), (2, 2)),
    "stride": (DEFAULT, 1, 2, (2, 1), (1, 3), (5, 4)),
    "dilation": (DEFAULT, 1, 2, (1, 2), (3, 1)),
    "padding": (DEFAULT, 0, 1, (1, 2), ((0, 1), (2, 0)), ((2, 1), (0, 3)), (4, 5)),
    "outputs": ((1, 1), (2, 3), (3, 2), (2, 2), (1, 4), (5, 1)),
    "remainder": ((0, 0), (1, 0), (0, 1), (2, 2)),
    "bias": (False, True),
    "dtype": DTYPES,
    "layout": LAYOUTS,
    "data": ARITHMETIC_DATA,
}


POOL: Mapping[str, tuple[Any, ...]] = {
    "batch": (1, 2, 3),
    "channels": (1, 2, 3),
    "kernel": (2, (1, 1), 3, (2, 3), (3, 2), (1, 4), (4, 1)),
    "stride": (DEFAULT, None, 1, 2, (2, 1), (1, 3), (4, 5)),
    "padding": (DEFAULT, "half", "before", "after", "vertical", "crossed"),
    "ceil_mode": (DEFAULT, False, True),
    "outputs": CONVOLUTION["outputs"],
    "remainder": CONVOLUTION["remainder"],
    "dtype": DTYPES,
    "layout": LAYOUTS,
}


def _sizes(row: Row, kernel: Pair, stride: Any, padding: Any) -> Pair:
    """Return the image that gives the row's outputs and remainders; a padding may leave it too small for them."""
    dilation = pair(default_or(row.get("dilation", 1), 1))
    sizes = []
    for outputs, remainder, cells, step, gap, (before, after) in zip(
        row["outputs"], row["remainder"], kernel, pair(stride), dilation, sides(padding), strict=True
    ):
        span = (outputs - 1) * step + gap * (cells - 1) + 1 + min(remainder, step - 1)
        sizes.append(max(1, span - before - after))
    return sizes[0], sizes[1]


def conv2d(row: Row) -> Case:
    """Assemble a convolution of images."""
    groups, channels, filters = row["channels"]
    size = _sizes(row, row["kernel"], default_or(row["stride"], 1), default_or(row["padding"], 0))
    shapes = {
        "x": (row["batch"], groups * channels, *size),
        "weight": (groups * filters, channels, *row["kernel"]),
        **({"bias": (groups * filters,)} if row["bias"] else {}),
    }
    attributes = given(row, "stride", "padding", "dilation") | ({"groups": groups} if groups > 1 else {})
    return make_case("conv2d", shapes, attributes, row)


def conv1d(row: Row) -> Case:
    """Assemble a convolution of signals, as one of images with equal sides."""
    flat = conv2d(
        row
        | {name: (row[name], row[name]) for name in ("kernel", "outputs", "remainder")}
        | {
            "padding": default_or(row["padding"], 0)
            if isinstance(default_or(row["padding"], 0), int)
            else (row["padding"],) * 2
        }
    )
    shapes = {name: shape if len(shape) == 1 else (*shape[:2], shape[3]) for name, shape in flat.shapes.items()}
    attributes = {name: value for name, value in flat.attributes.items() if name != "padding"}
    return make_case("conv1d", shapes, attributes | given(row, "padding"), row)


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
        limits = zip(
            pair(row["output_padding"]),
            pair(default_or(row["stride"], 1)),
            pair(default_or(row["dilation"], 1)),
            strict=True,
        )
        extra = tuple(min(wanted, max(step, gap) - 1) for wanted, step, gap in limits)
        attributes["output_padding"] = (
            extra[0] if isinstance(row["output_padding"], int) and len(set(extra)) == 1 else extra
        )
    return make_case("conv_transpose2d", shapes, attributes, row)


def im2col(row: Row) -> Case:
    """Assemble an im2col."""
    kernel_size = row["kernel"]
    size = _sizes(row, pair(kernel_size), default_or(row["stride"], 1), default_or(row["padding"], 0))
    attributes = {"kernel_size": kernel_size} | given(row, "stride", "padding", "dilation")
    return make_case("im2col", {"x": (row["batch"], row["channels"], *size)}, attributes, row)


def col2im(row: Row) -> Case:
    """Assemble a col2im."""
    return transposed_im2col(im2col(row))


def transposed_im2col(case: Case) -> Case:
    """Return the problem of col2im that belongs to one of im2col."""
    attributes = {"input_shape": case.shapes["x"], **case.attributes}
    return case.but(operator="col2im", shapes={"cols": output_shape(case)}, attributes=attributes)


def _pool_padding(name: str, kernel: Pair) -> Any:
    top, left = kernel[0] // 2, kernel[1] // 2
    return {
        "half": (top, left),
        "before": ((top, 0), (left, 0)),
        "after": ((0, top), (0, left)),
        "vertical": (top, 0),
        "crossed": ((0, top), (left, 0)),
    }[name]


def pool(operator: str, *extra: str) -> Callable[[Row], Case]:
    """Return how a pool is assembled."""

    def assemble(row: Row) -> Case:
        kernel = pair(row["kernel"])
        stride = default_or(row["stride"], None)
        attributes = {"kernel_size": row["kernel"]} | given(row, "stride", "ceil_mode", *extra)
        padding: Any = 0
        if row["padding"] != DEFAULT:
            padding = attributes["padding"] = _pool_padding(row["padding"], kernel)
        size = _sizes(row, kernel, kernel if stride is None else stride, padding)
        return make_case(operator, {"x": (row["batch"], row["channels"], *size)}, attributes, row)

    return assemble
