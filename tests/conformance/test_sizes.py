"""Code that is wrong past a size alone is found, for every size that a caller can choose and every result.

A counter of 8 or 16 bits, a block of a long sum, the largest kernel that a fast path is written for: such code is
right wherever the arrays are small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.contract import CONVOLUTIONS, FUNCTIONS
from conformance.implementation import Implementation, from_namespace
from conformance.oracle import output_shape
from conformance.requirements import REQUIREMENTS, Requirement

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

WINDOWS = ("im2col", "col2im", *CONVOLUTIONS, "max_pool2d", "avg_pool2d")

# Up to these sizes a mistake may hide; each is one at which real code changes its way.
LIMITS: Mapping[str, int] = {
    "samples": 2**8,
    "channels": 2**8,
    "rows": 2**8,
    "columns": 2**8,
    "filters": 2**8,
    "rows that come out": 2**8,
    "columns that come out": 2**8,
    "numbers": 2**16,
    "numbers that come out": 2**16,
    "numbers of an image": 2**12,
    "numbers of an image that come out": 2**12,
    "weights": 2**16,
    "terms of an output": 2**12,
    "terms of an input's gradient": 2**12,
    "terms of a weight's gradient": 2**12,
    "width or height of the kernel": 11,
    "width and height of the kernel": 7,
    "cells of a window": 2**8,
    "stride": 16,
    "dilation": 16,
    "padding": 8,
    "output_padding": 16,
    "groups": 2**8,
    "axes": 4,
    "classes": 2**12,
    "size": 11,
}


def sizes(case: Case) -> dict[str, int]:
    """Return how large a case is in each way that its operator knows."""
    if case.operator == "col2im":
        case = case.but(operator="im2col", shapes={"x": case.attributes["input_shape"]})
    if case.operator in WINDOWS:
        return {**_of_images(case), **_of_windows(case)}
    if case.operator in ("global_avg_pool2d", "local_response_norm"):
        return {**_of_images(case), **{name: case.attributes[name] for name in ("size",) if name in case.attributes}}
    if case.operator == "batch_norm":
        N, C, *image = case.shapes["x"]
        return {"samples": N, "channels": C, "numbers": math.prod(case.shapes["x"]), **_of_sums(N * math.prod(image))}
    if case.operator == "linear":
        (N, D), (F, _) = case.shapes["x"], case.shapes["weight"]
        return {"samples": N, "channels": D, "filters": F, "numbers": N * D, "numbers that come out": N * F,
                "weights": F * D, **_of_sums(D, F, N)}  # fmt: skip
    if case.operator == "cross_entropy":
        N, K = case.shapes["logits"]
        return {"samples": N, "classes": K, "numbers": N * K}
    shape = next(iter(case.shapes.values()))
    found = {"numbers": math.prod(shape)}
    if case.operator == "softmax":
        return {**found, "axes": len(shape), "classes": shape[case.all_attributes["axis"]]}
    return found


def _of_images(case: Case) -> dict[str, int]:
    N, C, *image = case.shapes["x"]
    rows = {"rows": image[0]} if len(image) == 2 else {}
    return {"samples": N, "channels": C, "columns": image[-1], **rows, "numbers": N * C * math.prod(image),
            "numbers of an image": math.prod(image)}  # fmt: skip


def _of_windows(case: Case) -> dict[str, int]:
    attributes = case.all_attributes
    weight = case.shapes.get("weight", ())
    kernel = weight[2:] or tuple(np.broadcast_to(attributes["kernel_size"], 2).tolist())
    of_attributes = ("dilation", "padding", "output_padding", "groups")
    found: dict[str, int] = {name: int(np.max(attributes[name])) for name in of_attributes if name in attributes}
    found["stride"] = int(np.max(kernel if attributes["stride"] is None else attributes["stride"]))
    found["width or height of the kernel"] = max(kernel)
    found["cells of a window"] = math.prod(kernel)
    if len(kernel) == 2:
        found["width and height of the kernel"] = min(kernel)
    if case.operator == "im2col":
        return {**found, "numbers that come out": math.prod(output_shape(case))}
    N, _, *image = output_shape(case)
    found["columns that come out"] = image[-1]
    if len(image) == 2:
        found["rows that come out"] = image[0]
    found["numbers that come out"] = math.prod(output_shape(case))
    found["numbers of an image that come out"] = math.prod(image)
    if not weight:
        return found
    transposed = case.operator == "conv_transpose2d"
    groups = attributes["groups"]
    ins, outs = (weight[0] // groups, weight[1]) if transposed else (weight[1], weight[0] // groups)
    positions = N * math.prod(case.shapes["x"][2:] if transposed else image)
    return {**found, "filters": outs * groups, "weights": math.prod(weight),
            **_of_sums(ins * math.prod(kernel), outs * math.prod(kernel), positions)}  # fmt: skip


def _of_sums(*terms: int) -> dict[str, int]:
    names = ("terms of an output", "terms of an input's gradient", "terms of a weight's gradient")
    return dict(zip(names, terms, strict=False))


def spoilt(function: str, position: int) -> Implementation:
    """Return the function with the last numbers of one result wrong, as it would be past a limit."""

    def wrong(*arguments: Any, **how: Any) -> Any:
        results = getattr(refcnn, function)(*arguments, **how)
        several = [np.array(each) for each in (results if isinstance(results, tuple) else [results])]
        several[position][..., -1:] += 1 / 32
        return tuple(several) if isinstance(results, tuple) else several[0]

    return from_namespace("mine", SimpleNamespace(**{function: wrong}))


def judged(function: str) -> list[Requirement]:
    """Return the requirements that judge the values of a function."""
    return [each for each in REQUIREMENTS if each.kind == "values" and each.needs == (function,)]


def functions_and_sizes() -> list[tuple[str, str]]:
    return [(name, size) for name in FUNCTIONS for size in sizes(judged(name)[0].corners[0])]


def is_found(function: str, past: Callable[[Case], bool]) -> bool:
    """Return whether code is found out in each of its results if it is wrong in these cases and right in all others."""
    chosen = [(each, case) for each in judged(function) for case in each.corners if past(case)]
    wrong = [spoilt(function, position) for position in range(len(FUNCTIONS[function].results))]
    return all(any(each.judge(mine, case).violation for each, case in chosen) for mine in wrong)


@pytest.mark.parametrize(("function", "size"), functions_and_sizes())
def test_what_is_wrong_past_a_size_alone_is_found(function: str, size: str) -> None:
    assert is_found(function, lambda case: sizes(case)[size] > LIMITS[size])


def attributes_and_sizes() -> list[tuple[str, str, str]]:
    """Return the functions whose windows can be arranged otherwise, and what their code may be fast for."""
    return [
        (name, attribute, size)
        for name, size in functions_and_sizes()
        if size in ("samples", "channels", "columns", "rows")
        for attribute in ("stride", "dilation", "groups")
        if attribute in sizes(judged(name)[0].corners[0])
    ]


@pytest.mark.parametrize(("function", "attribute", "size"), attributes_and_sizes())
def test_what_is_wrong_past_a_size_with_an_attribute_is_found(function: str, attribute: str, size: str) -> None:
    def past(case: Case) -> bool:
        found = sizes(case)
        return found[size] > LIMITS[size] and found[attribute] > 1

    assert is_found(function, past)
