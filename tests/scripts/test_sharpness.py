"""What the sharpness script measures, on answers made up for it and on few cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

pytest.importorskip("torch", reason="the script measures PyTorch, which is an optional dependency")
pytest.importorskip("matplotlib", reason="the script draws with Matplotlib, which is an optional dependency")

import sharpness
from sharpness_measure import LEAST, NEVER, Sharpness, Spread, calls, functions, noticed, parts
from sharpness_tables import IN_FLOAT64, UNEXPLAINED, change, loose, reason
from sharpness_worst import sequential, spikes, worst_part

from conformance.calling import Call, forward
from conformance.case import Case
from conformance.comparison import compare
from conformance.implementation import load
from conformance.oracle import Answer
from conformance.plan import Plan

APP = typer.Typer()
APP.command()(sharpness.main)
QUICK = Plan("quick")


def linear(dtype: str = "float32") -> Call:
    return forward(Case("linear", {"x": (2, 64), "weight": (3, 64)}, dtype=dtype))


def row(dtype: str, worst: float, function: str = "linear") -> Sharpness:
    return Sharpness(function, dtype, {"mine": Spread(0.0, worst / 2, worst)}, worst=0.9)


def test_a_spread_is_the_median_the_99th_percentile_and_the_largest_of_all_numbers() -> None:
    assert Spread.of([np.arange(51.0), np.arange(51.0, 101.0)]) == Spread(50.0, 99.0, 100.0)


def test_no_numbers_have_no_spread() -> None:
    assert Spread.of([]) is Spread.of([np.zeros(0)]) is None


def test_parts_are_errors_over_what_is_allowed_where_that_is_finite_and_not_0() -> None:
    answer = Answer(np.array([1.0, 2.0, 3.0, np.inf, np.nan]), np.array([0.5, 0.0, np.inf, 1.0, 1.0]))
    got = np.array([1.25, 2.0, 3.5, np.inf, np.nan])
    np.testing.assert_array_equal(parts(got, answer), [0.5])


def test_a_number_flushed_to_zero_has_no_error() -> None:
    np.testing.assert_array_equal(parts(np.zeros(1), Answer(np.array([1e-310]), np.array([1e-320]))), [0.0])


def test_the_largest_part_is_the_suites_own() -> None:
    call = linear()
    for got, answer in zip(call.run(load("refcnn")), call.answers(load("refcnn")), strict=True):
        assert parts(got, answer).max() == compare("y", got, answer).worst > 0


@pytest.mark.parametrize(
    ("allowed", "exponent"), [(2.0**-11, -10), (1.5 * 2.0**-11, -10), (2.0**-30, -29), (0.0, LEAST)]
)
def test_a_change_is_noticed_from_the_first_power_of_two_beyond_what_is_allowed(allowed: float, exponent: int) -> None:
    assert noticed(Answer(np.array([1.0]), np.array([allowed])), "float64") == exponent


def test_in_float32_no_change_is_noticed_that_rounding_undoes() -> None:
    # 1 + 2**-24 lies half way to the next number and rounds to 1.
    assert noticed(Answer(np.array([1.0]), np.zeros(1)), "float32") == -23


def test_what_may_be_off_by_half_is_never_noticed() -> None:
    assert noticed(Answer(np.array([4.0]), np.array([2.0])), "float64") == NEVER


def test_the_element_in_the_middle_is_changed() -> None:
    answer = Answer(np.array([8.0, 0.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.5, 2.0**-9]))
    # Relative to themselves, 0, 1/2 and 2**-10 are allowed; nothing is relative to 0.
    assert noticed(answer, "float64") == -9


def test_a_result_of_zeros_has_no_element_to_change() -> None:
    assert noticed(Answer(np.zeros(3), np.zeros(3)), "float64") is None


def test_every_function_but_dropouts_is_measured() -> None:
    assert len(functions()) == 33
    assert not any("dropout" in name for name in functions())


def test_calls_are_of_one_type() -> None:
    assert {call.case.dtype for call in calls("linear_backward", "float32", QUICK)} == {"float32"}
    assert {call.function for call in calls("linear_backward", "float32", QUICK)} == {"linear_backward"}


@pytest.mark.parametrize(("dtype", "least", "most"), [("float32", 0.95, 1.0), ("float64", 0.4, 0.6)])
def test_a_spike_brings_a_sequential_sum_to_the_bound(dtype: str, least: float, most: float) -> None:
    call = linear(dtype)
    summing = sequential()
    worst = max(parts(spike.run(summing)[0], spike.answers(summing)[0]).max() for spike in spikes(call))
    # In float64 half of what is allowed is the oracle's.
    assert least < worst < most


@pytest.mark.parametrize(("shape", "places"), [((), 1), ((0, 3), 0), ((1, 1), 1), ((2, 4), 3)])
def test_a_spike_stands_in_each_array_at_places_that_it_has(shape: tuple[int, ...], places: int) -> None:
    made = list(spikes(forward(Case("sgd_update", {"param": shape, "grad": shape}, {"lr": 0.1}, dtype="float32"))))
    assert len(made) == 2 * places
    assert all((spike.arrays["grad"] > 1).all() for spike in made[:places])
    assert [int((spike.arrays["param"] > 1).sum()) for spike in made[:places]] == [1] * places


@pytest.mark.no_cover
@pytest.mark.parametrize("function", ["sigmoid", "sigmoid_backward", "tanh", "tanh_backward"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_worst_library_is_right_still(function: str, dtype: str) -> None:
    with np.errstate(all="ignore"):
        assert 0.05 < worst_part(function, dtype, QUICK) < 1


def test_a_loose_bound_has_a_reason_in_float64_and_needs_one_in_float32() -> None:
    tight, weak, wide = row("float32", 0.3), row("float32", 0.01), row("float64", 0.04)
    exact = Sharpness("relu", "float32", {"mine": None})
    assert loose([tight, weak, exact, wide]) == [weak, wide]
    assert reason(weak) == UNEXPLAINED
    assert reason(wide) == IN_FLOAT64
    assert reason(row("float32", 0.01, "tanh")) not in (UNEXPLAINED, IN_FLOAT64)


def test_a_change_is_written_as_a_power_of_two() -> None:
    assert [change(each) for each in (-20.5, NEVER, None)] == ["2^-20.5", "never", "–"]


def test_the_summary_joins_the_functions_of_a_type() -> None:
    assert sharpness.summary([row("float32", 0.2), row("float32", 0.4)]) == (
        "float32, 2 functions: the largest error is 0.200 to 0.400 of what is allowed, median 0.30; "
        "with the worst case 0.900 to 0.900, median 0.90."
    )


@pytest.mark.no_cover
def test_the_script_prints_a_table_and_draws_a_figure(tmp_path: Path) -> None:
    result = CliRunner().invoke(APP, ["relu", "cross_entropy", "--profile", "quick", "--figures", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "cross_entropy" in result.output
    assert "float64, 1 functions" in result.output
    assert "<svg" in (tmp_path / "sharpness.svg").read_text(encoding="utf-8")


def test_an_unknown_function_is_refused() -> None:
    result = CliRunner().invoke(APP, ["dropout"])
    assert result.exit_code == 2
    assert "dropout" in result.output
