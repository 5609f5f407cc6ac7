"""Only float64 is supported."""

from typing import Any

import numpy as np
from _wrapping import only


def double(*arguments: Any, **_: Any) -> bool:
    return all(array.dtype != np.float32 for array in arguments if isinstance(array, np.ndarray))


globals().update(only(double, "float32 is not supported"))
