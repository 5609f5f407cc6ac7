"""The requirements as a list: named once, worded alike, and none of the contract's functions without its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import refcnn
from conformance.case import Case
from conformance.contract import CONVOLUTIONS, FUNCTIONS, OPERATORS, operator_of
from conformance.implementation import from_namespace, load
from conformance.plan import Plan
from conformance.requirements import KINDS, REQUIREMENTS, Requirement, requirements_for
from conformance.requirements.purity import _others
from conformance.requirements.requirement import has, integers, same, untied, where, with_fields, without_bias

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

IDS = [requirement.id for requirement in REQUIREMENTS]
RELU = Case("relu", {"x": (2, 3)})


def of(operator: str, name: str) -> Requirement:
    return next(each for each in REQUIREMENTS if each.id == f"{operator}.{name}")


def test_ids_are_unique() -> None:
    assert sorted(set(IDS)) == sorted(IDS)


def test_a_requirement_is_well_formed() -> None:
    for requirement in REQUIREMENTS:
        assert requirement.kind in KINDS, requirement.id
        assert requirement.function in {each.name for each in OPERATORS[requirement.operator].functions}, requirement.id
        assert set(requirement.needs) <= set(FUNCTIONS), requirement.id
        assert requirement.sentence.endswith("."), requirement.id
        assert "\n" not in requirement.sentence, requirement.id


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_requirement_has_cases_of_its_own_operator_in_every_run(operator: str) -> None:
    cases = {each.id: list(each.cases(Plan("quick"))) for each in REQUIREMENTS if each.operator == operator}
    for name, some in cases.items():
        assert {case.operator for case in some} == {operator}, name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_held_to_its_form_and_to_purity(name: str) -> None:
    for held_to in ("shape", "dtype", "inputs_unchanged", "no_alias", "no_global_state", "refusals"):
        assert f"{name}.{held_to}" in IDS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_held_to_its_values(name: str) -> None:
    assert f"{name}.{'scale' if name.startswith('dropout') else 'values'}" in IDS


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.endswith("_backward")])
def test_every_backward_function_is_a_derivative(name: str) -> None:
    assert f"{operator_of(name).name}.gradient" in IDS


def test_requirements_stand_in_the_order_of_the_report() -> None:
    names = list(OPERATORS)
    places = [(names.index(each.operator), KINDS.index(each.kind)) for each in REQUIREMENTS]
    assert places == sorted(places)


def test_the_requirements_of_some_operators_are_theirs_alone() -> None:
    chosen = list(requirements_for(load("refcnn"), ["tanh", "relu"]))
    assert {requirement.operator for requirement in chosen} == {"relu", "tanh"}
    assert chosen == [each for each in REQUIREMENTS if each.operator in ("relu", "tanh")]


@pytest.mark.parametrize("operator", CONVOLUTIONS)
def test_normwise_lifts_what_rests_on_exact_arithmetic_and_nothing_else(operator: str) -> None:
    conventions = {f"{operator}.accuracy": "normwise"}
    declared = from_namespace("fft", SimpleNamespace(relu=refcnn.relu, CONVENTIONS=conventions))
    kept = {requirement.id for requirement in requirements_for(declared, OPERATORS)}
    assert set(IDS) - kept == {f"{operator}.exact", f"{operator}_backward.exact"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_other_calls_have_other_numbers_sizes_and_types(dtype: str) -> None:
    case = Case("conv2d", {"x": (2, 1, 3, 3), "weight": (1, 1, 2, 2)}, {"stride": 2}, dtype=dtype)
    other = "float64" if dtype == "float32" else "float32"
    wanted = [case.but(seed=1), case.but(dtype=other), case.with_shapes(x=(3, 1, 3, 3)), case.with_attributes(stride=1)]
    assert _others(case) == wanted


def test_a_vector_has_no_other_sizes() -> None:
    case = Case("relu", {"x": (3,)})
    assert _others(case) == [case.but(seed=1), case.but(dtype="float32")]


def test_another_plan_seed_gives_hand_written_cases_other_numbers() -> None:
    requirement = of("relu", "special_values")
    seeds = [next(requirement.cases(Plan("quick", seed))).seed for seed in (0, 1)]
    assert seeds[0] != seeds[1]


def test_few_cases_are_few() -> None:
    assert len(list(of("conv2d", "dtype").cases(Plan("quick")))) == Plan("quick").few


def test_adapters_change_what_they_say() -> None:
    biased = Case("linear", {"x": (1, 2), "weight": (3, 2), "bias": (3,)})
    assert same(RELU) is RELU
    assert integers(RELU) == RELU.but(data="integers")
    assert with_fields(dtype="float32")(RELU) == RELU.but(dtype="float32")
    assert without_bias(biased).shapes == {"x": (1, 2), "weight": (3, 2)}
    assert untied(RELU.but(data="ties")).data == "distinct"
    assert untied(RELU) is RELU


@pytest.mark.parametrize(("stride", "does_something"), [(1, False), ((1, 1), False), (2, True), ((1, 2), True)])
def test_an_attribute_does_something_unless_it_is_plain(stride: object, does_something: bool) -> None:
    case = Case("conv1d", {"x": (1, 1, 3), "weight": (1, 1, 1)}, {"stride": stride})
    assert has("stride", 1, (1, 1))(case) is does_something
    assert (where(has("stride", 1, (1, 1)))(case) is case) is does_something
