"""The factors of the operators without windows."""

from __future__ import annotations

from collections.abc import Callable

from conformance.case import Case, Shape
from conformance.oracle import IllegalProblemError
from conformance.space.levels import (
    DTYPES,
    LAYOUTS,
    Row,
    Space,
    given,
    make_case,
)


def shaped(operator: str, *names: str, attributes: tuple[str, ...] = ()) -> Callable[[Row], Case]:
    """Assemble an operator whose arrays all have the row's shape."""

    def assemble(row: Row) -> Case:
        shape: Shape = row["shape"]
        shapes = dict.fromkeys(names, shape)
        return make_case(operator, shapes, given(row, *attributes), row)

    return assemble


def pointwise(operator: str, *data: str) -> Space:
    """Return the space of an operator that treats each number alone."""
    factors = {
        "shape": ((3,), (2, 3), (2, 3, 4), (2, 3, 2, 5), (1, 1), (3, 17), (2, 1, 2, 3, 2)),
        "dtype": DTYPES,
        "layout": LAYOUTS,
        "data": ("uniform", "positive", "negative", "wide", *data),
    }
    return Space(factors, shaped(operator, "x"))


def linear(row: Row) -> Case:
    """Assemble a linear map."""
    shapes = {
        "x": (row["batch"], row["inputs"]),
        "weight": (row["outputs"], row["inputs"]),
        **({"bias": (row["outputs"],)} if row["bias"] else {}),
    }
    return make_case("linear", shapes, {}, row)


def softmax(row: Row) -> Case:
    """Assemble a softmax."""
    return make_case("softmax", {"x": row["shape"]}, given(row, "axis"), row)


def cross_entropy(row: Row) -> Case:
    """Assemble a loss, with labels or weights; beside targets of a special kind the logits are ordinary."""
    N, K = row["batch"], row["classes"]
    target = (N,) if row["target"].endswith("labels") else (N, K)
    ordinary = row["target"] in ("labels", "weights")
    if not ordinary and row["data"] != "uniform":
        raise IllegalProblemError("a case names one special kind of data")
    data = row["data"] if ordinary else row["target"]
    return make_case("cross_entropy", {"logits": (N, K), "target": target}, {}, row | {"data": data})


def batch_norm(row: Row) -> Case:
    """Assemble a batch normalisation of features or images."""
    C = row["channels"]
    vectors = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (C,))
    attributes = {"training": row["training"]} | given(row, "momentum", "eps")
    return make_case("batch_norm", {"x": (row["batch"], C, *row["image"]), **vectors}, attributes, row)


def local_response_norm(row: Row) -> Case:
    """Assemble a local response normalisation."""
    attributes = {"size": row["size"]} | given(row, "alpha", "beta", "k")
    if row["alpha"] == row["k"] == 0.0:
        raise IllegalProblemError("nothing to divide by")
    return make_case("local_response_norm", {"x": (row["batch"], row["channels"], *row["image"])}, attributes, row)


def adam_update(row: Row) -> Case:
    """Assemble a step of Adam; without an eps, nothing may be zero."""
    if row["eps"] == 0.0 and row["data"] == "zeros":
        raise IllegalProblemError("nothing to divide by")
    names = ("step", "lr", "beta1", "beta2", "eps")
    return shaped("adam_update", "param", "grad", "m", "v", attributes=names)(row)


_UPDATE_SHAPES = ((3,), (2, 3), (2, 3, 2, 2), (1,), (5, 1))


UPDATED = {"shape": _UPDATE_SHAPES, "lr": (0.1, 1.0, 1e-3, 0.0), "dtype": DTYPES, "layout": LAYOUTS}
