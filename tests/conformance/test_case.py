"""A case survives JSON and pickling, and a text that is no case is refused with the reason."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from conformance import corners
from conformance.bad_input import for_backward, for_forward
from conformance.case import Case
from conformance.contract import OPERATORS
from conformance.plan import Plan

CASE = Case(
    "max_pool2d",
    {"x": (1, 2, 4, 5)},
    {"kernel_size": (2, 3), "padding": ((0, 1), (1, 0)), "ceil_mode": True},
    dtype="float32",
    layout="mixed",
    data="ties",
    seed=7,
    note="why",
)
PLAIN: dict[str, Any] = {"operator": "linear", "shapes": {"x": [2, 3], "weight": [4, 3]}}


def all_cases() -> list[Case]:
    written = [
        case for group in (corners.SIZES, corners.SHAPES, corners.SPECIAL) for cases in group.values() for case in cases
    ]
    bad = [case for name in OPERATORS for case in (*for_forward(name), *for_backward(name))]
    return [*written, *bad, *corners.ROUTING, *(case for name in OPERATORS for case in Plan().grid(name))]


def test_every_case_survives_json_and_pickling() -> None:
    for case in all_cases()[::7]:
        for copy in (Case.from_json(case.to_json()), pickle.loads(pickle.dumps(case))):  # noqa: S301 - our own bytes
            assert copy == case
            assert copy.note == case.note
            assert copy.describe() == case.describe()


def test_json_is_one_line_of_plain_values() -> None:
    assert json.loads(CASE.to_json()) == {
        "operator": "max_pool2d",
        "shapes": {"x": [1, 2, 4, 5]},
        "attributes": {"kernel_size": [2, 3], "padding": [[0, 1], [1, 0]], "ceil_mode": True},
        "dtype": "float32",
        "layout": "mixed",
        "data": "ties",
        "seed": 7,
        "note": "why",
    }
    assert "\n" not in CASE.to_json()
    assert "note" not in CASE.but(note="").to_dict()


def test_lists_come_back_as_tuples_however_deep() -> None:
    assert Case.from_json(CASE.to_json()).attributes["padding"] == ((0, 1), (1, 0))


def test_what_is_left_out_has_its_default() -> None:
    case = Case.from_dict(PLAIN)
    assert case == Case("linear", {"x": (2, 3), "weight": (4, 3)}, {}, "float64", "contiguous", "uniform", 0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"color": 1, "age": 2},
            "case must have no fields but attributes, data, dtype, layout, note, operator, seed, shapes, "
            "got age, color",
        ),
        ({"operator": "conv3d"}, f"operator must be one of {', '.join(OPERATORS)}, got 'conv3d'"),
        ({"operator": "linear_backward"}, f"operator must be one of {', '.join(OPERATORS)}, got 'linear_backward'"),
        ({"dtype": 32}, "dtype must be text, got 32"),
        ({"dtype": "float16"}, "dtype must be one of float32, float64, int64, got 'float16'"),
        ({"layout": None}, "layout must be text, got None"),
        ({"data": ["ones"]}, "data must be text, got ['ones']"),
        ({"note": 1}, "note must be text, got 1"),
        ({"seed": "7"}, "seed must be an integer of at least 0, got '7'"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"operator": ["relu"]}, f"operator must be one of {', '.join(OPERATORS)}, got ['relu']"),
        (
            {"attributes": {"input_shape": [[[1]]]}},
            "attributes.input_shape must be a number, a text, or lists of them two deep, got [[[1]]]",
        ),
        ({"seed": 1.0}, "seed must be an integer of at least 0, got 1.0"),
        ({"shapes": [2, 3]}, "shapes must be a JSON object, got [2, 3]"),
        ({"shapes": {"x": [2, 3], "y": [1]}}, "shapes must be among bias, grad_output, weight, x, got y"),
        ({"shapes": {"x": 2, "weight": [4, 3]}}, "shapes.x must be a list of sizes, got 2"),
        ({"shapes": {"x": [2, -1], "weight": [4, 3]}}, "shapes.x must be a list of sizes, got [2, -1]"),
        ({"shapes": {"x": [2, 1.5], "weight": [4, 3]}}, "shapes.x must be a list of sizes, got [2, 1.5]"),
        ({"shapes": {"weight": [4, 3]}}, "case of linear must give weight, x, got no x"),
        (
            {"operator": "im2col", "shapes": {}, "attributes": {"stride": 1}},
            "case of im2col must give kernel_size, x, got no kernel_size, x",
        ),
        (
            {"operator": "momentum_update", "shapes": {"param": [2], "grad": [2], "velocity": [2]}},
            "case of momentum_update must give grad, lr, momentum, param, velocity, got no lr, momentum",
        ),
        ({"attributes": 3}, "attributes must be a JSON object, got 3"),
        ({"attributes": {"stride": 1}}, "attributes must be among input_shape, kernel_size, got stride"),
    ],
)
def test_a_mapping_that_is_no_case_is_refused_with_the_reason(changed: dict[str, Any], message: str) -> None:
    for build in (Case.from_dict, lambda plain: Case.from_json(json.dumps(plain))):
        with pytest.raises(ValueError, match="must") as caught:
            build({**PLAIN, **changed})
        assert str(caught.value) == message


@pytest.mark.parametrize("missing", ["operator", "shapes"])
def test_a_case_without_its_operator_or_its_shapes_is_refused(missing: str) -> None:
    with pytest.raises(ValueError, match=f"^{missing} must .*, got None$"):
        Case.from_dict({name: value for name, value in PLAIN.items() if name != missing})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{",
            "case must be JSON, got '{' (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))",
        ),
        ("", "case must be JSON, got '' (Expecting value: line 1 column 1 (char 0))"),
        (
            "[" * 100_000,
            f"case must be JSON, got '{'[' * 200}...' "
            "(maximum recursion depth exceeded while decoding a JSON array from a unicode string)",
        ),
        ("[1]", "case must be a JSON object, got [1]"),
        ("null", "case must be a JSON object, got None"),
    ],
)
def test_a_text_that_is_no_case_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^case must be") as caught:
        Case.from_json(text)
    assert str(caught.value) == message


def test_a_description_has_all_that_differs_from_the_plainest_case() -> None:
    assert (
        CASE.describe()
        == "x (1,2,4,5) kernel_size=(2,3) padding=((0,1),(1,0)) ceil_mode=True float32 layout=mixed data=ties"
    )
    assert Case.from_dict(PLAIN).describe() == "x (2,3) weight (4,3) float64"


@pytest.mark.parametrize(
    ("shapes", "elements"),
    [({"x": (2, 3)}, 6), ({"x": (2, 3), "weight": (4, 3), "bias": (4,)}, 22), ({"x": ()}, 1), ({"x": (0, 5)}, 0)],
)
def test_a_case_holds_the_numbers_of_all_its_arrays(shapes: dict[str, tuple[int, ...]], elements: int) -> None:
    assert Case("linear", shapes).elements == elements


def test_the_note_plays_no_part_in_comparisons() -> None:
    assert CASE.but(note="another") == CASE
    assert CASE.but(seed=8) != CASE


def test_a_changed_copy_leaves_the_case_as_it_was() -> None:
    other = CASE.with_attributes(padding=0).with_shapes(x=(1, 1, 4, 4)).but(seed=1)
    assert (other.attributes["padding"], other.attributes["kernel_size"], other.shapes["x"]) == (
        0,
        (2, 3),
        (1, 1, 4, 4),
    )
    assert (CASE.attributes["padding"], CASE.shapes["x"], CASE.seed) == (((0, 1), (1, 0)), (1, 2, 4, 5), 7)


def test_a_case_keeps_its_own_copy_of_what_it_was_made_from() -> None:
    shapes = {"x": (2, 3)}
    case = Case("relu", shapes)
    shapes["x"] = (9, 9)
    assert case.shapes["x"] == (2, 3)
    with pytest.raises(TypeError):
        case.shapes["x"] = (9, 9)  # type: ignore[index]  # that it fails is the fact


def test_all_attributes_adds_the_defaults_and_nothing_for_what_is_required() -> None:
    assert CASE.all_attributes == {
        "kernel_size": (2, 3), "stride": None, "padding": ((0, 1), (1, 0)), "dilation": 1, "ceil_mode": True
    }  # fmt: skip
    assert Case("dropout", {"x": (2,)}).all_attributes == {}
