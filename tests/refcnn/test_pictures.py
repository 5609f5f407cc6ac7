"""Pictures of a run: what they show, what they say, and that their texts can be read."""

import itertools
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from refcnn.pictures import (
    draw_confusion_matrix,
    draw_filters,
    draw_learning_curves,
    draw_misclassified,
    save_all,
)

Array = NDArray[np.floating[Any]]

NAMES = ["learning_curves.png", "filters.png", "confusion_matrix.png", "misclassified.png"]


def noise(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).normal(size=shape)


def records(*losses: float | None) -> list[dict[str, Any]]:
    return [
        {"epoch": epoch, "loss": loss, "train_accuracy": 0.75 + epoch / 100, "test_accuracy": 0.5 + epoch / 100}
        for epoch, loss in enumerate(losses, 1)
    ]


def one_hot(predicted: list[int], surest: list[float], classes: int = 4) -> Array:
    """Probabilities of which the largest is given; the others share the rest."""
    rest = (1 - np.array(surest)) / (classes - 1)
    probabilities = np.tile(rest[:, None], (1, classes))
    probabilities[np.arange(len(predicted)), predicted] = surest
    return probabilities


def lines(axes: Axes) -> list[list[list[float]]]:
    return [np.asarray(line.get_xydata()).tolist() for line in axes.lines]


def legend(axes: Axes) -> list[str]:
    drawn = axes.get_legend()
    return [text.get_text() for text in drawn.get_texts()] if drawn else []


def picture(axes: Axes) -> Array:
    return np.asarray(axes.images[0].get_array())


def run(**changes: Any) -> dict[str, Any]:
    given = {
        "history": records(2.0, 1.0),
        "filters_before": noise(6, 1, 5, 5),
        "filters_after": noise(6, 1, 5, 5),
        "images": noise(9, 1, 8, 8),
        "labels": np.arange(9) % 4,
        "probabilities": one_hot([0] * 9, [0.5] * 9),
    }
    return {**given, **changes}


class TestLearningCurves:
    def test_each_epoch_is_a_point_of_each_curve(self) -> None:
        losses, accuracies = draw_learning_curves(records(2.0, 1.0, 0.5)).axes
        assert lines(losses) == [[[1, 2.0], [2, 1.0], [3, 0.5]]]
        assert lines(accuracies) == [[[1, 0.76], [2, 0.77], [3, 0.78]], [[1, 0.51], [2, 0.52], [3, 0.53]]]

    def test_the_axes_and_curves_are_named_and_the_last_numbers_are_written_out(self) -> None:
        losses, accuracies = draw_learning_curves(records(2.0, 0.123456)).axes
        assert [axes.get_xlabel() for axes in (losses, accuracies)] == ["epoch", "epoch"]
        assert [axes.get_ylabel() for axes in (losses, accuracies)] == ["cross-entropy (nats)", "accuracy"]
        assert legend(losses) == ["training loss, at last 0.123"]
        assert legend(accuracies) == ["training images, at last 77.00%", "test images, at last 52.00%"]

    def test_training_and_test_differ_in_colour_in_marker_and_in_line(self) -> None:
        training, test = draw_learning_curves(records(2.0)).axes[1].lines
        for look in ("get_color", "get_marker", "get_linestyle"):
            assert getattr(training, look)() != getattr(test, look)()

    def test_one_epoch_is_a_point_above_its_number(self) -> None:
        figure = draw_learning_curves(records(2.0))
        figure.draw_without_rendering()
        for axes in figure.axes:
            assert axes.get_xlim() == (0.5, 1.5)
            assert [tick for tick in axes.get_xticks() if 0.5 <= tick <= 1.5] == [1]

    def test_the_loss_is_drawn_from_zero(self) -> None:
        assert draw_learning_curves(records(2.0, 1.5)).axes[0].get_ylim()[0] == 0

    def test_many_epochs_leave_room_between_the_markers(self) -> None:
        (line,) = draw_learning_curves(records(*[1.0] * 100)).axes[0].lines
        assert line.get_markevery() == 5

    def test_an_accuracy_that_was_not_measured_has_no_point(self) -> None:
        history = records(2.0, 1.0, 0.5)
        history[0]["test_accuracy"] = None
        del history[2]["test_accuracy"]
        accuracies = draw_learning_curves(history).axes[1]
        assert lines(accuracies)[1] == [[2, 0.52]]
        assert legend(accuracies)[1] == "test images, at last 52.00%"

    def test_a_number_that_was_never_measured_has_no_curve(self) -> None:
        losses, accuracies = draw_learning_curves([{"epoch": 1, "loss": 2.0}]).axes
        assert (len(losses.lines), len(accuracies.lines), legend(accuracies)) == (1, 0, [])

    def test_a_loss_that_is_no_number_any_more_is_told_and_not_drawn(self) -> None:
        losses = draw_learning_curves(records(2.0, math.inf, math.nan)).axes[0]
        assert lines(losses) == [[[1, 2.0]]]
        assert legend(losses) == ["training loss, at last nan"]

    def test_no_epoch_is_refused(self) -> None:
        with pytest.raises(ValueError, match="history must be of at least one epoch, got none"):
            draw_learning_curves([])


class TestMisclassified:
    def test_the_most_confident_mistakes_come_first(self) -> None:
        predicted, surest = [1, 2, 3, 0, 1], [0.5, 0.9, 0.75, 0.99, 0.9]
        images = np.arange(5.0)[:, None, None, None] * np.ones((5, 1, 2, 2)) / 4
        figure = draw_misclassified(images, np.array([1, 3, 0, 0, 2]), one_hot(predicted, surest))
        assert [axes.get_title() for axes in figure.axes] == ["2, not 3\n90%", "1, not 2\n90%", "3, not 0\n75%"]
        # 1, 4 and 2 are drawn, so 1 is black and 4 is white.
        assert [picture(axes)[0, 0, 0] for axes in figure.axes] == pytest.approx([0, 1, 1 / 3])
        assert figure.get_suptitle().startswith("3 of 5 images misclassified:\n")

    def test_more_mistakes_than_the_limit_are_counted_and_not_drawn(self) -> None:
        figure = draw_misclassified(noise(50, 1, 4, 4), np.ones(50, int), one_hot([0] * 50, [0.5] * 50), limit=8)
        assert len(figure.axes) == 8
        assert figure.get_suptitle().startswith("50 of 50 images misclassified, the 8 most confident:\n")

    def test_no_mistake_is_said_to_be_none(self) -> None:
        figure = draw_misclassified(noise(2, 1, 4, 4), np.array([0, 1]), one_hot([0, 1], [0.5, 0.5]))
        assert figure.axes == []
        assert figure.get_suptitle() == "None of the 2 images is misclassified"

    def test_blank_images_can_be_drawn(self) -> None:
        figure = draw_misclassified(np.ones((1, 3, 4, 4)), np.array([0]), one_hot([1], [0.5]))
        assert_array_equal(picture(figure.axes[0]), np.zeros((4, 4, 3)))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"images": np.ones((2, 4, 4))}, "images must be (N, C, H, W), got shape (2, 4, 4)"),
            ({"labels": np.zeros(3, int)}, "labels must be of shape (2,), got shape (3,) (images (2, 1, 4, 4))"),
            ({"probabilities": np.ones(2)}, "probabilities must be (N, K), got shape (2,)"),
            (
                {"probabilities": np.ones((3, 4))},
                "probabilities must be of shape (2, 4), got shape (3, 4) (images (2, 1, 4, 4))",
            ),
            ({"limit": 0}, "limit must be at least 1, got 0"),
        ],
    )
    def test_arrays_that_do_not_fit_are_refused(self, change: dict[str, Any], message: str) -> None:
        given = {"images": np.ones((2, 1, 4, 4)), "labels": np.zeros(2, int), "probabilities": np.ones((2, 4))}
        with pytest.raises(ValueError, match="draw_misclassified") as refusal:
            draw_misclassified(**{**given, **change})
        assert str(refusal.value) == f"draw_misclassified: {message}"


def drawn_texts(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> list[Text]:
    """Every text that reaches the paper; a figure holds more, such as the labels of ticks out of sight."""
    texts: dict[int, Text] = {}
    draw = Text.draw

    def spy(self: Text, *args: Any, **settings: Any) -> None:
        if self.get_visible() and self.get_text().strip():
            texts[id(self)] = self
        draw(self, *args, **settings)

    monkeypatch.setattr(Text, "draw", spy)
    figure.draw_without_rendering()
    return list(texts.values())


def mistakes(count: int) -> tuple[Array, NDArray[np.int64], Array]:
    return noise(count, 1, 28, 28), np.full(count, 10), one_hot([11] * count, [1.0] * count, classes=12)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "draw",
    {
        "one epoch": lambda: draw_learning_curves(records(2.0)),
        "200 epochs": lambda: draw_learning_curves(records(*np.linspace(2, 0.001, 200))),
        "96 filters": lambda: draw_filters(noise(96, 3, 11, 11), noise(96, 3, 11, 11)),
        "small weights": lambda: draw_filters(noise(2, 2, 1, 7) / 1e6, noise(2, 2, 1, 7) / 1e6),
        "60,000 images": lambda: draw_confusion_matrix(np.full((10, 10), 6000)),
        "2 classes": lambda: draw_confusion_matrix(np.zeros((2, 2), int)),
        "36 mistakes": lambda: draw_misclassified(*mistakes(100)),
        "1 mistake": lambda: draw_misclassified(*mistakes(1)),
    }.items(),
    ids=lambda case: case[0],
)
def test_all_texts_are_of_a_size_to_read_inside_the_paper_and_apart(draw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = draw[1]()
    texts = drawn_texts(figure, monkeypatch)
    assert texts
    boxes = {text: text.get_window_extent() for text in texts}
    for text, box in boxes.items():
        assert float(text.get_fontsize()) >= 10, text
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, text
    assert [pair for pair in itertools.combinations(texts, 2) if boxes[pair[0]].overlaps(boxes[pair[1]])] == []


@pytest.mark.no_cover
@pytest.mark.parametrize("count", [1, 7, 36])
def test_no_title_lies_on_a_misclassified_image(count: int) -> None:
    figure = draw_misclassified(*mistakes(count))
    figure.draw_without_rendering()
    for axes, other in itertools.product(figure.axes, repeat=2):
        assert not axes.title.get_window_extent().overlaps(other.get_window_extent())


class TestSaving:
    @pytest.mark.no_cover
    def test_the_four_pictures_are_written_into_a_new_folder(self, tmp_path: Path) -> None:
        folder = tmp_path / "new" / "pictures"
        paths = save_all(folder, **run())
        assert paths == [folder / name for name in NAMES]
        assert sorted(folder.iterdir()) == sorted(paths)
        for path in paths:
            assert imread(path).std() > 0.05, path.name

    def test_each_picture_is_of_what_its_name_says_and_replaces_an_older_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        saved: dict[str, Figure] = {}

        def keep(figure: Figure, path: Path, **_: Any) -> None:
            saved[path.name] = figure

        monkeypatch.setattr(Figure, "savefig", keep)
        save_all(str(tmp_path), **run(filters_before=np.zeros((6, 1, 5, 5))))
        curves, filters, confusion, wrong = (saved[name] for name in NAMES)
        assert lines(curves.axes[0]) == [[[1, 2.0], [2, 1.0]]]
        assert (filters.axes[0].get_title(), picture(filters.axes[0])[10, 10, 0]) == ("before training", 0.5)
        # Of the labels 0 to 3, the most probable class is always 0.
        assert_array_equal(picture(confusion.axes[0])[:, 0], 1)
        assert len(wrong.axes) == 6

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"probabilities": np.ones(9)}, r"probabilities must be \(N, K\), got shape \(9,\)"),
            ({"images": np.ones((8, 1, 2, 2))}, r"labels must be of shape \(8,\), got shape \(9,\)"),
        ],
    )
    def test_nothing_is_written_if_something_is_refused(
        self, change: dict[str, Any], message: str, tmp_path: Path
    ) -> None:
        with pytest.raises(ValueError, match=message):
            save_all(tmp_path / "new", **run(**change))
        assert list(tmp_path.iterdir()) == []

    def test_no_window_system_and_no_global_figure_is_touched(self) -> None:
        program = "import sys, refcnn.pictures; sys.exit('matplotlib.pyplot' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

    def test_refcnn_itself_does_not_import_matplotlib(self) -> None:
        program = "import sys, refcnn; sys.exit('matplotlib' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
