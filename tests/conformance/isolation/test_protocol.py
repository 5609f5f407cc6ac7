"""Calls and answers as JSON: arrays byte for byte, attributes written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.implementation import CallError
from conformance.isolation.protocol import call_of, decoded, encoded, plain_json

IMAGE = np.zeros((1, 1, 2, 3))


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "<i8"])
def test_an_array_survives_the_way_there_and_back(dtype: str) -> None:
    array = np.array([[1, -2, 3], [4, 5, 6]], dtype)[:, ::-2]
    again = decoded("y", encoded(array))
    assert again.dtype == array.dtype.newbyteorder("=")
    assert again.tolist() == array.tolist()


def test_numbers_that_json_does_not_have_are_bytes() -> None:
    array = np.array([np.nan, np.inf, -0.0])
    assert encoded(array)["data"] == "AAAAAAAA+H8AAAAAAADwfwAAAAAAAACA"
    assert decoded("y", encoded(array)).tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", ["u1", "<i2", "<i4", ">u8", "<i8"])
def test_integers_of_any_width_are_sent_as_int64(dtype: str) -> None:
    assert encoded(np.array([1, 2], dtype)) == {"dtype": "int64", "shape": [2], "data": "AQAAAAAAAAACAAAAAAAAAA=="}


@pytest.mark.parametrize(
    "shape", [[2**63, 0], [2**62, 0], [1] * 65, [10**4000] * 10_000], ids=["axis", "bytes", "axes", "digits"]
)
def test_a_shape_that_no_array_can_have_is_told(shape: list[int]) -> None:
    with pytest.raises(CallError, match=r"^answered y of shape \[.*, which no array can have$"):
        decoded("y", {"dtype": "float64", "shape": shape, "data": ""})


@pytest.mark.parametrize("part", [b"[],", b"{},", b"1000,"])
def test_a_line_of_far_more_parts_than_arrays_need_is_not_read(part: bytes) -> None:
    with pytest.raises(ValueError, match=r"^more than 10,000 brackets and commas$"):
        plain_json(b"[" + part * 10_000 + b"0]")
    assert len(plain_json(b"[" + b"0," * 9_000 + b"0]")) == 9_001


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3)])
def test_arrays_of_any_shape(shape: tuple[int, ...]) -> None:
    assert decoded("y", encoded(np.ones(shape))).shape == shape


@pytest.mark.parametrize(
    ("function", "given", "written_out"),
    [
        ("conv2d", {}, {"stride": [1, 1], "padding": [[0, 0], [0, 0]], "dilation": [1, 1], "groups": 1}),
        (
            "conv2d",
            {"stride": (2, 3), "padding": ((1, 2), (3, 4)), "dilation": 2, "groups": 2},
            {"stride": [2, 3], "padding": [[1, 2], [3, 4]], "dilation": [2, 2], "groups": 2},
        ),
        ("conv1d", {"padding": 2}, {"stride": 1, "padding": [2, 2], "dilation": 1, "groups": 1}),
        ("conv1d", {"padding": (1, -1), "stride": 0}, {"stride": 0, "padding": [1, -1], "dilation": 1, "groups": 1}),
        ("softmax", {"axis": 0}, {"axis": 0}),
        ("dropout", {"p": 0.5, "training": True, "seed": 3}, {"p": 0.5, "training": True, "seed": 3}),
    ],
)
def test_attributes_are_complete_and_written_out(function: str, given: Any, written_out: Any) -> None:
    assert call_of(function, [IMAGE], given)["attributes"] == written_out


def test_what_python_passes_by_position_is_an_attribute_too() -> None:
    pool = call_of("avg_pool2d", [IMAGE, (2, 3)], {"stride": None, "padding": (1, 0)})
    assert pool["attributes"] == {
        "stride": [2, 3],
        "padding": [[1, 1], [0, 0]],
        "ceil_mode": False,
        "count_include_pad": True,
        "kernel_size": [2, 3],
    }
    scatter = call_of("col2im", [IMAGE[0, 0], (1, 1, 2, 3), 1], {})["attributes"]
    assert (scatter["input_shape"], scatter["kernel_size"]) == ([1, 1, 2, 3], [1, 1])


def test_an_absent_bias_is_left_out() -> None:
    assert list(call_of("conv2d", [IMAGE, IMAGE], {})["arrays"]) == ["x", "weight"]
    assert list(call_of("conv2d", [IMAGE, IMAGE, np.float64(1)], {})["arrays"]) == ["x", "weight", "bias"]
