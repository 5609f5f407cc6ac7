"""Sizes, views and their transposes."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from refcnn._windows import Axis, add_windows, slide, slide_both, windows


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation", "outputs"),
    [
        (5, 3, 1, (0, 0), 1, 3),
        (5, 3, 2, (0, 0), 1, 2),
        (6, 3, 2, (0, 0), 1, 2),
        (6, 3, 2, (1, 0), 1, 3),
        (7, 3, 1, (0, 0), 3, 1),
        (7, 2, 4, (0, 0), 1, 2),
        (0, 2, 1, (1, 1), 1, 1),
        (1, 1, 9, (0, 0), 9, 1),
    ],
)
def test_the_number_of_windows(
    size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int, outputs: int
) -> None:
    assert slide("f", "a", size, kernel, stride, padding, dilation).outputs == outputs


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "outputs", "overhang"),
    [
        (5, 2, 2, (0, 0), 3, 1),  # one more window, of one pixel
        (4, 2, 2, (0, 0), 2, 0),  # nothing left over
        (5, 2, 3, (0, 0), 2, 0),  # 0-1, 3-4: nothing left over
        (6, 2, 3, (0, 0), 2, 0),  # 0-1, 3-4, and 6 is beyond the image
        (7, 2, 3, (0, 0), 3, 1),  # 0-1, 3-4, 6-7
        (3, 2, 2, (1, 1), 2, 0),  # 0-1, 2-3, and 4 starts in the padding after the image
        (4, 2, 2, (1, 0), 3, 1),  # 0-1, 2-3, 4-5
    ],
)
def test_ceil_mode_adds_a_window_that_starts_inside(
    size: int, kernel: int, stride: int, padding: tuple[int, int], outputs: int, overhang: int
) -> None:
    axis = slide("f", "a", size, kernel, stride, padding, 1, ceil_mode=True)
    assert (axis.outputs, axis.overhang) == (outputs, overhang)


def test_a_window_shows_the_image_and_its_padding() -> None:
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    axes = slide_both("f", "a", (2, 2), (2, 2), (2, 3), ((1, 1), (2, 0)), (1, 2))
    view = windows(x, axes, fill=9.0)
    assert view.shape == (1, 1, 2, 2, 2, 1)
    assert_array_equal(view[0, 0, :, :, 0, 0], [[9, 9], [9, 1]])
    assert_array_equal(view[0, 0, :, :, 1, 0], [[9, 3], [9, 9]])


def test_pixels_are_counted_once_for_each_window_that_shows_them() -> None:
    axes = slide_both("f", "a", (3, 4), (2, 3), 1, 0, 1)
    counts = add_windows(np.ones((1, 1, 2, 3, 2, 2)), axes)
    assert_array_equal(counts[0, 0], [[1, 2, 2, 1], [2, 4, 4, 2], [1, 2, 2, 1]])


def test_windows_beyond_those_asked_for_are_left_out() -> None:
    rows, columns = Axis(1), Axis(6, kernel=2, outputs=3)
    view = windows(np.arange(6.0).reshape(1, 1, 1, 6), (rows, columns))
    assert_array_equal(view[0, 0, 0, :, 0], [[0, 1, 2], [1, 2, 3]])
