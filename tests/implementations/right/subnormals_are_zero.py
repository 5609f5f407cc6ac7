"""Arithmetic that takes subnormal numbers for 0, as it reads them and as it writes them, as XLA's on a processor."""

from typing import Any

import numpy as np
from _wrapping import Function, with_calls


def flushed(value: Any) -> Any:
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return value
    return np.where(np.abs(value) < np.finfo(value.dtype).tiny, np.copysign(0, value), value).astype(value.dtype)


def changed(_: str, function: Function) -> Function:
    def call(*arguments: Any, **attributes: Any) -> Any:
        returned = function(*map(flushed, arguments), **attributes)
        return tuple(map(flushed, returned)) if isinstance(returned, tuple) else flushed(np.asarray(returned))

    return call


globals().update(with_calls(changed))
