"""softmax exponentiates its input as it is, which overflows."""

from typing import Any

import numpy as np

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def softmax(x: Any, *, axis: int = -1) -> Any:  # type: ignore[no-redef]  # the mistake's place
    refcnn.softmax(x, axis=axis)
    with np.errstate(all="ignore"):
        powers = np.exp(x)
        return powers / powers.sum(axis=axis, keepdims=True)
