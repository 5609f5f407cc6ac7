"""The confusion matrix, counted by hand, and its picture."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from refcnn.pictures import confusion_matrix, draw_confusion_matrix


def test_rows_are_true_and_columns_are_predicted() -> None:
    labels, predicted = np.array([0, 0, 2, 2, 2, 2]), np.array([0, 1, 2, 2, 2, 0])
    assert_array_equal(confusion_matrix(labels, predicted, 4), [[1, 1, 0, 0], [0] * 4, [1, 0, 3, 0], [0] * 4])


def test_labels_in_bytes_do_not_overflow() -> None:
    labels = np.array([99], np.uint8)
    assert confusion_matrix(labels, labels, 100)[99, 99] == 1


def test_no_image_is_counted_as_zeros() -> None:
    nothing = np.zeros(0, int)
    assert_array_equal(confusion_matrix(nothing, nothing, 2), [[0, 0], [0, 0]])


@pytest.mark.parametrize(
    ("labels", "predicted", "classes", "error", "message"),
    [
        ([0.0], [0], 2, TypeError, "labels must be an array of integers, got float64"),
        ([0], [0.5], 2, TypeError, "predicted must be an array of integers, got float64"),
        ([0, 2], [0, 1], 2, ValueError, "labels must be from 0 to 1, got 2"),
        ([0, 1], [0, -1], 2, ValueError, "predicted must be from 0 to 1, got -1"),
        ([0, 1], [0], 2, ValueError, "predicted must be of shape (2,), got (1,)"),
        ([[0]], [[0]], 2, ValueError, "labels must be of shape (1,), got (1, 1)"),
        ([0], [0], 0, ValueError, "classes must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_counted_is_refused(
    labels: Any, predicted: Any, classes: int, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as refusal:
        confusion_matrix(np.array(labels), np.array(predicted), classes)
    assert str(refusal.value) == f"confusion_matrix: {message}"


def test_each_count_stands_in_its_cell() -> None:
    axes = draw_confusion_matrix(np.array([[5, 1, 0], [0, 7, 2], [0, 0, 0]])).axes[0]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "5", (1, 0): "1", (2, 0): "0", (0, 1): "0", (1, 1): "7", (2, 1): "2"} | {
        (column, 2): "0" for column in range(3)
    }
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


def test_numbers_are_white_on_dark_black_on_light_and_faint_if_zero() -> None:
    axes = draw_confusion_matrix(np.array([[9, 1], [0, 10]])).axes[0]
    assert [text.get_color() for text in axes.texts] == ["white", "black", "0.7", "white"]


def test_the_colour_is_the_share_of_the_true_class() -> None:
    axes = draw_confusion_matrix(np.array([[3, 1], [0, 0]])).axes[0]
    assert_array_equal(axes.images[0].get_array(), [[0.75, 0.25], [0, 0]])


def test_each_row_ends_with_its_accuracy_and_the_title_has_that_of_all() -> None:
    figure = draw_confusion_matrix(np.array([[3, 1, 0], [0, 6, 0], [0, 0, 0]]))
    (ends,) = figure.axes[0].child_axes
    assert [text.get_text() for text in ends.get_yticklabels()] == ["75.00%", "100.00%", "no image"]
    assert figure.axes[0].get_title() == "Confusion matrix: 9 of 10 right (90.00%)"


def test_counts_that_are_not_square_are_refused() -> None:
    for shape in ((2, 3), (0, 0), (4,)):
        with pytest.raises(ValueError, match="counts must be of shape"):
            draw_confusion_matrix(np.zeros(shape, int))
