"""Which pixel a kernel cell meets, by hand, and that writing is the adjoint of reading."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.oracle.geometry import (
    Axis,
    IllegalProblemError,
    add_windows,
    pair,
    sides,
    sliding_axes,
    transposed_axes,
    window_mask,
    windows,
)

# Five pixels, one cell of padding in front and two behind, kernel cells 2 apart, windows 3 apart.
AXIS = Axis(size=5, kernel=3, stride=3, dilation=2, before=1, after=2, outputs=2)


def test_output_and_kernel_cell_meet_at_stride_plus_dilation_less_padding() -> None:
    np.testing.assert_array_equal(AXIS.pixels, [[-1, 1, 3], [2, 4, 6]])


def test_pixels_inside_the_image_are_those_between_its_ends() -> None:
    np.testing.assert_array_equal(AXIS.inside, [[False, True, True], [True, True, False]])


def test_the_padding_behind_counts_as_inside_the_padded_image() -> None:
    np.testing.assert_array_equal(AXIS.inside_padded, [[True, True, True], [True, True, True]])
    narrow = Axis(size=5, kernel=3, stride=3, dilation=2, before=1, after=1, outputs=2)
    np.testing.assert_array_equal(narrow.inside_padded, [[True, True, True], [True, True, False]])


def test_an_integer_stands_for_both_axes_and_for_both_sides() -> None:
    assert pair(3) == (3, 3)
    assert pair((1, 2)) == (1, 2)
    assert sides(1) == ((1, 1), (1, 1))
    assert sides((1, 2)) == ((1, 1), (2, 2))
    assert sides(((1, 2), (3, 4))) == ((1, 2), (3, 4))
    assert sides((0, (3, 4))) == ((0, 0), (3, 4))


def attributes(**changed: Any) -> dict[str, Any]:
    return {"stride": 1, "padding": 0, "dilation": 1} | changed


@pytest.mark.parametrize(
    ("changed", "kernel", "pooling", "outputs"),
    [
        ({}, (2, 3), False, (6, 4)),
        ({"stride": (2, 3)}, (2, 3), False, (3, 2)),
        ({"stride": None}, (2, 3), True, (3, 2)),
        # A third row of windows would begin at pixel 8 of 7: dropped.
        ({"stride": (4, 5), "ceil_mode": True}, (2, 3), True, (2, 2)),
        ({"stride": 3, "ceil_mode": True}, (3, 3), True, (3, 2)),
        # A third row of windows would begin at padded pixel 8 of 1 + 7: dropped.
        ({"stride": 4, "padding": ((1, 0), (0, 0)), "ceil_mode": True}, (2, 6), True, (2, 1)),
        ({"padding": ((1, 2), (0, 3)), "dilation": (3, 2)}, (3, 4), False, (4, 3)),
    ],
)
def test_the_number_of_windows_of_seven_by_six_pixels(
    changed: dict[str, Any], kernel: tuple[int, int], pooling: bool, outputs: tuple[int, int]
) -> None:
    vertical, horizontal = sliding_axes((7, 6), kernel, attributes(**changed), pooling=pooling)
    assert (vertical.outputs, horizontal.outputs) == outputs


def test_the_axes_of_a_transposed_convolution_are_those_of_the_convolution_that_it_undoes() -> None:
    changed = attributes(stride=(2, 3), padding=((0, 1), (2, 0)), dilation=(1, 2), output_padding=(1, 0))
    vertical, horizontal = transposed_axes((3, 4), (2, 3), changed)
    # (3 - 1)·2 - 1 + 1 + 1 + 1 and (4 - 1)·3 - 2 + 2·2 + 1
    assert vertical == Axis(size=6, kernel=2, stride=2, dilation=1, before=0, after=1, outputs=3)
    assert horizontal == Axis(size=12, kernel=3, stride=3, dilation=2, before=2, after=0, outputs=4)


@pytest.mark.parametrize(
    ("changed", "kernel", "pooling", "reason"),
    [
        ({"stride": 0}, (2, 2), False, "a count below its least value"),
        ({"stride": (1, -1)}, (2, 2), False, "a count below its least value"),
        ({"dilation": (0, 1)}, (2, 2), False, "a count below its least value"),
        ({}, (2, 0), False, "a count below its least value"),
        ({"padding": ((0, -1), (0, 0))}, (2, 2), False, "a count below its least value"),
        ({"padding": ((0, 0), (-1, 5))}, (2, 2), False, "a count below its least value"),
        ({"padding": (2, 0)}, (3, 3), True, "padding above half the kernel"),
        ({"padding": ((0, 0), (0, 2))}, (3, 3), True, "padding above half the kernel"),
        ({}, (2, 7), False, "a kernel that does not fit the padded image"),
        ({"dilation": (7, 1)}, (2, 2), False, "a kernel that does not fit the padded image"),
        ({"stride": 9, "ceil_mode": True}, (2, 7), True, "a kernel that does not fit the padded image"),
    ],
)
def test_a_window_without_an_answer_is_refused(
    changed: dict[str, Any], kernel: tuple[int, int], pooling: bool, reason: str
) -> None:
    with pytest.raises(IllegalProblemError, match=f"^{reason}$"):
        sliding_axes((7, 6), kernel, attributes(**changed), pooling=pooling)


def test_padding_of_exactly_half_the_kernel_is_legal() -> None:
    vertical, horizontal = sliding_axes((7, 6), (2, 3), attributes(padding=1), pooling=True)
    assert (vertical.outputs, horizontal.outputs) == (8, 6)


@pytest.mark.parametrize(
    ("changed", "kernel", "reason"),
    [
        ({"stride": 0}, (2, 2), "a count below its least value"),
        ({"padding": -1}, (2, 2), "a count below its least value"),
        ({}, (0, 2), "a count below its least value"),
        ({"stride": 2, "output_padding": 2}, (2, 2), r"output_padding of max\(stride, dilation\) or more"),
        ({"dilation": (3, 1), "output_padding": (2, 1)}, (2, 2), r"output_padding of max\(stride, dilation\) or more"),
        ({"output_padding": -1}, (2, 2), r"output_padding of max\(stride, dilation\) or more"),
        ({"padding": (0, 2)}, (2, 2), "a convolution without output"),
    ],
)
def test_a_transposed_convolution_without_an_answer_is_refused(
    changed: dict[str, Any], kernel: tuple[int, int], reason: str
) -> None:
    with pytest.raises(IllegalProblemError, match=f"^{reason}$"):
        transposed_axes((2, 3), kernel, {"output_padding": 0} | attributes(**changed))


def test_windows_read_zero_or_what_they_are_told_where_there_is_no_pixel() -> None:
    axes = sliding_axes((1, 2), (1, 2), attributes(padding=((0, 0), (1, 1))))
    image = np.array([[5.0, 6.0]])
    np.testing.assert_array_equal(windows(image, axes), [[[[0.0, 5.0], [5.0, 6.0], [6.0, 0.0]]]])
    outside = windows(image, axes, outside=-np.inf)
    np.testing.assert_array_equal(outside, [[[[-np.inf, 5.0], [5.0, 6.0], [6.0, -np.inf]]]])


@pytest.mark.parametrize("seed", range(40))
def test_adding_windows_is_the_adjoint_of_reading_them(seed: int) -> None:
    random = np.random.default_rng(seed)
    stride, dilation, kernel = (tuple(map(int, random.integers(1, 4, 2))) for _ in range(3))
    padding = tuple(tuple(map(int, random.integers(0, 4, 2))) for _ in range(2))
    axes = sliding_axes((9, 8), (kernel[0], kernel[1]), attributes(stride=stride, dilation=dilation, padding=padding))
    # Whole numbers, whose sums are exact.
    image = random.integers(-9, 10, (2, 9, 8)).astype(np.float64)
    read = windows(image, axes)
    cells = random.integers(-9, 10, read.shape).astype(np.float64)
    assert (read * cells).sum() == (image * add_windows(cells, axes)).sum()
    assert window_mask(axes).shape == read.shape[1:]
