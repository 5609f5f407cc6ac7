"""Unfair masks of dropout are found, each by what is unfair about it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import refcnn
from conformance.calling import backward, forward
from conformance.case import Case
from conformance.checks import dropout
from conformance.comparison import Finding, InconclusiveError
from conformance.implementation import Implementation, from_namespace, load

Array = NDArray[Any]
# Given an array and a seed, which cells are kept.
Kept = Callable[[Array, int], Array]

REFERENCE = load("refcnn")
CASE = Case("dropout", {"x": (8, 40)}, {"p": 0.5, "training": True, "seed": 3}, data="positive")
STATISTICS = [dropout.rate, dropout.independence, dropout.seeds_differ]


def fair(x: Array, seed: int) -> Array:
    return np.random.default_rng(seed).random(x.shape) >= 0.5


def masked(kept: Kept, **functions: Any) -> Implementation:
    def function(x: Array, *, p: float, seed: int, **_: bool) -> Array:
        return np.where(kept(x, seed), x / (1 - p), 0)

    return from_namespace("broken", SimpleNamespace(dropout=function, **functions))


def message(finding: Finding) -> str:
    assert finding.violation is not None
    return finding.violation.message


@pytest.mark.parametrize("check", [*STATISTICS, dropout.same_mask, dropout.same_mask_in_both_types])
@pytest.mark.parametrize("shape", [(8, 40), (1, 64)], ids=["a matrix", "a row, whose cells have no neighbours below"])
def test_the_reference_is_fair(check: Any, shape: tuple[int, ...]) -> None:
    assert check(REFERENCE, CASE.with_shapes(x=shape)).violation is None


@pytest.mark.parametrize("check", STATISTICS)
def test_another_generator_is_fair(check: Any) -> None:
    assert check(masked(fair), CASE).violation is None


@pytest.mark.parametrize("make", [forward, backward])
@pytest.mark.parametrize("changes", [{}, {"p": 0.0}, {"training": False}])
def test_the_reference_scales_what_it_keeps(make: Any, changes: dict[str, Any]) -> None:
    assert dropout.scale(make)(REFERENCE, CASE.with_attributes(**changes)).violation is None


def test_a_kept_cell_without_its_factor_is_found() -> None:
    implementation = from_namespace("broken", SimpleNamespace(dropout=lambda x, **_: x))
    assert message(dropout.scale(forward)(implementation, CASE)).startswith("y[0, 0] is ")


@pytest.mark.parametrize("changes", [{"p": 0.0}, {"training": False}])
def test_a_cell_dropped_where_none_may_be_is_found(changes: dict[str, Any]) -> None:
    assert message(dropout.scale(forward)(masked(fair), CASE.with_attributes(**changes))).startswith("y[0, ")


def test_a_result_of_the_wrong_shape_is_found() -> None:
    implementation = from_namespace("broken", SimpleNamespace(dropout=lambda x, **_: x[0]))
    assert message(dropout.scale(forward)(implementation, CASE)) == "y has shape (40,), want (8, 40)"


def test_a_mask_that_changes_from_call_to_call_is_found() -> None:
    generator = np.random.default_rng(0)
    implementation = masked(lambda x, _: generator.random(x.shape) >= 0.5)
    assert message(dropout.same_mask(implementation, CASE)) == "the mask is another one in a second call"


def test_a_mask_that_depends_on_the_numbers_is_found() -> None:
    implementation = masked(lambda x, _: x >= 0.75)
    assert message(dropout.same_mask(implementation, CASE)) == "the mask is another one with other numbers"


def test_a_mask_that_depends_on_the_layout_is_found() -> None:
    implementation = masked(lambda x, seed: fair(x, seed + x.flags.c_contiguous))
    assert message(dropout.same_mask(implementation, CASE)) == "the mask is another one in another layout"


def test_a_mask_of_its_own_in_the_backward_function_is_found() -> None:
    def dropout_backward(grad_output: Array, x: Array, *, p: float, training: bool, seed: int) -> Array:
        return refcnn.dropout_backward(grad_output, x, p=p, training=training, seed=seed + 1)

    implementation = masked(fair, dropout_backward=dropout_backward)
    assert message(dropout.same_mask(implementation, CASE)) == "the mask is another one in the backward function"


def test_a_mask_that_skips_the_zeros_is_found() -> None:
    def skipping(x: Array, seed: int) -> Array:
        kept = np.ones(x.shape, bool)
        kept[x != 0] = fair(x[x != 0], seed)
        return kept

    assert message(dropout.same_mask(masked(skipping), CASE)) == (
        "the mask is another one where some of the numbers are zero"
    )


LARGE = CASE.with_shapes(x=(64, 64))


def test_a_large_mask_of_the_reference_is_fair() -> None:
    assert dropout.long_mask(REFERENCE, LARGE).violation is None


def test_a_large_mask_that_repeats_itself_is_found() -> None:
    implementation = masked(lambda x, seed: np.tile(fair(x[:32], seed), (2, 1)))
    assert message(dropout.long_mask(implementation, LARGE)).startswith("cells 2048 apart have correlation ")


def test_a_mask_needs_no_backward_function() -> None:
    assert dropout.same_mask(masked(fair), CASE) == Finding()


def test_a_mask_that_depends_on_the_element_type_is_found() -> None:
    implementation = masked(lambda x, seed: fair(x, seed + x.itemsize))
    assert message(dropout.same_mask_in_both_types(implementation, CASE)) == (
        "the mask differs between float32 and float64"
    )


def place_dropped(x: Array, seed: int) -> Array:
    kept = fair(x, seed)
    kept[0, 0] = False
    return kept


def every_fourth_seed_dropped(x: Array, seed: int) -> Array:
    # The other seeds keep a little more, so that the rate over all is right.
    return np.random.default_rng(seed).random(x.shape) >= (0.8 if seed % 4 == 0 else 0.4)


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        (lambda x, _: np.ones(x.shape, bool), "0 of 12800 cells of all cells were dropped, want about 6400"),
        (place_dropped, "40 of 40 cells at one place, over the seeds, were dropped, want about 20"),
        (every_fourth_seed_dropped, " of 320 cells for one seed were dropped, want about 160"),
    ],
    ids=["none", "one place always", "some seeds more"],
)
def test_a_wrong_rate_is_found(kept: Kept, found: str) -> None:
    assert message(dropout.rate(masked(kept), CASE)).endswith(found)


def rows(x: Array, seed: int) -> Array:
    return np.repeat(fair(x[:, :1], seed), x.shape[1], axis=1)


def columns(x: Array, seed: int) -> Array:
    return np.repeat(fair(x[:1], seed), x.shape[0], axis=0)


def quarters(x: Array, seed: int) -> Array:
    return np.tile(fair(x[:, :10], seed), (1, 4))


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        (rows, "the masks of neighbours along axis 1 have correlation "),
        (columns, "the masks of neighbours along axis 0 have correlation "),
        (lambda x, seed: fair(x, seed // 2**30), "the masks of two seeds have correlation "),
        (quarters, "cells are not dropped independently: their covariances are "),
    ],
    ids=["whole rows", "whole columns", "two masks for all seeds", "four like blocks"],
)
def test_cells_that_fall_together_are_found(kept: Kept, found: str) -> None:
    assert message(dropout.independence(masked(kept), CASE)).startswith(found)


@pytest.mark.parametrize("same", [lambda seed: min(seed, 138), lambda seed: seed // 2, lambda seed: seed % 2**16])
def test_two_seeds_with_one_mask_are_found(same: Callable[[int], int]) -> None:
    implementation = masked(lambda x, seed: fair(x, same(seed)))
    assert message(dropout.seeds_differ(implementation, CASE)) == "two seeds give the same mask"


def linear_congruential(x: Array, seed: int) -> Array:
    """Java's generator, in which the first numbers of neighbouring seeds are nearly the same."""
    state, drawn = (seed ^ 0x5DEECE66D) % 2**48, []
    for _ in range(x.size):
        halves = []
        for bits in (26, 27):
            state = (state * 0x5DEECE66D + 11) % 2**48
            halves.append(state >> 48 - bits)
        drawn.append((halves[0] * 2**27 + halves[1]) / 2**53)
    return np.asarray(drawn).reshape(x.shape) >= 0.5


@pytest.mark.parametrize("check", STATISTICS)
def test_what_neighbouring_seeds_have_in_common_is_nobodys_promise(check: Any) -> None:
    assert check(masked(linear_congruential), CASE).violation is None


@pytest.mark.parametrize("check", [*STATISTICS, dropout.same_mask, dropout.same_mask_in_both_types])
def test_a_wrong_shape_shows_no_mask(check: Any) -> None:
    implementation = from_namespace("broken", SimpleNamespace(dropout=lambda x, **_: x[0]))
    with pytest.raises(InconclusiveError, match=r"^the result has shape \(40,\), so it shows no mask$"):
        check(implementation, CASE)
