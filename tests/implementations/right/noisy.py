"""Every call warns, divides by zero on the way, changes NumPy's error settings and puts them back."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from _wrapping import Function, with_calls


def noisy(name: str, function: Function) -> Function:
    def call(*arguments: Any, **attributes: Any) -> Any:
        warnings.warn(f"{name} will have another name in version 2", DeprecationWarning, stacklevel=2)
        with np.errstate(divide="warn", invalid="warn"):
            np.divide(np.ones(2), np.zeros(2))
        before = np.seterr(all="ignore")
        try:
            return function(*arguments, **attributes)
        finally:
            np.seterr(**before)

    return call


globals().update(with_calls(noisy))
