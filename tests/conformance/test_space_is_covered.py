"""Every combination of levels that can be had at all stands in a grid: proven by enumeration, from the contract.

Nothing here uses the truth tables that the grids are made from. Whether levels go together is asked of the contract's
formulas, by trying every size of image; for small spaces the whole product of the levels is tried.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from conformance.contract import OPERATORS
from conformance.covering import Combinations, cover
from conformance.oracle import is_legal
from conformance.plan import Plan
from conformance.space import DEFAULT, SPACES, Row, assemble, legal_levels

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

STRENGTH = {"quick": 2, "default": 3, "exhaustive": 4}
_SIDES = {
    DEFAULT: ((0, 0), (0, 0)),
    "half": ((1, 1), (1, 1)),
    "before": ((1, 0), (1, 0)),
    "after": ((0, 1), (0, 1)),
    "vertical": ((1, 1), (0, 0)),
    "horizontal": ((0, 0), (1, 1)),
    "crossed": ((0, 1), (1, 0)),
}


def both_axes(level: Any) -> Any:
    return level if isinstance(level, tuple) else (level, level)


def or_default(level: Any, default: Any) -> Any:
    return default if level == DEFAULT else level


@cache
def image_exists(kernel: int, stride: int, dilation: int, padding: Any, outputs: int, remainder: int) -> bool:
    """Return whether some size gives the outputs, and leaves the remainder behind the last window."""
    spans = (size + sum(both_axes(padding)) - dilation * (kernel - 1) - 1 for size in range(1, 60))
    return any(span >= 0 and (span // stride + 1, span % stride) == (outputs, remainder) for span in spans)


def is_convolution(row: Row) -> bool:
    """Return whether an image or a signal exists for each axis."""
    padding = or_default(row["padding"], 0)
    if isinstance(row["outputs"], int):
        padding = (padding, padding)
    axes = (
        both_axes(row["kernel"]),
        both_axes(or_default(row["stride"], 1)),
        both_axes(or_default(row["dilation"], 1)),
        both_axes(padding),
        both_axes(row["outputs"]),
        both_axes(row["remainder"]),
    )
    return all(image_exists(*axis) for axis in zip(*axes, strict=True))


def is_pool(row: Row) -> bool:
    """Return whether an image exists, and whether half a kernel is something wherever it pads."""
    kernel = both_axes(row["kernel"])
    padding = [tuple(k // 2 * side for side in sides) for k, sides in zip(kernel, _SIDES[row["padding"]], strict=True)]
    if any(k // 2 == 0 and sum(sides) for k, sides in zip(kernel, _SIDES[row["padding"]], strict=True)):
        return False
    stride = row["kernel"] if row["stride"] in (DEFAULT, None) else row["stride"]
    return is_convolution({"dilation": 1, **row, "stride": stride, "padding": tuple(padding)})


def is_transposed(row: Row) -> bool:
    axes = zip(
        row["kernel"],
        both_axes(or_default(row["stride"], 1)),
        both_axes(or_default(row["dilation"], 1)),
        both_axes(or_default(row["padding"], 0)),
        row["outputs"],
        both_axes(or_default(row["output_padding"], 0)),
        strict=True,
    )
    return all(
        extra < max(stride, dilation)
        and (size - 1) * stride - sum(both_axes(padding)) + dilation * (kernel - 1) + extra + 1 >= 1
        for kernel, stride, dilation, padding, size, extra in axes
    )


_IMAGE = ("kernel", "stride", "dilation", "padding", "outputs", "remainder")
# On which factors it depends whether a row is legal, and when it is.
RULES: dict[str, tuple[tuple[str, ...], Any]] = {
    **dict.fromkeys(("im2col", "col2im", "conv1d", "conv2d"), (_IMAGE, is_convolution)),
    "conv_transpose2d": ((*_IMAGE[:-1], "output_padding"), is_transposed),
    "max_pool2d": (_IMAGE, is_pool),
    "avg_pool2d": (("kernel", "stride", "padding", "outputs", "remainder"), is_pool),
    "softmax": (
        ("shape", "axis"),
        lambda row: -len(row["shape"]) <= or_default(row["axis"], -1) < len(row["shape"]),
    ),
    "cross_entropy": (
        ("target", "data"),
        lambda row: row["target"] in ("labels", "weights") or row["data"] == "uniform",
    ),
    "batch_norm": (
        ("batch", "image", "training"),
        lambda row: not row["training"] or row["batch"] * math.prod(row["image"]) > 1,
    ),
    "local_response_norm": (("alpha", "k"), lambda row: row["alpha"] != 0 or row["k"] != 0),
    "adam_update": (("eps", "data"), lambda row: row["eps"] != 0 or row["data"] != "zeros"),
}
SMALL = [name for name, space in SPACES.items() if math.prod(map(len, space.factors.values())) < 6_000]


@cache
def legal_positions(operator: str) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Return the factors that a rule is about, and the positions of the levels that go together by the rule."""
    names, rule = RULES.get(operator, ((), bool))
    levels = [SPACES[operator].factors[name] for name in names]
    positions = itertools.product(*(range(len(each)) for each in levels))
    return names, tuple(
        row
        for row in positions
        if not names or rule({name: each[at] for name, each, at in zip(names, levels, row, strict=True)})
    )


def legal_combinations(operator: str, strength: int) -> Iterator[tuple[tuple[str, ...], set[tuple[int, ...]]]]:
    """Yield the combinations that stand in some row that is legal by the rule, for each choice of factors."""
    names, rows = legal_positions(operator)
    factors = SPACES[operator].factors

    @cache
    def seen(chosen: tuple[str, ...]) -> set[tuple[int, ...]]:
        columns = [names.index(name) for name in chosen]
        return {tuple(row[column] for column in columns) for row in rows}

    for subset in itertools.combinations(factors, strength):
        ruled = tuple(name for name in subset if name in names)
        free = [range(len(factors[name])) for name in subset if name not in names]
        order = [(*ruled, *(name for name in subset if name not in names)).index(name) for name in subset]
        joined = ((*some, *others) for some in seen(ruled) for others in itertools.product(*free))
        yield subset, {tuple(combination[place] for place in order) for combination in joined}


@cache
def rows_of(operator: str, profile: str) -> list[list[int]]:
    rows: list[list[int]] = cover(
        Combinations(SPACES[operator].factors, STRENGTH[profile], legal_levels(operator)), seed=0
    ).tolist()
    return rows


def assert_covered(operator: str, profile: str) -> None:
    names = list(SPACES[operator].factors)
    count = 0
    for subset, legal in legal_combinations(operator, STRENGTH[profile]):
        columns = [names.index(name) for name in subset]
        assert {tuple(row[column] for column in columns) for row in rows_of(operator, profile)} == legal, subset
        count += len(legal)
    plan = Plan(profile)
    figure = f"every {STRENGTH[profile]}-way combination of {len(names)} factors: {count:,} of {count:,}"
    assert str(plan.coverage(operator, plan.grid(operator))) == figure


@pytest.mark.parametrize("profile", ["quick", "default"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_every_combination_of_levels_that_go_together_is_covered(operator: str, profile: str) -> None:
    assert_covered(operator, profile)


@pytest.mark.parametrize("operator", ["relu", "global_avg_pool2d", "linear", "sgd_update"])
def test_the_exhaustive_profile_covers_every_four_levels(operator: str) -> None:
    assert_covered(operator, "exhaustive")


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("profile", ["quick", "default"])
def test_a_grid_is_made_of_the_rows_of_a_covering_array(operator: str, profile: str) -> None:
    space = SPACES[operator]
    rows = [
        {name: levels[at] for (name, levels), at in zip(space.factors.items(), row, strict=True)}
        for row in rows_of(operator, profile)
    ]
    assert [case.but(seed=0) for case in Plan(profile).grid(operator)] == [space.assemble(row) for row in rows]


@pytest.mark.parametrize("operator", SMALL)
def test_a_rule_is_right_for_every_row_of_a_small_space(operator: str) -> None:
    names, rows = legal_positions(operator)
    factors = SPACES[operator].factors
    legal = {tuple(factors[name][at] for name, at in zip(names, row, strict=True)) for row in rows}
    for levels in itertools.product(*factors.values()):
        row = dict(zip(factors, levels, strict=True))
        case = assemble(operator, row)
        assert (case is not None and is_legal(case)) == (tuple(row[name] for name in names) in legal), row


def test_the_small_spaces_are_most() -> None:
    assert len(SMALL) >= 10
