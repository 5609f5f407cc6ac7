"""Sizes, views and their transposes."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from refcnn._windows import Axes, Axis, cells, slide, slide_both


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
    ("size", "kernel", "stride", "padding", "outputs"),
    [
        (5, 2, 2, (0, 0), 3),  # one more window, of one pixel
        (4, 2, 2, (0, 0), 2),  # nothing left over
        (5, 2, 3, (0, 0), 2),  # 0-1, 3-4: nothing left over
        (6, 2, 3, (0, 0), 2),  # 0-1, 3-4, and 6 is beyond the image
        (7, 2, 3, (0, 0), 3),  # 0-1, 3-4, 6-7
        (3, 2, 2, (1, 1), 2),  # 0-1, 2-3, and 4 starts in the padding after the image
        (4, 2, 2, (1, 0), 3),  # 0-1, 2-3, 4-5
    ],
)
def test_ceil_mode_adds_a_window_that_starts_inside(
    size: int, kernel: int, stride: int, padding: tuple[int, int], outputs: int
) -> None:
    assert slide("f", "a", size, kernel, stride, padding, 1, ceil_mode=True).outputs == outputs


def shown(axes: Axes, size: tuple[int, int]) -> list[list[list[int]]]:
    """List the pixels (numbered from 1, 0 for padding) of each window, one list a window."""
    rows, columns = axes
    x = 1 + np.arange(size[0] * size[1]).reshape(size)
    windows = np.zeros((rows.kernel, columns.kernel, rows.outputs, columns.outputs), int)
    for (i, j), outputs, pixels in cells(axes):
        windows[i, j][outputs] = x[pixels]
    every = windows.reshape(rows.kernel, columns.kernel, -1).transpose(2, 0, 1)
    return [window.tolist() for window in every]


def test_a_window_shows_the_image_and_its_padding() -> None:
    axes = slide_both("f", "a", (2, 2), (2, 2), (2, 3), ((1, 1), (2, 0)), (1, 2))
    assert shown(axes, (2, 2)) == [[[0, 0], [0, 1]], [[0, 3], [0, 0]]]


def test_cells_come_in_row_major_order() -> None:
    axes = slide_both("f", "a", (3, 3), (2, 2), 1, 0, 1)
    assert [cell.offset for cell in cells(axes)] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_windows_beyond_those_asked_for_are_left_out() -> None:
    assert shown((Axis(1), Axis(6, kernel=2, outputs=3)), (1, 6)) == [[[1, 2]], [[2, 3]], [[3, 4]]]


@given(
    size=st.integers(0, 9),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 4),
    before=st.integers(0, 9),
    after=st.integers(0, 9),
)
def test_a_cell_shows_the_pixels_that_its_formula_names(
    size: int, kernel: int, stride: int, dilation: int, before: int, after: int
) -> None:
    assume(dilation * (kernel - 1) + 1 <= before + size + after)
    axis = slide("f", "a", size, kernel, stride, (before, after), dilation)
    for cell in range(kernel):
        outputs, pixels = axis.shown(cell)
        want = {o: o * stride + cell * dilation - before for o in range(axis.outputs)}
        assert not axis.within or len(want) == len(range(100)[outputs])
        assert list(zip(range(100)[outputs], range(100)[pixels], strict=True)) == [
            (o, pixel) for o, pixel in want.items() if 0 <= pixel < size
        ]


@given(size=st.integers(1, 9), kernel=st.integers(1, 3), stride=st.integers(1, 3), before=st.integers(0, 2))
def test_windows_are_within_if_all_their_cells_are(size: int, kernel: int, stride: int, before: int) -> None:
    assume(kernel <= before + size)
    axis = slide("f", "a", size, kernel, stride, (before, 1), 1)
    shown = [axis.shown(cell)[0] for cell in range(kernel)]
    assert axis.within == all(outputs == slice(0, axis.outputs) for outputs in shown)


@given(first=st.integers(0, 3), count=st.integers(1, 3))
def test_a_part_of_the_windows_shows_what_they_show_in_the_whole(first: int, count: int) -> None:
    rows, columns = slide_both("f", "a", (7, 2), (3, 2), (2, 1), ((3, 2), (0, 0)), (2, 1))
    assume(first + count <= rows.outputs)
    part = rows.part(slice(first, first + count))
    assert shown((part, columns), (7, 2)) == shown((rows, columns), (7, 2))[first : first + count]
