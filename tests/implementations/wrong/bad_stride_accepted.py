"""conv2d takes a stride of 0 for 1."""

from typing import Any

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def _at_least_one(stride: Any) -> Any:
    if isinstance(stride, tuple | list):
        return tuple(step or 1 for step in stride)
    return stride or 1


def conv2d(x: Any, weight: Any, bias: Any = None, *, stride: Any = 1, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    return refcnn.conv2d(x, weight, bias, stride=_at_least_one(stride), **attributes)
