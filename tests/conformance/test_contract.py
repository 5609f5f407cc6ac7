"""The table of the contract: how a line is read, and that the reference has the functions it names."""

from __future__ import annotations

import inspect

import pytest

import refcnn
from conformance.contract import CONVENTIONS, CONVOLUTIONS, FUNCTIONS, OPERATORS, REQUIRED, operator_of, parse


def test_a_line_is_read_into_arguments_attributes_and_results() -> None:
    function = parse("f(x, bias=None, *, a, b=1, c=-1, d=1e-5, e=None, g=True, h=False) -> y, z")
    assert function.name == "f"
    assert function.arguments == ("x", "bias")
    assert function.optional == {"bias"}
    assert dict(function.attributes) == {
        "a": REQUIRED, "b": 1, "c": -1, "d": 1e-5, "e": None, "g": True, "h": False
    }  # fmt: skip
    assert function.results == ("y", "z")


@pytest.mark.parametrize(("default", "kind"), [("1", int), ("1.0", float), ("1e-4", float), ("True", bool)])
def test_a_default_keeps_its_type(default: str, kind: type) -> None:
    assert type(parse(f"f(*, a={default}) -> y").attributes["a"]) is kind


@pytest.mark.parametrize("line", ["f(x)", "f -> y", "f(x) y", "(x) -> y", "f(x -> y", ""])
def test_a_line_that_is_no_signature_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="signature must look like") as caught:
        parse(line)
    assert str(caught.value) == f"signature must look like 'name(arguments) -> results', got {line!r}"


def test_a_default_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        parse("f(*, a=many) -> y")


def test_a_required_attribute_shows_as_such() -> None:
    assert repr(REQUIRED) == "REQUIRED"


def test_the_reference_has_the_functions_of_the_table_and_no_other() -> None:
    assert sorted(refcnn.__all__) == sorted(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_reference_has_the_tables_parameters(name: str) -> None:
    def facts(signature: inspect.Signature) -> list[tuple[str, object, object]]:
        return [(p.name, p.kind, p.default) for p in signature.parameters.values()]

    wanted = facts(FUNCTIONS[name].signature)
    assert facts(inspect.signature(getattr(refcnn, name))) == wanted
    assert all(type(default) in (type(inspect.Parameter.empty), type(None), bool, int, float) for *_, default in wanted)


def test_an_operator_is_a_forward_function_with_its_backward_function_if_it_has_one() -> None:
    assert [function.name for function in OPERATORS["conv2d"].functions] == ["conv2d", "conv2d_backward"]
    assert [function.name for function in OPERATORS["im2col"].functions] == ["im2col"]
    assert sum(len(operator.functions) for operator in OPERATORS.values()) == len(FUNCTIONS) == 35


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_belongs_to_the_operator_that_lists_it(name: str) -> None:
    assert FUNCTIONS[name] in operator_of(name).functions


def test_a_function_outside_the_contract_belongs_to_no_operator() -> None:
    with pytest.raises(KeyError, match="conv3d"):
        operator_of("conv3d_backward")


@pytest.mark.parametrize("name", [name for name, operator in OPERATORS.items() if operator.backward])
def test_a_backward_function_returns_a_gradient_an_argument_it_differentiates_by(name: str) -> None:
    arguments = {f"grad_{argument}" for argument in FUNCTIONS[name].arguments}
    assert set(FUNCTIONS[f"{name}_backward"].results) <= arguments


def test_every_convention_belongs_to_an_operator_and_offers_two_answers() -> None:
    assert {key.partition(".")[0] for key in CONVENTIONS} == {"max_pool2d", "batch_norm", *CONVOLUTIONS}
    assert all(len(set(values)) == 2 for values in CONVENTIONS.values())


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FUNCTIONS["conv2d"] = FUNCTIONS["conv1d"]  # type: ignore[index]  # that it fails is the fact
