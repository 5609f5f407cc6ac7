"""All the pictures of a run, written into a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refcnn._checks import FloatArray, rank
from refcnn.pictures.confusion import confusion_matrix, draw_confusion_matrix
from refcnn.pictures.filters import draw_filters
from refcnn.pictures.learning_curves import History, draw_learning_curves
from refcnn.pictures.misclassified import draw_misclassified


def save_all(
    folder: str | os.PathLike[str],
    *,
    history: History,
    filters_before: FloatArray,
    filters_after: FloatArray,
    images: FloatArray,
    labels: NDArray[np.integer[Any]],
    probabilities: FloatArray,
) -> list[Path]:
    """Write learning_curves.png, filters.png, confusion_matrix.png and misclassified.png.

    Parameters
    ----------
    folder : where to; it is made if it is missing, and pictures of these names are replaced
    history : as in `draw_learning_curves`
    filters_before, filters_after : (F, C, KH, KW), as in `draw_filters`
    images, labels, probabilities : (N, C, H, W), (N,) and (N, K), of the test images, as in `draw_misclassified`

    Returns
    -------
    the four paths, in the order above

    Raises
    ------
    TypeError, ValueError
        As the functions that draw; nothing is written then.
    OSError
        The folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> run = {"history": [{"epoch": 1, "loss": 0.5}], "labels": np.array([0]), "probabilities": np.array([[0.9, 0.1]])}
    >>> run |= dict.fromkeys(("filters_before", "filters_after", "images"), np.ones((1, 1, 5, 5)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in save_all(folder, **run)]
    ['learning_curves.png', 'filters.png', 'confusion_matrix.png', 'misclassified.png']
    """
    rank("save_all", "probabilities", probabilities.shape, "(N, K)")
    counts = confusion_matrix(labels, probabilities.argmax(axis=1), probabilities.shape[1])
    figures = {
        "learning_curves.png": draw_learning_curves(history),
        "filters.png": draw_filters(filters_before, filters_after),
        "confusion_matrix.png": draw_confusion_matrix(counts),
        "misclassified.png": draw_misclassified(images, labels, probabilities),
    }
    paths = {Path(folder) / name: figure for name, figure in figures.items()}
    Path(folder).mkdir(parents=True, exist_ok=True)
    for path, figure in paths.items():
        figure.savefig(path, dpi=150, bbox_inches="tight", pad_inches=0.15)
    return list(paths)
