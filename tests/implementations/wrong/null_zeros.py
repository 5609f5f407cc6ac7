"""Every function answers with zeros of the right shapes."""

from collections.abc import Callable
from typing import Any

import numpy as np

import refcnn


def _null(name: str) -> Callable[..., Any]:
    right = getattr(refcnn, name)

    def answer(*arrays: Any, **attributes: Any) -> Any:
        results = right(*arrays, **attributes)
        if isinstance(results, tuple):
            return tuple(np.zeros_like(result) for result in results)
        return np.zeros_like(results)

    return answer


globals().update({name: _null(name) for name in refcnn.__all__})
