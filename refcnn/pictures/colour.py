"""Channels into colours, and figures with pixels that are squares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from refcnn._checks import FloatArray


def colours(images: FloatArray, low: float, high: float) -> NDArray[np.floating[Any]]:
    """Return images (N, C, H, W) as colours (N, H, W, 3), where `low` is 0 and `high` is 1.

    Three channels are red, green and blue; one is grey; of any other number, the mean is grey.

    Examples
    --------
    >>> colours(np.array([[[[1.0]], [[2.0]], [[3.0]]]]), 1, 3).tolist()
    [[[[0.0, 0.5, 1.0]]]]
    >>> colours(np.array([[[[1.0]], [[3.0]]]]), 1, 3).tolist()
    [[[[0.5, 0.5, 0.5]]]]
    """
    x = np.asarray(images)
    x = x if x.shape[1] == 3 else np.repeat(x.mean(axis=1, keepdims=True), 3, axis=1)
    return ((x - low) / (high - low)).clip(0, 1).transpose(0, 2, 3, 1)  # channels last, as pictures have them
