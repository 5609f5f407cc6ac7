"""The confusion matrix: which class is taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from refcnn._checks import integer, require

Integers = NDArray[np.integer[Any]]


def confusion_matrix(labels: Integers, predicted: Integers, classes: int) -> NDArray[np.int64]:
    """Count how often each class was taken for each.

    counts[k, j] is the number of images of class k of which the prediction is j.

    Parameters
    ----------
    labels, predicted : (N,), integers from 0 to classes − 1
    classes : int, the number K of classes

    Returns
    -------
    (K, K), int64

    Raises
    ------
    TypeError
        Labels or predictions that are not integers.
    ValueError
        Labels or predictions out of range, of two lengths, not one number an image.

    References
    ----------
    Sokolova and Lapalme (2009), A systematic analysis of performance measures for classification tasks, section 3.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 1, 1, 1]), np.array([0, 1, 0, 1]), 2).tolist()
    [[1, 0], [1, 2]]
    """
    K = integer("confusion_matrix", "classes", classes, 1)
    for name, given in (("labels", labels), ("predicted", predicted)):
        is_integer = np.issubdtype(given.dtype, np.integer)
        require(is_integer, "confusion_matrix", name, "an array of integers", given.dtype, TypeError)
        require(given.shape == (len(labels),), "confusion_matrix", name, f"of shape {labels.shape[:1]}", given.shape)
        wrong = given[(given < 0) | (given >= K)][:1].tolist()
        require(not wrong, "confusion_matrix", name, f"from 0 to {K - 1}", *wrong or [None])
    pairs = labels.astype(np.int64) * K + predicted  # wide enough, even for labels in bytes
    return np.bincount(pairs, minlength=K * K).reshape(K, K)


def draw_confusion_matrix(counts: Integers) -> Figure:
    """Draw a confusion matrix: a row for each true class, and at its end how many of the row are right.

    The colour is the share of the row, on a scale that is stretched near 0, so that single mistakes show.

    Parameters
    ----------
    counts : (K, K), as from `confusion_matrix`

    Returns
    -------
    the figure, to be written by its `savefig`

    Raises
    ------
    ValueError
        Counts that are no square matrix.

    Examples
    --------
    >>> figure = draw_confusion_matrix(np.array([[9, 1], [0, 10]]))
    >>> figure.axes[0].get_title()
    'Confusion matrix: 19 of 20 right (95.00%)'
    """
    is_square = counts.ndim == 2 and 0 < counts.shape[0] == counts.shape[1]
    require(is_square, "draw_confusion_matrix", "counts", "of shape (K, K)", f"shape {counts.shape}")
    K, rows, right = len(counts), counts.sum(axis=1), counts.diagonal()
    shares = counts / np.maximum(rows, 1)[:, None]
    figure = Figure(figsize=(3 + 0.6 * max(K, 8), 2 + 0.55 * max(K, 8)), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.4, 0, 1))
    _write_counts(axes, counts, shares)
    axes.set(xlabel="predicted class", ylabel="true class", xticks=range(K), yticks=range(K))
    axes.set_title(f"Confusion matrix: {right.sum():,} of {rows.sum():,} right ({_percent(right.sum(), rows.sum())})")
    ends = axes.secondary_yaxis("right")
    ends.set_yticks(range(K), [_percent(*pair) for pair in zip(right, rows, strict=True)])
    ends.set_ylabel("accuracy of the class")
    ends.tick_params(length=0)
    bar = figure.colorbar(picture, ax=axes, shrink=0.8, label="share of the true class", format=PercentFormatter(1))
    bar.set_ticks([0, 0.01, 0.05, 0.2, 0.5, 1])
    return figure


def _write_counts(axes: Axes, counts: Integers, shares: NDArray[np.floating[Any]]) -> None:
    """Write each count into its cell: light on dark, and zeros faint."""
    for (row, column), count in np.ndenumerate(counts):
        dark = shares[row, column] > 0.4
        colour = "white" if dark else "black" if count else "0.7"
        axes.text(column, row, f"{count}", ha="center", va="center", color=colour, fontsize=10)


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "no image"
