"""The learning curves of a run: what each epoch brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from refcnn._checks import require

History = Sequence[Mapping[str, Any]]

# Colour, marker and line. Blue and vermillion of Okabe and Ito, Color universal design (2008): colour-blind eyes
# tell them apart, too.
_TRAINING = ("#0072B2", "o", "-")
_TEST = ("#D55E00", "s", "--")


def draw_learning_curves(history: History) -> Figure:
    """Draw the training loss, and the accuracy on training and test images, over the epochs.

    Parameters
    ----------
    history : one mapping for each epoch, of the keys epoch, loss, train_accuracy and test_accuracy; accuracies are
        in [0, 1]. All but epoch may be absent, None or not finite: there, the curve has no point.

    Returns
    -------
    the figure, to be written by its `savefig`

    Raises
    ------
    ValueError
        A history without an epoch.

    Examples
    --------
    >>> history = [{"epoch": 1, "loss": 0.5, "test_accuracy": 0.9}, {"epoch": 2, "loss": 0.25, "test_accuracy": 0.95}]
    >>> [axes.get_ylabel() for axes in draw_learning_curves(history).axes]
    ['cross-entropy (nats)', 'accuracy']
    """
    require(len(history) > 0, "draw_learning_curves", "history", "of at least one epoch", "none")
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    losses, accuracies = figure.subplots(1, 2)
    _curve(losses, history, "loss", "training loss", "{:.3g}", _TRAINING)
    losses.set(title="Loss", ylabel="cross-entropy (nats)")
    losses.set_ylim(bottom=0)
    _curve(accuracies, history, "train_accuracy", "training images", "{:.2%}", _TRAINING)
    _curve(accuracies, history, "test_accuracy", "test images", "{:.2%}", _TEST)
    accuracies.set(title="Accuracy", ylabel="accuracy")
    accuracies.yaxis.set_major_formatter(PercentFormatter(1))
    epochs = [record["epoch"] for record in history]
    for axes in (losses, accuracies):
        axes.set_xlabel("epoch")
        axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend()
    return figure


def _curve(axes: Axes, history: History, key: str, name: str, form: str, style: tuple[str, str, str]) -> None:
    """Draw one number of each epoch that has it; the legend says how it ended."""
    given = [(record["epoch"], record[key]) for record in history if record.get(key) is not None]
    if given:
        label = f"{name}, at last {form.format(given[-1][1])}"  # nan, if it came to that
        color, marker, linestyle = style
        epochs, numbers = np.array(given, float)[[np.isfinite(number) for _, number in given]].T
        line = axes.plot(epochs, numbers, label=label, color=color, marker=marker, linestyle=linestyle)
        line[0].set(markersize=5, markevery=max(1, len(epochs) // 20))
