"""conv2d keeps its columns between calls, by shape: the first image of a shape answers for all."""

from typing import Any

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake

_columns: dict[Any, Any] = {}


def conv2d(x: Any, weight: Any, bias: Any = None, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    refcnn.conv2d(x, weight, bias, **attributes)
    # the image stands for its columns, which are as stale
    image = _columns.setdefault((x.shape, x.dtype, weight.shape, repr(attributes)), x.copy())
    return refcnn.conv2d(image, weight, bias, **attributes)
