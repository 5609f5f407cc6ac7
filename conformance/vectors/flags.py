"""Flags: what a vector has in it, so that a reader can pick some and leave others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call
from conformance.case import Case
from conformance.oracle import problem
from conformance.oracle.pooling import maximal_cells

Array = NDArray[Any]

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "float32": "the floating arrays are float32",
        "float64": "the floating arrays are float64",
        "integers": "the arrays that should be floating are int64",
        "backward": "a gradient",
        "bias": "a bias is passed",
        "stride": "a stride other than 1",
        "padding": "padding other than 0",
        "uneven-padding": "more padding on one side than on the other",
        "dilation": "a dilation other than 1",
        "groups": "more than one group",
        "output-padding": "an output_padding other than 0",
        "ceil-mode": "output sizes are rounded up",
        "padding-not-counted": "averages are over the pixels of the image alone",
        "axis": "a softmax along another axis than the last",
        "labels": "the target holds labels",
        "weights": "the target holds a weight for each class",
        "training": "batch_norm or dropout in training",
        "empty": "an array without elements",
        "nan": "a NaN among the inputs",
        "infinity": "an infinity among the inputs",
        "negative-zero": "a zero with a sign among the inputs",
        "subnormal": "an input below the smallest normal number",
        "extreme": "an input within a factor of 1024 of the largest finite number",
        "tie": "a window of a max pool with several maxima",
        "exact": "no element may differ at all",
        "bad-input": "the call must be refused",
    }
)


def flags_of_case(function: str, case: Case, attributes: Mapping[str, Any]) -> set[str]:
    """Return the flags that follow from a case and the attributes of its call, whatever the numbers are."""
    named = {"integers" if case.dtype == "int64" else case.dtype}
    named |= {flag for flag, raised in _of_attributes(attributes) if raised}
    if function.endswith("_backward"):
        named.add("backward")
    elif "bias" in case.shapes:
        named.add("bias")
    if case.operator == "cross_entropy":
        named.add("labels" if len(case.shapes["target"]) == 1 else "weights")
    if case.operator == "softmax" and attributes["axis"] not in (-1, len(case.shapes["x"]) - 1):
        named.add("axis")
    return named


def flags_of_numbers(call: Call) -> set[str]:
    """Return the flags that follow from what is in the arrays."""
    return {flag for flag, raised in _of_numbers(call) if raised}


def _of_attributes(attributes: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    for name in ("stride", "dilation"):
        yield name, bool(np.any(np.asarray(attributes.get(name, 1)) != 1))
    padding = np.asarray(attributes.get("padding", 0))
    yield "padding", bool(padding.any())
    yield "uneven-padding", bool(padding.ndim and np.any(padding[..., 0] != padding[..., 1]))
    yield "output-padding", bool(np.any(attributes.get("output_padding", 0)))
    yield "groups", attributes.get("groups", 1) > 1
    yield "ceil-mode", attributes.get("ceil_mode", False)
    yield "padding-not-counted", not attributes.get("count_include_pad", True)
    yield "training", attributes.get("training", False)


def _of_numbers(call: Call) -> Iterator[tuple[str, bool]]:
    arrays = list(call.arrays.values())
    floating = [array for array in arrays if array.dtype.kind == "f"]
    yield "empty", any(array.size == 0 for array in arrays)
    yield "nan", any(np.isnan(array).any() for array in floating)
    yield "infinity", any(np.isinf(array).any() for array in floating)
    yield "negative-zero", any((np.signbit(array) & (array == 0)).any() for array in floating)
    for array in floating:
        size = np.abs(array[np.isfinite(array)])
        yield "subnormal", bool(((size > 0) & (size < np.finfo(array.dtype).tiny)).any())
        yield "extreme", bool((size > np.finfo(array.dtype).max / 1024).any())


def has_tie(call: Call) -> bool:
    """Return whether a max pool's window has several maxima, of which a gradient may choose one."""
    if call.case.operator != "max_pool2d":
        return False
    return bool((maximal_cells(problem(call.case, call.arrays, {})).sum(axis=(3, 5)) > 1).any())
