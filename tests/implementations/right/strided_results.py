"""Results are views of larger memory: every second number, read backwards, with NaN between them."""

import numpy as np
from _wrapping import Array, with_results


def strided(result: Array) -> Array:
    if result.ndim == 0:
        return result
    memory = np.full([2 * size + 1 for size in result.shape], np.nan, result.dtype)
    view = memory[(slice(1, None, 2),) * result.ndim][(slice(None, None, -1),) * result.ndim]
    view[...] = result
    return view


globals().update(with_results(strided))
