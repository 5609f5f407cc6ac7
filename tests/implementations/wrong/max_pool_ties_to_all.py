"""max_pool2d_backward gives the whole gradient of a window to every one of its equal maxima."""

from typing import Any

import numpy as np

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def _sides(padding: Any) -> Any:
    pair = padding if isinstance(padding, tuple | list) else (padding, padding)
    return [side if isinstance(side, tuple | list) else (side, side) for side in pair]


def _pair(value: Any) -> Any:
    return value if isinstance(value, tuple | list) else (value, value)


def max_pool2d_backward(grad_output: Any, x: Any, kernel_size: Any, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    refcnn.max_pool2d_backward(grad_output, x, kernel_size, **attributes)
    highest = refcnn.max_pool2d(x, kernel_size, **attributes)
    (top, bottom), (left, right) = _sides(attributes["padding"])
    stride = _pair(kernel_size if attributes["stride"] is None else attributes["stride"])
    dilation, (OH, OW), (H, W) = _pair(attributes["dilation"]), highest.shape[2:], x.shape[2:]
    # room for what a window of ceil_mode reaches beyond the padding
    room = [(0, 0), (0, 0), (top, bottom + stride[0]), (left, right + stride[1])]
    padded = np.pad(x, room, constant_values=-np.inf)
    grad_padded = np.zeros_like(padded)
    for kh, kw in np.ndindex(*_pair(kernel_size)):
        rows = kh * dilation[0] + np.arange(OH)[:, np.newaxis] * stride[0]
        columns = kw * dilation[1] + np.arange(OW) * stride[1]
        pixels = padded[:, :, rows, columns]
        wins = (pixels == highest) | (np.isnan(pixels) & np.isnan(highest))
        # within one place of the windows no pixel comes twice
        grad_padded[:, :, rows, columns] += np.where(wins, grad_output, 0)
    return grad_padded[:, :, top : top + H, left : left + W].copy()
