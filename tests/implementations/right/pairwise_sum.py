"""Every sum is that of its two halves, down to single terms."""

from __future__ import annotations

from typing import Any

import numpy as np
from _summation import convolutions_by, dense_by
from numpy.typing import NDArray


def add_up(terms: NDArray[Any]) -> NDArray[Any]:
    if len(terms) == 0:
        return np.zeros(terms.shape[1:], terms.dtype)
    if len(terms) == 1:
        return np.array(terms[0])
    middle = len(terms) // 2
    return np.asarray(add_up(terms[:middle]) + add_up(terms[middle:]))


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions_by(add_up)
linear, linear_backward, global_avg_pool2d, global_avg_pool2d_backward = dense_by(add_up)
