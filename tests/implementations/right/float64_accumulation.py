"""Products are added in twice the precision and rounded once: float32 in float64, float64 in long double.

The products themselves are rounded, as on hardware that multiplies in the narrow type."""

from __future__ import annotations

from typing import Any

import numpy as np
from _summation import convolutions_by, dense_by
from numpy.typing import NDArray


def add_up(terms: NDArray[Any]) -> NDArray[Any]:
    wide = np.float64 if terms.dtype == np.float32 else np.longdouble
    return np.asarray(terms.sum(axis=0, dtype=wide).astype(terms.dtype))


conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = convolutions_by(add_up)
linear, linear_backward, global_avg_pool2d, global_avg_pool2d_backward = dense_by(add_up)
