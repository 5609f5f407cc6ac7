"""The case of a row has what the levels of the row say, measured by the contract's formulas."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from conformance.case import Case
from conformance.contract import OPERATORS
from conformance.covering import Combinations, cover
from conformance.plan import Plan
from conformance.space import DEFAULT, SPACES, Row, legal_levels

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

CONVOLUTIONS = ("conv1d", "conv2d", "conv_transpose2d")
WINDOWS = ("im2col", "col2im", "conv1d", "conv2d", "max_pool2d", "avg_pool2d")


@cache
def rows_and_cases(operator: str) -> list[tuple[Row, Case]]:
    both: list[tuple[Row, Case]] = []
    for strength, profile in ((2, "quick"), (3, "default")):
        combinations = Combinations(SPACES[operator].factors, strength, legal_levels(operator))
        rows = map(SPACES[operator].row, cover(combinations, seed=0))
        both += zip(rows, Plan(profile).grid(operator), strict=True)
    return both


def measured(case: Case) -> Iterator[tuple[int, int]]:
    """Yield the whole windows that fit along each axis, and what is left behind the last one."""
    attributes = case.all_attributes
    image = case.attributes["input_shape"] if case.operator == "col2im" else case.shapes["x"]
    axes = len(image) - 2
    kernel = each_axis(case.shapes["weight"][2:] if "weight" in case.shapes else attributes["kernel_size"], axes)
    stride = kernel if attributes["stride"] is None else each_axis(attributes["stride"], axes)
    dilation = each_axis(attributes.get("dilation", 1), axes)
    for size, cells, step, gap, sides in zip(image[2:], kernel, stride, dilation, paddings(case), strict=True):
        span = size + sum(sides) - gap * (cells - 1) - 1
        yield span // step + 1, span % step


def each_axis(value: Any, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else value


def paddings(case: Case) -> list[tuple[int, int]]:
    padding = case.all_attributes["padding"]
    if case.operator == "conv1d":
        return [padding if isinstance(padding, tuple) else (padding, padding)]
    return [(side, side) if isinstance(side, int) else side for side in each_axis(padding, 2)]


@pytest.mark.parametrize("operator", WINDOWS)
def test_outputs_and_remainders_are_those_of_the_row(operator: str) -> None:
    for row, case in rows_and_cases(operator):
        wanted = (row["outputs"], row["remainder"])
        pairs = [wanted] if operator == "conv1d" else list(zip(*wanted, strict=True))
        assert list(measured(case)) == pairs, (row, case.describe())


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_attribute_is_that_of_the_row_or_left_out(operator: str) -> None:
    for row, case in rows_and_cases(operator):
        names = set(row) & set(OPERATORS[operator].forward.attributes)
        for name in names - ({"padding"} if "pool" in operator else set()):
            assert case.attributes.get(name, DEFAULT) == row[name], (row, case.describe())
            # True is not 1 here.
            assert type(case.attributes.get(name, DEFAULT)) is type(row[name])


@pytest.mark.parametrize("operator", ["max_pool2d", "avg_pool2d"])
def test_a_pool_is_padded_by_half_its_kernel_on_the_named_sides_alone(operator: str) -> None:
    for row, case in rows_and_cases(operator):
        top, left = (size // 2 for size in each_axis(case.attributes["kernel_size"], 2))
        assert (
            paddings(case)
            == {
                DEFAULT: [(0, 0), (0, 0)],
                "half": [(top, top), (left, left)],
                "before": [(top, 0), (left, 0)],
                "after": [(0, top), (0, left)],
                "vertical": [(top, top), (0, 0)],
                "horizontal": [(0, 0), (left, left)],
                "crossed": [(0, top), (left, 0)],
            }[row["padding"]]
        )
        assert any(map(any, paddings(case))) == (row["padding"] != DEFAULT)


@pytest.mark.parametrize("operator", OPERATORS)
def test_type_layout_and_data_are_those_of_the_row(operator: str) -> None:
    for row, case in rows_and_cases(operator):
        assert (case.dtype, case.layout) == (row["dtype"], row["layout"])
        special_target = row.get("target", "labels") not in ("labels", "weights")
        assert case.data == (row["target"] if special_target else row["data"])
        assert not special_target or row["data"] == "uniform"


@pytest.mark.parametrize("operator", OPERATORS)
def test_sizes_are_those_of_the_row(operator: str) -> None:
    for row, case in rows_and_cases(operator):
        image = case.attributes.get("input_shape", next(iter(case.shapes.values())))
        assert row.get("batch", image[0]) == image[0]
        assert row.get("shape", image) == image
        assert row.get("image", image[2:]) == image[2:]
        assert row.get("classes", image[-1]) == image[-1]
        if operator not in CONVOLUTIONS:
            assert row.get("channels", image[1] if image[1:] else None) == (image[1] if image[1:] else None)
        assert ("bias" in case.shapes) == row.get("bias", False)


@pytest.mark.parametrize("operator", [*WINDOWS, "conv_transpose2d"])
def test_a_kernel_is_that_of_the_row(operator: str) -> None:
    for row, case in rows_and_cases(operator):
        if "weight" in case.shapes:
            assert case.shapes["weight"][2:] == each_axis(row["kernel"], 1)
        else:
            assert case.attributes["kernel_size"] == row["kernel"]


@pytest.mark.parametrize("operator", CONVOLUTIONS)
def test_groups_channels_and_filters_are_those_of_the_row(operator: str) -> None:
    for row, case in rows_and_cases(operator):
        groups, channels, filters = row["channels"]
        assert case.all_attributes["groups"] == groups
        assert case.shapes["x"][1] == groups * channels
        transposed = operator == "conv_transpose2d"
        weight = (groups * channels, filters) if transposed else (groups * filters, channels)
        assert case.shapes["weight"][:2] == weight
        assert case.shapes.get("bias", (groups * filters,)) == (groups * filters,)
        assert not transposed or case.shapes["x"][2:] == row["outputs"]


def test_a_linear_map_has_the_inputs_and_outputs_of_the_row() -> None:
    for row, case in rows_and_cases("linear"):
        assert case.shapes["x"] == (row["batch"], row["inputs"])
        assert case.shapes["weight"] == (row["outputs"], row["inputs"])


def test_a_target_is_of_the_kind_of_the_row() -> None:
    for row, case in rows_and_cases("cross_entropy"):
        labels = row["target"] in ("labels", "uint8_labels", "int32_labels")
        assert case.shapes["target"] == ((row["batch"],) if labels else (row["batch"], row["classes"]))
