"""Results are big-endian, as they come from files and networks; the element type is the same."""

import numpy as np
from _wrapping import Array, with_results


def big_endian(result: Array) -> Array:
    return np.array(result, result.dtype.newbyteorder(">"))


globals().update(with_results(big_endian))
