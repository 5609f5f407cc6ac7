"""linear computes in float32 and casts its result back."""

from typing import Any

import numpy as np

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def linear(x: Any, weight: Any, bias: Any = None) -> Any:  # type: ignore[no-redef]  # the mistake's place
    right = refcnn.linear(x, weight, bias)
    halved: list[Any] = [None if array is None else array.astype(np.float32) for array in (x, weight, bias)]
    return refcnn.linear(*halved).astype(right.dtype)
