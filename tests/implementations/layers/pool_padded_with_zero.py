"""A pool pads with 0, which wins over negative pixels."""

from typing import Any

import right_layers
from right_layers import im2col


class Pooling(right_layers.Pooling):
    def forward(self, x: Any) -> Any:
        N, C, H, W = x.shape
        out_h = (H + 2 * self.pad - self.pool_h) // self.stride + 1
        out_w = (W + 2 * self.pad - self.pool_w) // self.stride + 1
        col = im2col(x, self.pool_h, self.pool_w, self.stride, self.pad)
        col = col.reshape(N * out_h * out_w * C, self.pool_h * self.pool_w)
        self.input_shape, self.arg_max = x.shape, col.argmax(axis=1)
        return col.max(axis=1).reshape(N, out_h, out_w, C).transpose(0, 3, 1, 2)
