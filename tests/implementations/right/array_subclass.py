"""Results are of a subclass of ``numpy.ndarray`` whose comparisons, sums and booleans are not to be relied on."""

from __future__ import annotations

from typing import Any

import numpy as np
from _wrapping import Array, with_results


class Image(np.ndarray[Any, Any]):
    """An array that knows where it comes from and does not compare."""

    source: str = "nowhere"

    def __array_finalize__(self, other: object) -> None:
        self.source = getattr(other, "source", "nowhere")

    def __eq__(self, other: object) -> Any:
        raise AssertionError("images do not compare")

    def __bool__(self) -> bool:
        raise AssertionError("images are neither true nor false")

    def sum(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("images do not add up")


def image(result: Array) -> Image:
    return result.copy().view(Image)


globals().update(with_results(image))
