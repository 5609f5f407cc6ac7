"""Every sum is compensated (Kahan 1965): what rounding takes away is carried along and given back."""

from __future__ import annotations

from typing import Any

import numpy as np
from _summation import convolutions_by, dense_by
from numpy.typing import NDArray


def add_up(terms: NDArray[Any]) -> NDArray[Any]:
    result = np.zeros(terms.shape[1:], terms.dtype)
    lost = np.zeros_like(result)
    for term in terms:
        wanted = term - lost
        reached = result + wanted
        lost = (reached - result) - wanted
        result = reached
    return result


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions_by(add_up)
linear, linear_backward, global_avg_pool2d, global_avg_pool2d_backward = dense_by(add_up)
