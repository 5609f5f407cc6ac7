"""The misclassified images: what was taken for what, and how surely."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from refcnn._checks import FloatArray, integer, rank, require, shape
from refcnn.pictures.colour import colours


def draw_misclassified(
    images: FloatArray, labels: NDArray[np.integer[Any]], probabilities: FloatArray, *, limit: int = 36
) -> Figure:
    """Draw the misclassified images, the most confident mistakes first.

    Parameters
    ----------
    images : (N, C, H, W); three channels are red, green and blue, of any other number the mean is drawn in grey
    labels : (N,), the true classes
    probabilities : (N, K), what the network gives each class; the largest is its prediction
    limit : int, the most images to draw

    Returns
    -------
    the figure, to be written by its `savefig`; if nothing is misclassified, it says so

    Raises
    ------
    ValueError
        Arrays of other ranks, or of other lengths than `images`; a limit below 1.

    Examples
    --------
    >>> figure = draw_misclassified(np.ones((2, 1, 3, 3)), np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]))
    >>> [axes.get_title().splitlines() for axes in figure.axes]
    [['0, not 1', '60%']]
    """
    operator = "draw_misclassified"
    images, labels, probabilities = np.asarray(images), np.asarray(labels), np.asarray(probabilities)
    rank(operator, "images", images.shape, "(N, C, H, W)")
    rank(operator, "probabilities", probabilities.shape, "(N, K)")
    N = len(images)
    require(labels.shape == (N,), operator, "labels", f"of shape {(N,)}", f"shape {labels.shape}", images=images)
    shape(operator, "probabilities", probabilities, (N, probabilities.shape[1]), images=images)
    integer(operator, "limit", limit, 1)
    predicted, surest = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    drawn = wrong[np.argsort(-surest[wrong], kind="stable")][:limit]
    columns = max(min(len(drawn), 6), math.ceil(math.sqrt(len(drawn))), 1)
    rows = math.ceil(len(drawn) / columns)
    figure = Figure(figsize=(max(5.0, 1.5 * columns), 1.95 * rows + 1.0))
    figure.suptitle(_headline(len(wrong), len(drawn), N), fontsize=14, y=1 - 0.1 / figure.get_figheight(), va="top")
    if len(drawn):
        low, high = float(images[drawn].min()), float(images[drawn].max())
        pictures = colours(images[drawn], low, high if high > low else low + 1)
        # Placed by hand: the layout engines take seconds for so many axes.
        margins = {"left": 0.02, "right": 0.98, "bottom": 0.01, "top": 1 - 1.1 / figure.get_figheight()}
        cells = figure.subplots(rows, columns, squeeze=False, gridspec_kw={**margins, "hspace": 0.42, "wspace": 0.05})
        for axes, n, picture in zip(cells.flat, drawn, pictures, strict=False):
            axes.imshow(picture, interpolation="nearest")
            axes.set_title(f"{predicted[n]}, not {labels[n]}\n{surest[n]:.0%}", fontsize=11)
            axes.set(xticks=[], yticks=[])
        for axes in cells.flat[len(drawn) :]:
            axes.remove()
    return figure


def _headline(wrong: int, drawn: int, total: int) -> str:
    if wrong == 0:
        return f"None of the {total:,} images is misclassified"
    which = "" if drawn == wrong else f", the {drawn} most confident"
    return f"{wrong:,} of {total:,} images misclassified{which}:\npredicted, not true class, and probability"
