"""The configuration space: for each operator the factors that matter, and the case that their levels make.

The systematic grid takes its cases from here, and so does Hypothesis. The first level of a factor is its simplest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from conformance.case import Case, Shape
from conformance.oracle import IllegalProblemError, output_shape
from conformance.oracle.geometry import Pair, pair, sides

Row = dict[str, Any]

# A level that leaves the attribute out of the call.
DEFAULT = "default"


@dataclass(frozen=True)
class Space:
    """The factors of an operator with their levels, and how a row of levels becomes a case."""

    factors: Mapping[str, tuple[Any, ...]]
    assemble: Callable[[Row], Case]


_DTYPES = ("float64", "float32")
_LAYOUTS = ("contiguous", "mixed", "channels_last", "negative", "read_only", "broadcast")
_ARITHMETIC_DATA = ("uniform", "integers", "wide")

_CONVOLUTION: Mapping[str, tuple[Any, ...]] = {
    "batch": (1, 2, 3),
    # groups, channels a group, filters a group
    "channels": ((1, 1, 1), (1, 3, 2), (1, 2, 4), (2, 2, 3), (3, 1, 1), (2, 1, 2), (4, 2, 1)),
    "kernel": ((1, 1), (3, 3), (2, 3), (3, 1), (1, 2), (2, 2)),
    "stride": (DEFAULT, 1, 2, (2, 1), (1, 3), (3, 2)),
    "dilation": (DEFAULT, 1, 2, (1, 2), (3, 1)),
    "padding": (DEFAULT, 0, 1, (1, 2), ((0, 1), (2, 0)), ((2, 1), (0, 3)), (4, 5)),
    "outputs": ((1, 1), (2, 3), (3, 2), (2, 2), (1, 4), (5, 1)),
    "remainder": ((0, 0), (1, 0), (0, 1), (2, 2)),
    "bias": (False, True),
    "dtype": _DTYPES,
    "layout": _LAYOUTS,
    "data": _ARITHMETIC_DATA,
}


def _without(factors: Mapping[str, tuple[Any, ...]], *names: str) -> dict[str, tuple[Any, ...]]:
    return {name: levels for name, levels in factors.items() if name not in names}


def _given(row: Row, *names: str) -> dict[str, Any]:
    """Return the attributes of a row, less those that are left to their default."""
    return {name: row[name] for name in names if row[name] != DEFAULT}


def _or(value: Any, default: Any) -> Any:
    return default if value == DEFAULT else value


def _case(operator: str, shapes: Mapping[str, Shape], attributes: Mapping[str, Any], row: Row) -> Case:
    return Case(operator, shapes, attributes, **{name: row[name] for name in ("dtype", "layout", "data")})


def _sizes(row: Row, kernel: Pair, stride: Any, padding: Any) -> Pair:
    """Return the image that gives the row's outputs and remainders; a padding may leave it too small for them."""
    dilation = pair(_or(row.get("dilation", 1), 1))
    sizes = []
    for outputs, remainder, cells, step, gap, (before, after) in zip(
        row["outputs"], row["remainder"], kernel, pair(stride), dilation, sides(padding), strict=True
    ):
        span = (outputs - 1) * step + gap * (cells - 1) + 1 + min(remainder, step - 1)
        sizes.append(max(1, span - before - after))
    return sizes[0], sizes[1]


def _conv2d(row: Row) -> Case:
    groups, channels, filters = row["channels"]
    size = _sizes(row, row["kernel"], _or(row["stride"], 1), _or(row["padding"], 0))
    shapes = {
        "x": (row["batch"], groups * channels, *size),
        "weight": (groups * filters, channels, *row["kernel"]),
        **({"bias": (groups * filters,)} if row["bias"] else {}),
    }
    attributes = _given(row, "stride", "padding", "dilation") | ({"groups": groups} if groups > 1 else {})
    return _case("conv2d", shapes, attributes, row)


def _conv1d(row: Row) -> Case:
    flat = _conv2d(
        row
        | {name: (row[name], row[name]) for name in ("kernel", "outputs", "remainder")}
        | {"padding": _or(row["padding"], 0) if isinstance(_or(row["padding"], 0), int) else (row["padding"],) * 2}
    )
    shapes = {name: shape if len(shape) == 1 else (*shape[:2], shape[3]) for name, shape in flat.shapes.items()}
    attributes = {name: value for name, value in flat.attributes.items() if name != "padding"}
    return _case("conv1d", shapes, attributes | _given(row, "padding"), row)


def _conv_transpose2d(row: Row) -> Case:
    groups, channels, filters = row["channels"]
    shapes = {
        "x": (row["batch"], groups * channels, *row["outputs"]),
        "weight": (groups * channels, filters, *row["kernel"]),
        **({"bias": (groups * filters,)} if row["bias"] else {}),
    }
    attributes = _given(row, "stride", "padding", "dilation") | ({"groups": groups} if groups > 1 else {})
    if row["output_padding"] != DEFAULT:
        limits = zip(
            pair(row["output_padding"]), pair(_or(row["stride"], 1)), pair(_or(row["dilation"], 1)), strict=True
        )
        extra = tuple(min(wanted, max(step, gap) - 1) for wanted, step, gap in limits)
        attributes["output_padding"] = extra[0] if isinstance(row["output_padding"], int) and len(set(extra)) == 1 else extra
    return _case("conv_transpose2d", shapes, attributes, row)


def _im2col(row: Row) -> Case:
    kernel_size = row["kernel"]
    size = _sizes(row, pair(kernel_size), _or(row["stride"], 1), _or(row["padding"], 0))
    attributes = {"kernel_size": kernel_size} | _given(row, "stride", "padding", "dilation")
    return _case("im2col", {"x": (row["batch"], row["channels"], *size)}, attributes, row)


def _col2im(row: Row) -> Case:
    return transposed_im2col(_im2col(row))


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


def _pool(operator: str, *extra: str) -> Callable[[Row], Case]:
    def assemble(row: Row) -> Case:
        kernel = pair(row["kernel"])
        stride = _or(row["stride"], None)
        attributes = {"kernel_size": row["kernel"]} | _given(row, "stride", "ceil_mode", *extra)
        padding: Any = 0
        if row["padding"] != DEFAULT:
            padding = attributes["padding"] = _pool_padding(row["padding"], kernel)
        size = _sizes(row, kernel, kernel if stride is None else stride, padding)
        return _case(operator, {"x": (row["batch"], row["channels"], *size)}, attributes, row)

    return assemble


_POOL: Mapping[str, tuple[Any, ...]] = {
    "batch": (1, 2, 3),
    "channels": (1, 2, 3),
    "kernel": (2, (1, 1), 3, (2, 3), (3, 2), (1, 4), (4, 1)),
    "stride": (DEFAULT, None, 1, 2, (2, 1), (1, 3), (4, 5)),
    "padding": (DEFAULT, "half", "before", "after", "vertical", "crossed"),
    "ceil_mode": (DEFAULT, False, True),
    "outputs": _CONVOLUTION["outputs"],
    "remainder": _CONVOLUTION["remainder"],
    "dtype": _DTYPES,
    "layout": _LAYOUTS,
}


def _shaped(operator: str, *names: str, attributes: tuple[str, ...] = ()) -> Callable[[Row], Case]:
    """Assemble an operator whose arrays all have the row's shape."""
    return lambda row: _case(operator, dict.fromkeys(names, row["shape"]), _given(row, *attributes), row)


def _pointwise(operator: str, *data: str) -> Space:
    factors = {
        "shape": ((3,), (2, 3), (2, 3, 4), (2, 3, 2, 5), (1, 1), (3, 17)),
        "dtype": _DTYPES,
        "layout": _LAYOUTS,
        "data": ("uniform", "positive", "negative", "wide", *data),
    }
    return Space(factors, _shaped(operator, "x"))


def _linear(row: Row) -> Case:
    shapes = {
        "x": (row["batch"], row["inputs"]),
        "weight": (row["outputs"], row["inputs"]),
        **({"bias": (row["outputs"],)} if row["bias"] else {}),
    }
    return _case("linear", shapes, {}, row)


def _softmax(row: Row) -> Case:
    return _case("softmax", {"x": row["shape"]}, _given(row, "axis"), row)


def _cross_entropy(row: Row) -> Case:
    N, K = row["batch"], row["classes"]
    target = (N,) if row["target"].endswith("labels") else (N, K)
    data = row["data"] if row["target"] in ("labels", "weights") else row["target"]
    return _case("cross_entropy", {"logits": (N, K), "target": target}, {}, row | {"data": data})


def _batch_norm(row: Row) -> Case:
    C = row["channels"]
    vectors = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (C,))
    attributes = {"training": row["training"]} | _given(row, "momentum", "eps")
    return _case("batch_norm", {"x": (row["batch"], C, *row["image"]), **vectors}, attributes, row)


def _local_response_norm(row: Row) -> Case:
    attributes = {"size": row["size"]} | _given(row, "alpha", "beta", "k")
    return _case("local_response_norm", {"x": (row["batch"], row["channels"], *row["image"])}, attributes, row)


_UPDATE_SHAPES = ((3,), (2, 3), (2, 3, 2, 2), (1,), (5, 1))
_UPDATED = {"shape": _UPDATE_SHAPES, "lr": (0.1, 1.0, 1e-3), "dtype": _DTYPES, "layout": _LAYOUTS}

SPACES: Mapping[str, Space] = MappingProxyType(
    {
        "im2col": Space(_without(_CONVOLUTION, "bias") | {"channels": (1, 3, 2)}, _im2col),
        "col2im": Space(_without(_CONVOLUTION, "bias") | {"channels": (1, 3, 2)}, _col2im),
        "conv1d": Space(
            _CONVOLUTION
            | {
                "kernel": (1, 2, 3, 4),
                "stride": (DEFAULT, 1, 2, 3),
                "dilation": (DEFAULT, 1, 2, 3),
                "padding": (DEFAULT, 0, 1, (0, 2), (3, 1), 5),
                "outputs": (1, 2, 3, 5),
                "remainder": (0, 1, 2),
            },
            _conv1d,
        ),
        "conv2d": Space(_CONVOLUTION, _conv2d),
        "conv_transpose2d": Space(
            _without(_CONVOLUTION, "remainder")
            | {
                "padding": (DEFAULT, 0, 1, (1, 2), ((0, 1), (1, 0)), ((2, 0), (0, 1))),
                "output_padding": (DEFAULT, 0, 1, (0, 1), (2, 0)),
                "outputs": ((1, 1), (2, 3), (3, 2), (2, 2), (1, 3), (4, 1)),
            },
            _conv_transpose2d,
        ),
        "max_pool2d": Space(
            dict(_POOL)
            | {"dilation": (DEFAULT, 1, 2, (1, 2), (3, 1)), "data": ("distinct", "uniform", "negative", "ties")},
            _pool("max_pool2d", "dilation"),
        ),
        "avg_pool2d": Space(
            dict(_POOL) | {"count_include_pad": (DEFAULT, True, False), "data": _ARITHMETIC_DATA},
            _pool("avg_pool2d", "count_include_pad"),
        ),
        "global_avg_pool2d": Space(
            {
                "shape": ((1, 1, 1, 1), (2, 3, 4, 5), (3, 2, 5, 1), (1, 2, 1, 7), (2, 1, 3, 3)),
                "dtype": _DTYPES,
                "layout": _LAYOUTS,
                "data": _ARITHMETIC_DATA,
            },
            _shaped("global_avg_pool2d", "x"),
        ),
        "linear": Space(
            {
                "batch": (1, 2, 3, 5),
                "inputs": (1, 3, 4, 7),
                "outputs": (1, 2, 3, 6),
                "bias": (False, True),
                "dtype": _DTYPES,
                "layout": _LAYOUTS,
                "data": _ARITHMETIC_DATA,
            },
            _linear,
        ),
        "relu": _pointwise("relu", "ties", "signed_zeros", "extremes"),
        "sigmoid": _pointwise("sigmoid", "confident", "large", "extremes"),
        "tanh": _pointwise("tanh", "confident", "large", "extremes"),
        "softmax": Space(
            {
                "shape": ((3,), (2, 3), (3, 1), (2, 3, 4), (2, 4, 3, 2), (4, 11)),
                "axis": (DEFAULT, -1, 0, 1, -2, 2),
                "dtype": _DTYPES,
                "layout": _LAYOUTS,
                "data": ("uniform", "confident", "large", "shifted", "negative", "limits"),
            },
            _softmax,
        ),
        "cross_entropy": Space(
            {
                "batch": (1, 2, 3, 5),
                "classes": (2, 3, 5, 10),
                "target": ("labels", "weights", "one_hot", "uint8_labels", "int32_labels"),
                "dtype": _DTYPES,
                "layout": _LAYOUTS,
                "data": ("uniform", "confident", "large", "shifted", "limits"),
            },
            _cross_entropy,
        ),
        "batch_norm": Space(
            {
                "batch": (2, 1, 3, 8),
                "channels": (1, 3, 2),
                "image": ((), (2, 3), (1, 1), (3, 1), (3, 4)),
                "training": (True, False),
                "momentum": (DEFAULT, 0.1, 0.3, 1.0, 0.0),
                "eps": (DEFAULT, 1e-5, 1e-3, 0.5),
                "dtype": _DTYPES,
                "layout": _LAYOUTS,
                "data": ("uniform", "offset", "constant", "wide"),
            },
            _batch_norm,
        ),
        "local_response_norm": Space(
            {
                "batch": (1, 2),
                "channels": (1, 3, 5, 8),
                "image": ((1, 1), (2, 3), (3, 1)),
                "size": (1, 2, 3, 4, 5, 7),
                "alpha": (DEFAULT, 1e-4, 0.5, 2.0),
                "beta": (DEFAULT, 0.75, 0.5, 1.0),
                "k": (DEFAULT, 1.0, 2.0),
                "dtype": _DTYPES,
                "layout": _LAYOUTS,
                "data": ("uniform", "confident"),
            },
            _local_response_norm,
        ),
        "dropout": Space(
            {
                "shape": ((40,), (8, 5), (2, 3, 4, 5), (1, 64), (3, 17)),
                "p": (0.5, 0.25, 0.1, 0.8, 0.0),
                "training": (True, False),
                "seed": (0, 1, 12345),
                "dtype": _DTYPES,
                "layout": _LAYOUTS,
                "data": ("positive", "negative"),
            },
            _shaped("dropout", "x", attributes=("p", "training", "seed")),
        ),
        "sgd_update": Space(
            _UPDATED | {"data": ("uniform", "wide")},
            _shaped("sgd_update", "param", "grad", attributes=("lr",)),
        ),
        "momentum_update": Space(
            _UPDATED | {"momentum": (0.9, 0.5, 0.0), "data": ("uniform", "wide")},
            _shaped("momentum_update", "param", "grad", "velocity", attributes=("lr", "momentum")),
        ),
        "adam_update": Space(
            _UPDATED
            | {
                "step": (1, 2, 3, 10, 1000),
                "beta1": (DEFAULT, 0.9, 0.5, 0.0),
                "beta2": (DEFAULT, 0.999, 0.9),
                "eps": (DEFAULT, 1e-8, 0.1),
                "data": ("uniform", "zeros"),
            },
            _shaped(
                "adam_update",
                "param",
                "grad",
                "m",
                "v",
                attributes=("step", "lr", "beta1", "beta2", "eps"),
            ),
        ),
    }
)


def assemble(operator: str, row: Row) -> Case | None:
    """Return the case that a row of levels makes, or nothing where the levels exclude one another."""
    try:
        case = SPACES[operator].assemble(row)
        output_shape(case)
    except IllegalProblemError:
        return None
    return case
