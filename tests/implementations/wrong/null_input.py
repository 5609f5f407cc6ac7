"""Every function answers with copies of its first array."""

from collections.abc import Callable
from typing import Any

import numpy as np

import refcnn


def _null(name: str) -> Callable[..., Any]:
    right = getattr(refcnn, name)

    def answer(*arrays: Any, **attributes: Any) -> Any:
        results = right(*arrays, **attributes)
        if isinstance(results, tuple):
            return tuple(np.array(arrays[0]) for _ in results)
        return np.array(arrays[0])

    return answer


globals().update({name: _null(name) for name in refcnn.__all__})
