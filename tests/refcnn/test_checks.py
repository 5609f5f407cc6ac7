"""What the checks let through, and in which form."""

from typing import Any

import numpy as np
import pytest

from refcnn._checks import flag, floats, four_sides, image_shape, integer, pair, real

untyped: Any = floats  # wrong types are passed on purpose


@pytest.mark.parametrize(
    ("dtypes", "compute", "answer"),
    [
        (["float16"], "float32", "float16"),
        (["float16", "float32"], "float32", "float32"),
        (["float32"], "float32", "float32"),
        (["float64", "float16"], "float64", "float64"),
        ([">f4"], "float32", "float32"),
    ],
)
def test_arrays_are_computed_in_float32_at_least(dtypes: list[str], compute: str, answer: str) -> None:
    arrays, dtype = floats("f", **{f"a{i}": np.ones(2, dtype) for i, dtype in enumerate(dtypes)})
    assert [array.dtype for array in arrays] == [np.dtype(compute)] * len(dtypes)
    assert dtype == np.dtype(answer)
    assert dtype.isnative


def test_an_absent_bias_is_a_zero_that_broadcasts() -> None:
    (_, bias), _ = floats("f", x=np.ones(2, np.float32), bias=None)
    assert (bias.shape, float(bias), bias.dtype) == ((), 0.0, np.dtype("float32"))


@pytest.mark.parametrize("value", [[1, 2], np.ones(2, complex), np.ones(2, bool), np.array([None]), "text", None])
def test_what_is_not_floating_is_no_array(value: Any) -> None:
    message = "^f: x must be a float16, float32 or float64 array, got (int64|complex128|bool|object|<U4)$"
    with pytest.raises(TypeError, match=message):
        untyped("f", y=np.ones(2), x=np.asarray(value))


def test_numpy_scalars_become_python_numbers() -> None:
    assert type(integer("f", "a", np.int32(3), 0)) is int  # type: ignore[arg-type]  # np.integer is let through
    assert type(real("f", "a", np.float32(3))) is float  # type: ignore[arg-type]  # np.floating is let through
    assert type(flag("f", "a", np.bool_(1))) is bool  # type: ignore[arg-type]  # np.bool is let through


def test_every_form_of_a_pair_becomes_two_ints() -> None:
    assert pair("f", "a", 2, 1) == (2, 2)
    assert pair("f", "a", [2, 3], 1) == (2, 3)  # type: ignore[arg-type]  # a list is let through


@pytest.mark.parametrize("padding", [(1, 2), ((1, 1), (2, 2)), [[1, 1], [2, 2]]])
def test_every_form_of_padding_becomes_four_sides(padding: Any) -> None:
    assert four_sides("f", padding) == ((1, 1), (2, 2))
    assert four_sides("f", 3) == ((3, 3), (3, 3))


def test_an_image_shape_may_be_a_list() -> None:
    assert image_shape("f", [np.int64(0), 1, 2, 3]) == (0, 1, 2, 3)  # type: ignore[arg-type]  # a list is let through
