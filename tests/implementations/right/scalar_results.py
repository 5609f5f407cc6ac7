"""Results without axes are scalars: Python's own float for float64, NumPy's for float32."""

from __future__ import annotations

import numpy as np
from _wrapping import Array, with_results


def scalar(result: Array) -> Array | np.float32 | float:
    if result.ndim:
        return result
    return float(result) if result.dtype == np.float64 else np.float32(result)


globals().update(with_results(scalar))
