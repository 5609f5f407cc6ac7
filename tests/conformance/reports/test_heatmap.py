"""An array as a picture: every number where it belongs, coloured by its size, the wrong ones marked."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.reports.heatmap import Heatmap, heatmap, is_signed, level, limit_of, short

INF, NAN = np.inf, np.nan


def texts(picture: Heatmap, panel: int = 0) -> list[str]:
    return [cell.text for cell in picture.panels[panel].cells]


@pytest.mark.parametrize(
    ("array", "rows", "columns"),
    [(np.float64(3.0), 1, 1), (np.ones(5), 1, 5), (np.ones((2, 3)), 2, 3)],
    ids=["a number", "a row", "a table"],
)
def test_few_dimensions_are_one_panel(array: np.ndarray, rows: int, columns: int) -> None:
    (panel,) = heatmap("x", np.asarray(array), 3.0).panels
    assert (len(panel.rows), len(panel.columns), len(panel.cells)) == (rows, columns, rows * columns)
    assert panel.title == ""


def test_cells_lie_row_by_row() -> None:
    (panel,) = heatmap("x", np.arange(6.0).reshape(2, 3), 5.0).panels
    assert [cell.text for cell in panel.cells] == ["0", "1", "2", "3", "4", "5"]
    assert [(cell.x, cell.y) for cell in panel.cells] == [(20 + 44 * j, 20 + 24 * i) for i in (0, 1) for j in (0, 1, 2)]
    assert (panel.width, panel.height) == (20 + 3 * 44 + 2, 20 + 2 * 24 + 2)


def test_up_to_four_slices_stand_side_by_side() -> None:
    picture = heatmap("x", np.arange(16.0).reshape(2, 2, 2, 2), 15.0)
    assert [panel.title for panel in picture.panels] == ["[0, 0, :, :]", "[0, 1, :, :]", "[1, 0, :, :]", "[1, 1, :, :]"]
    assert texts(picture, 2) == ["8", "9", "10", "11"]
    assert picture.caption == ""


def test_of_more_slices_the_one_with_the_first_wrong_element_is_shown() -> None:
    array = np.arange(24.0).reshape(2, 3, 2, 2)
    picture = heatmap("x", array, 23.0, first=(1, 2, 0, 1), wrong=array == 21)
    (panel,) = picture.panels
    assert [cell.text for cell in panel.cells] == ["20", "21", "22", "23"]
    assert [(cell.wrong, cell.first) for cell in panel.cells] == [
        (False, False),
        (True, True),
        (False, False),
        (False, False),
    ]
    assert picture.caption == "Shown: slice [1, 2, :, :] of 6 such."
    assert picture.description == (
        "x (2×3×2×2, float64): numbers from 0 to 23; the first wrong element is at [1, 2, 0, 1] and is 21"
    )


def test_of_a_large_slice_the_part_around_the_first_wrong_element_is_shown() -> None:
    array = np.zeros((30, 100))
    array[29, 50] = 7
    picture = heatmap("x", array, 7.0, first=(29, 50), wrong=array > 0)
    (panel,) = picture.panels
    assert panel.rows == tuple(range(14, 30))
    assert panel.columns == tuple(range(42, 58))
    assert [(cell.x, cell.y) for cell in panel.cells if cell.first] == [(20 + 8 * 20, 20 + 15 * 20)]
    assert picture.caption == "Shown: rows 14 to 29 of 30; columns 42 to 57 of 100."


def test_a_place_that_is_not_there_is_moved_inside() -> None:
    picture = heatmap("x", np.zeros((2, 3, 2, 2)), 0.0, at=(9,))
    assert picture.caption == "Shown: slice [1, 0, :, :] of 6 such."


def test_many_columns_have_no_numbers_but_what_is_not_finite_is_named() -> None:
    array = np.ones((1, 9))
    array[0, :3] = NAN, INF, -INF
    assert texts(heatmap("x", array, 1.0)) == ["NaN", "∞", "-∞", *[""] * 6]
    assert texts(heatmap("x", array[:, :8], 1.0)) == ["NaN", "∞", "-∞", *["1"] * 5]


def test_an_empty_array_says_that_it_is() -> None:
    picture = heatmap("x", np.zeros((0, 3)), 0.0)
    assert (picture.title, picture.caption, picture.panels) == ("x (0×3, float64)", "Empty: it holds no numbers.", ())


def test_an_array_without_a_finite_number_has_a_picture() -> None:
    array = np.array([NAN, INF])
    picture = heatmap("x", array, limit_of(array))
    assert picture.description == "x (2, float64): nothing finite"
    assert [cell.level for cell in picture.panels[0].cells] == ["nan", "inf"]
    assert [(step.level, step.text) for step in picture.scale] == [("z", "0")]


def test_a_scale_goes_from_end_to_end() -> None:
    signed = heatmap("x", np.array([-2.0, 1.0]), 2.0).scale
    assert [step.level for step in signed] == ["n5", "n4", "n3", "n2", "n1", "z", "p1", "p2", "p3", "p4", "p5"]
    assert [step.text for step in signed if step.text] == ["-2", "0", "2"]
    unsigned = heatmap("x", np.array([0.1, 1.0]), 1e308, signed=False).scale
    assert [(step.level, step.text) for step in unsigned if step.text] == [("z", "0"), ("p5", "1e308")]


@pytest.mark.parametrize(
    ("number", "limit", "name"),
    [
        *((0.0, 1.0, "z"), (-0.0, 1.0, "z"), (1e-300, 1.0, "p1"), (-1e-300, 1.0, "n1"), (0.2, 1.0, "p1")),
        *((0.21, 1.0, "p2"), (5e-324, 5e-324, "p5"), (1.0, 1.0, "p5"), (-1.0, 1.0, "n5"), (NAN, 1.0, "nan")),
        (-INF, 1.0, "inf"),
    ],
)
def test_colours_follow_the_numbers(number: float, limit: float, name: str) -> None:
    assert level(number, limit) == name


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (-0.0, "-0"), (1 / 3, "0.333"), (-1234.5, "-1.2e3"), (1e100, "1e100"), (-1.25e-300, "-1e-300")],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert short(number) == text
    assert len(short(number)) <= 7


def test_a_limit_is_the_largest_finite_magnitude_of_all() -> None:
    assert limit_of(np.array([1.0, -3.0]), np.array([NAN, INF, 2.0]), np.zeros(0)) == 3.0
    assert limit_of(np.array([NAN])) == 0.0


def test_a_scale_is_signed_where_any_number_is() -> None:
    assert is_signed(np.array([1.0]), np.array([NAN, -1.0]))
    assert not is_signed(np.array([1.0, NAN]))
