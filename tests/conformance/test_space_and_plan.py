"""The grids show every level of every factor, hold legal cases only, and grow with the profile."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.case import Case
from conformance.contract import OPERATORS
from conformance.covering import Combinations
from conformance.oracle import is_legal
from conformance.plan import PROFILES, Plan, spaced
from conformance.space import DEFAULT, SPACES, Row, assemble, legal_levels, transposed_im2col

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again


def test_every_operator_has_a_space() -> None:
    assert set(SPACES) == set(OPERATORS)


@pytest.mark.parametrize("operator", SPACES)
def test_the_levels_of_a_factor_differ(operator: str) -> None:
    for name, levels in SPACES[operator].factors.items():
        # True is not 1 here.
        assert len({repr(level) for level in levels}) == len(levels), name


@pytest.mark.parametrize("operator", SPACES)
def test_every_level_of_every_factor_can_be_had(operator: str) -> None:
    factors = SPACES[operator].factors
    assert Combinations(factors, 1, legal_levels(operator)).legal.all()


@pytest.mark.parametrize("profile", ["quick", "default"])
@pytest.mark.parametrize("operator", SPACES)
def test_every_case_of_a_grid_is_legal_and_of_its_operator(operator: str, profile: str) -> None:
    for case in Plan(profile).grid(operator):
        assert case.operator == operator
        assert is_legal(case), case.describe()


@pytest.mark.parametrize("operator", SPACES)
def test_the_arguments_and_attributes_of_a_case_are_the_contracts(operator: str) -> None:
    forward = OPERATORS[operator].forward
    for case in Plan("quick").grid(operator):
        assert set(case.shapes) | set(case.attributes) <= set(forward.arguments) | set(forward.attributes)
        assert DEFAULT not in case.attributes.values()
        given_by_position = (set(case.shapes) | set(case.attributes)) & set(forward.arguments)
        assert given_by_position >= set(forward.arguments) - forward.optional


@pytest.mark.parametrize("operator", SPACES)
def test_each_attribute_with_a_default_is_once_left_to_it(operator: str) -> None:
    factors = SPACES[operator].factors
    cases = Plan("quick").grid(operator)
    for name, levels in factors.items():
        if DEFAULT in levels:
            assert {name in case.attributes for case in cases} == {True, False}, name


@pytest.mark.parametrize("operator", SPACES)
def test_a_larger_profile_has_more_cases(operator: str) -> None:
    quick, default = (len(Plan(profile).grid(operator)) for profile in ("quick", "default"))
    assert quick < default


def test_a_larger_profile_takes_and_draws_more() -> None:
    plans = [Plan(profile) for profile in PROFILES]
    assert PROFILES == ("quick", "default", "exhaustive")
    assert [plan.few for plan in plans] == sorted({plan.few for plan in plans})
    assert [plan.examples for plan in plans] == sorted({plan.examples for plan in plans})


def test_the_exhaustive_grid_is_larger_still() -> None:
    assert len(Plan("exhaustive").grid("linear")) > len(Plan("default").grid("linear"))


@pytest.mark.parametrize("operator", SPACES)
def test_a_seed_repeats_its_grid_and_each_case_has_data_of_its_own(operator: str) -> None:
    cases = Plan("quick", seed=3).grid(operator)
    assert cases == Plan("quick", seed=3).grid(operator)
    assert [case.seed for case in cases] == [3 * 100_003 + i for i in range(len(cases))]
    assert [case.but(seed=0) for case in cases] != [case.but(seed=0) for case in Plan("quick", seed=4).grid(operator)]


@pytest.mark.parametrize("operator", SPACES)
@pytest.mark.parametrize("seed", [0, 4])
def test_a_grid_that_ran_covers_all_and_one_that_did_not_run_covers_nothing(operator: str, seed: int) -> None:
    plan = Plan("quick", seed)
    all_of_them, none = (plan.coverage(operator, ran) for ran in (plan.grid(operator), ()))
    assert all_of_them.covered == all_of_them.legal == none.legal > 0
    assert (none.covered, none.strength, none.factors) == (0, 2, len(SPACES[operator].factors))


def test_a_coverage_grows_with_the_cases_that_ran_whatever_their_order() -> None:
    plan = Plan("quick")
    grid = plan.grid("conv2d")
    covered = [plan.coverage("conv2d", grid[:count]).covered for count in range(len(grid) + 1)]
    assert covered == sorted(set(covered))
    assert covered[1] == math.comb(len(SPACES["conv2d"].factors), 2)
    assert plan.coverage("conv2d", grid[:20]) == plan.coverage("conv2d", [*reversed(grid[:20]), grid[0]])


def test_only_cases_of_the_grid_cover_as_they_are() -> None:
    plan = Plan("quick", seed=2)
    grid = plan.grid("linear")
    first = grid[0]
    others = (
        first.but(data="nan"),
        first.but(seed=first.seed + 1),
        first.but(seed=0),
        first.but(seed=first.seed + len(grid)),
        *Plan("quick").grid("linear"),
    )
    assert plan.coverage("linear", others).covered == 0
    assert plan.coverage("linear", [first.but(note="why")]).covered == math.comb(7, 2)


def row_of(operator: str, seed: int) -> Row:
    choose = random.Random(seed)  # noqa: S311 - a test's draw is no secret
    return {name: choose.choice(levels) for name, levels in SPACES[operator].factors.items()}


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.sampled_from(sorted(SPACES)), st.integers(0, 10_000))
def test_any_row_of_levels_makes_a_legal_case_or_none(operator: str, seed: int) -> None:
    case = assemble(operator, row_of(operator, seed))
    assert case is None or is_legal(case)


def test_levels_that_exclude_one_another_make_no_case() -> None:
    row = {name: levels[0] for name, levels in SPACES["softmax"].factors.items()}
    assert assemble("softmax", row | {"shape": (3,), "axis": 0}) is not None
    assert assemble("softmax", row | {"shape": (3,), "axis": 1}) is None


def test_the_outputs_and_remainders_of_a_row_decide_the_size_of_the_image() -> None:
    row = {name: levels[0] for name, levels in SPACES["conv2d"].factors.items()}
    chosen = {"kernel": (2, 3), "stride": (2, 1), "outputs": (3, 2), "remainder": (1, 1), "padding": ((0, 1), (0, 0))}
    case = assemble("conv2d", row | chosen)
    assert case is not None
    # (3 - 1)·2 + 2 + 1 - 1 rows; a stride of 1 leaves no remainder: (2 - 1)·1 + 3 columns
    assert case.shapes["x"] == (1, 1, 6, 4)


def test_a_problem_of_col2im_is_that_of_im2col_turned_round() -> None:
    case = Case("im2col", {"x": (2, 3, 4, 5)}, {"kernel_size": 2, "stride": 2}, seed=9)
    turned = transposed_im2col(case)
    assert turned.shapes == {"cols": (2 * 2 * 2, 3 * 2 * 2)}
    assert turned.attributes == {"input_shape": (2, 3, 4, 5), "kernel_size": 2, "stride": 2}
    assert (turned.operator, turned.seed) == ("col2im", 9)


@pytest.mark.parametrize("count", [1, 2, 5, 9, 10, 11])
def test_spaced_cases_begin_with_the_first_and_come_once_each(count: int) -> None:
    cases = Plan("quick").grid("conv2d")[:10]
    chosen = spaced(cases, count)
    assert len(chosen) == min(count, 10)
    assert chosen[0] is cases[0]
    assert list(chosen) == [case for case in cases if case in chosen]
