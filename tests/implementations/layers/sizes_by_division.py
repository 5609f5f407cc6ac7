"""The sizes of outputs are worked out by /, which gives floats."""

from typing import Any

import numpy as np
import right_layers
from right_layers import im2col as right_im2col


def im2col(input_data: Any, filter_h: int, filter_w: int, stride: int = 1, pad: int = 0) -> Any:
    N, C, H, W = input_data.shape
    out_h = (H + 2 * pad - filter_h) / stride + 1
    out_w = (W + 2 * pad - filter_w) / stride + 1
    col = np.zeros((N * out_h * out_w, C * filter_h * filter_w))
    col[:] = right_im2col(input_data, filter_h, filter_w, stride, pad)
    return col


class Convolution(right_layers.Convolution):
    def forward(self, x: Any) -> Any:
        FN, _, FH, _ = self.W.shape
        out_h = (x.shape[2] + 2 * self.pad - FH) / self.stride + 1
        out = np.zeros((len(x), FN, out_h, 1))
        out[...] = super().forward(x)
        return out
