"""Results lie in Fortran order, as column-major languages store them."""

import numpy as np
from _wrapping import Array, with_results


def column_major(result: Array) -> Array:
    # Not asfortranarray, which gives a number without axes one.
    return np.array(result, order="F")


globals().update(with_results(column_major))
