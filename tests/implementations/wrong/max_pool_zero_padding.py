"""max_pool2d pads with zeros, which win over negative pixels."""

from typing import Any

import numpy as np

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def _sides(padding: Any) -> Any:
    pair = padding if isinstance(padding, tuple | list) else (padding, padding)
    return [side if isinstance(side, tuple | list) else (side, side) for side in pair]


def max_pool2d(x: Any, kernel_size: Any, *, padding: Any = 0, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    right = refcnn.max_pool2d(x, kernel_size, padding=padding, **attributes)
    padded = np.pad(x, [(0, 0), (0, 0), *_sides(padding)])
    # a window of ceil_mode that starts in the padding below is surplus
    return refcnn.max_pool2d(padded, kernel_size, **attributes)[:, :, : right.shape[2], : right.shape[3]]
