"""The filters of the first layer: what training made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from refcnn._checks import FloatArray, rank, require, shape
from refcnn.pictures.colour import colours

_GAP = (0.78, 0.86, 0.94)  # a light blue, as no grey filter has


def draw_filters(before: FloatArray, after: FloatArray) -> Figure:
    """Draw the filters of a layer before and after training, on one scale of which 0 is the middle grey.

    Filters of three channels are drawn in colours, as red, green and blue; those of any other number as the mean.
    Weights that are not finite are drawn as 0.

    Parameters
    ----------
    before, after : (F, C, KH, KW), the weights, in the order in which the picture shows them, row by row

    Returns
    -------
    the figure, to be written by its `savefig`

    Raises
    ------
    ValueError
        Weights of another rank, without a filter, of two shapes.

    References
    ----------
    Krizhevsky, Sutskever and Hinton (2012), ImageNet classification with deep convolutional neural networks,
    figure 3.

    Examples
    --------
    >>> figure = draw_filters(np.zeros((4, 1, 3, 3)), np.ones((4, 1, 3, 3)))
    >>> [axes.get_title() for axes in figure.axes[:2]]
    ['before training', 'after training']
    """
    before, after = np.asarray(before), np.asarray(after)
    rank("draw_filters", "before", before.shape, "(F, C, KH, KW)")
    shape("draw_filters", "after", after, before.shape, before=before)
    require(before.size > 0, "draw_filters", "before", "of at least one weight", f"shape {before.shape}")
    F, C, KH, KW = before.shape
    seen = [_seen(weight) for weight in (before, after)]
    limit = max(float(np.abs(weight).max()) for weight in seen) or 1.0
    pictures = [mosaic(colours(weight, -limit, limit)) for weight in seen]
    height, width = pictures[0].shape[:2]
    figure = Figure(figsize=(10, 1.7 + 4.8 * height / width), layout="constrained")
    figure.suptitle(f"Filters of the first layer: {F} of {KH} × {KW}", fontsize=14)
    panels = figure.subplots(1, 2)
    for axes, picture, when in zip(panels, pictures, ("before", "after"), strict=True):
        axes.imshow(picture, interpolation="nearest")
        axes.set_title(f"{when} training", fontsize=12)
        axes.set_axis_off()
    each = {1: "weight", 3: "weight of each channel, red, green and blue"}
    scale = ScalarMappable(Normalize(-limit, limit), "gray")
    label = each.get(C, f"weight, mean of {C} channels")
    bar = figure.colorbar(scale, ax=panels, location="bottom", shrink=0.6, aspect=40, label=label)
    ticks = np.linspace(-limit, limit, 5)
    bar.set_ticks(ticks.tolist(), labels=[f"{tick:.2g}".replace("-", "−") for tick in ticks])
    return figure


def _seen(weight: FloatArray) -> FloatArray:
    """Return the colours, or else the mean, of filters; what a run that failed left behind counts as 0."""
    kept = weight if weight.shape[1] == 3 else weight.mean(axis=1, keepdims=True)
    return np.where(np.isfinite(kept), kept, 0)


def mosaic(tiles: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Lay tiles (N, H, W, 3) out row by row, each in a frame, in about as many rows as columns.

    Examples
    --------
    >>> mosaic(np.zeros((5, 3, 3, 3))).shape
    (90, 134, 3)
    """
    N, H, W, _ = tiles.shape
    grow = math.ceil(40 / max(H, W))  # so that a gap of two pixels is narrow beside a tile
    columns = math.ceil(math.sqrt(N))
    rows = math.ceil(N / columns)
    height, width = H * grow + 2, W * grow + 2
    picture = np.ones((rows * height + 2, columns * width + 2, 3))
    for n, tile in enumerate(tiles):
        top, left = n // columns * height, n % columns * width
        picture[top : top + height + 2, left : left + width + 2] = _GAP
        picture[top + 2 : top + height, left + 2 : left + width] = tile.repeat(grow, axis=0).repeat(grow, axis=1)
    return picture
