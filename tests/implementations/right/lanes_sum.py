"""Every sum runs in eight lanes, as vector units add; the lanes are added last.

Unusual: the tail is filled up with zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
from _summation import convolutions_by, dense_by
from numpy.typing import NDArray


def add_up(terms: NDArray[Any]) -> NDArray[Any]:
    missing = -len(terms) % 8
    full = np.concatenate([terms, np.zeros((missing, *terms.shape[1:]), terms.dtype)])
    lanes = np.zeros((8, *terms.shape[1:]), terms.dtype)
    for vector in full.reshape(len(full) // 8, 8, *terms.shape[1:]):
        lanes += vector
    for width in (4, 2, 1):
        lanes = lanes[:width] + lanes[width:]
    return np.asarray(lanes[0])


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions_by(add_up)
linear, linear_backward, global_avg_pool2d, global_avg_pool2d_backward = dense_by(add_up)
