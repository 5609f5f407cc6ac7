"""conv2d deals input channels out to the groups in turn, not in blocks."""

from typing import Any

import numpy as np

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def _dealt(channels: int, groups: int) -> Any:
    return np.arange(channels).reshape(channels // groups, groups).T.reshape(channels)


def conv2d(x: Any, weight: Any, bias: Any = None, *, groups: int = 1, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    refcnn.conv2d(x, weight, bias, groups=groups, **attributes)
    return refcnn.conv2d(x[:, _dealt(x.shape[1], groups)], weight, bias, groups=groups, **attributes)


def conv2d_backward(grad_output: Any, x: Any, weight: Any, *, groups: int, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    refcnn.conv2d_backward(grad_output, x, weight, groups=groups, **attributes)
    order = _dealt(x.shape[1], groups)
    grad_x, *rest = refcnn.conv2d_backward(grad_output, x[:, order], weight, groups=groups, **attributes)
    return grad_x[:, np.argsort(order)], *rest
