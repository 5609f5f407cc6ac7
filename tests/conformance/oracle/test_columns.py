"""The oracle's im2col and col2im equal five nested loops over samples, windows and kernel cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.calling import forward
from conformance.case import Case, Shape
from conformance.corners import SIZES
from conformance.oracle import Answer, answers
from conformance.plan import Plan

Array = NDArray[Any]


def whole_cases(operator: str) -> list[Case]:
    """Return the problems that are small enough to take a pixel at a time."""
    cases = (*Plan("default").grid(operator), *SIZES[operator])
    return [case.but(data="integers") for case in cases if case.elements < 20_000]


def answer(case: Case) -> tuple[Array, Answer]:
    call = forward(case)
    (only,) = answers(call.function, case, call.arrays, {})
    return next(iter(call.arrays.values())), only


def two(value: Any) -> tuple[Any, Any]:
    return (value, value) if isinstance(value, int) else value


def meetings(shape: Shape, attributes: dict[str, Any]) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Yield (row, column, n, c, i, j) for each cell of the matrix that has a pixel."""
    N, C, H, W = shape
    KH, KW = two(attributes["kernel_size"])
    vertical, horizontal = two(attributes["padding"])
    (top, bottom), (left, right) = two(vertical), two(horizontal)
    (sv, sh), (dv, dh) = two(attributes["stride"]), two(attributes["dilation"])
    starts = [
        (i, j) for i in range(-top, H + bottom - dv * (KH - 1), sv) for j in range(-left, W + right - dh * (KW - 1), sh)
    ]
    for row, (n, (i, j)) in enumerate((n, start) for n in range(N) for start in starts):
        for column, (c, k, q) in enumerate(np.ndindex(C, KH, KW)):
            if 0 <= i + k * dv < H and 0 <= j + q * dh < W:
                yield row, column, n, c, i + k * dv, j + q * dh


@pytest.mark.no_cover
def test_im2col_lays_the_windows_out_as_rows() -> None:
    for case in whole_cases("im2col"):
        x, got = answer(case)
        want = np.zeros(got.value.shape)
        for row, column, n, c, i, j in meetings(x.shape, case.all_attributes):
            want[row, column] = x[n, c, i, j]
        np.testing.assert_array_equal(got.value, want, err_msg=case.describe())


def test_im2col_moves_numbers_and_may_not_change_them() -> None:
    for case in whole_cases("im2col"):
        np.testing.assert_array_equal(answer(case)[1].allowed, 0.0)


@pytest.mark.no_cover
def test_col2im_adds_each_cell_onto_its_pixel() -> None:
    for case in whole_cases("col2im"):
        cols, got = answer(case)
        want = np.zeros(case.attributes["input_shape"])
        for row, column, n, c, i, j in meetings(want.shape, case.all_attributes):
            want[n, c, i, j] += cols[row, column]
        np.testing.assert_array_equal(got.value, want, err_msg=case.describe(), strict=True)


@pytest.mark.parametrize(
    ("kernel_size", "columns"),
    [
        ((2, 1), [[1, 4], [2, 5], [3, 6]]),
        ((1, 2), [[1, 2], [2, 3], [4, 5], [5, 6]]),
        ((2, 3), [[1, 2, 3, 4, 5, 6]]),
    ],
)
def test_rows_follow_the_windows_of_a_hand_written_image(
    kernel_size: tuple[int, int], columns: list[list[int]]
) -> None:
    case = Case("im2col", {"x": (1, 1, 2, 3)}, {"kernel_size": kernel_size})
    x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    np.testing.assert_array_equal(answers("im2col", case, {"x": x}, {})[0].value, columns)
