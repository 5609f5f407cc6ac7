"""Results below the normal range are zero, as processors make them that flush subnormal numbers."""

import numpy as np
from _wrapping import Array, with_results


def flushed(result: Array) -> Array:
    return np.where(np.abs(result) < np.finfo(result.dtype).tiny, np.copysign(0, result), result).astype(result.dtype)


globals().update(with_results(flushed))
