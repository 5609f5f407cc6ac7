"""A picture of a digit, made into one that looks like those of MNIST."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import numpy as np

from refcnn._checks import FloatArray
from refcnn.mnist.error import DataError
from refcnn.mnist.extra import import_extra

SIDE = 28  # of an image, in pixels
BOX = 20  # that the longer side of the digit fills


def read_digit(path: str | os.PathLike[str]) -> FloatArray:
    """Read a picture of one digit, in any format that Pillow knows.

    Colours are read as grey, what is transparent as white paper; greys of more than 8 bits are stretched to their
    range. Dark ink on bright paper, which is what most of the border shows, is turned into bright ink on dark, as in
    MNIST. A picture of 28×28 pixels is then taken as it is. Any other is cut to its ink, scaled into a box of 20×20
    and set so that its centre of mass is that of the image.

    Parameters
    ----------
    path : the file

    Returns
    -------
    (1, 1, 28, 28), float32 in [0, 1]

    Raises
    ------
    DataError
        A file that is missing, no picture, or of one colour.

    References
    ----------
    LeCun, Cortes and Burges, The MNIST database of handwritten digits, on how the digits were set.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> image = import_extra("PIL.Image")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paper = np.full((90, 90), 255, np.uint8)
    ...     paper[10:70, 40:50] = 0
    ...     image.fromarray(paper).save(Path(folder, "one.png"))
    ...     digit = read_digit(Path(folder, "one.png"))
    >>> digit.shape, [int((digit[0, 0] > 0.5).any(axis).sum()) for axis in (0, 1)]
    ((1, 1, 28, 28), [3, 20])
    """
    pillow, operations = import_extra("PIL.Image"), import_extra("PIL.ImageOps")
    try:
        with pillow.open(path) as file:
            grey = _grey(operations.exif_transpose(file), pillow)
    except Exception as error:  # what a broken picture raises is up to the reader of its format
        raise DataError(f"refcnn.mnist: path must be a picture of a digit, got {path}: {error}") from error
    if np.ptp(grey) == 0:
        raise DataError(f"refcnn.mnist: path must be a picture of a digit, got {path}, which is of one colour")
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = 1 - grey if np.median(border) > (grey.min() + grey.max()) / 2 else grey
    if ink.shape != (SIDE, SIDE):
        ink = _set(ink - ink.min(), pillow)
    return ink.reshape(1, 1, SIDE, SIDE)


# Any: a picture, of a library that is imported on use.
def _grey(picture: Any, pillow: ModuleType) -> FloatArray:
    """Return the greys of a picture of any mode, (H, W), float32 in [0, 1]."""
    if picture.mode == "F" or picture.mode.startswith("I"):  # convert would clip these at 255
        deep = np.asarray(picture, np.float64)
        if not np.isfinite(deep).all():
            raise ValueError("it has greys that are no finite numbers")
        return np.asarray((deep - deep.min()) / (np.ptp(deep) or 1), np.float32)
    if "A" in picture.getbands() or "transparency" in picture.info:
        paper = pillow.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture.convert("RGBA"))
        picture = paper
    return np.asarray(picture.convert("L"), np.float32) / np.float32(255)


def _set(ink: FloatArray, pillow: ModuleType) -> FloatArray:
    """Cut a picture to its ink, scale it into the box, and centre its mass."""
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > 0.5 * ink.max()) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    H, W = (max(1, round(BOX * side / max(cut.shape))) for side in cut.shape)
    scaled = np.asarray(pillow.fromarray(cut).resize((W, H), pillow.Resampling.BOX), np.float32)
    scaled = scaled / scaled.max()  # Pillow's array is read-only
    image = np.zeros((SIDE, SIDE), np.float32)
    top, left = (_first_pixel(scaled.sum(axis=axis)) for axis in (1, 0))
    image[top : top + H, left : left + W] = scaled
    return image


def _first_pixel(mass: FloatArray) -> int:
    """Say where a line of masses begins, so that its centre is that of MNIST's, pixel 14, as far as it fits."""
    centre = float((mass * np.arange(len(mass))).sum() / mass.sum())
    return min(max(round(SIDE / 2 - centre), 0), SIDE - len(mass))
