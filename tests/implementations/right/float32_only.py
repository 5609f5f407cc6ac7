"""Only float32 is supported, as on most accelerators."""

from typing import Any

import numpy as np
from _wrapping import only


def single(*arguments: Any, **_: Any) -> bool:
    return all(array.dtype != np.float64 for array in arguments if isinstance(array, np.ndarray))


globals().update(only(single, "float64 is not supported"))
