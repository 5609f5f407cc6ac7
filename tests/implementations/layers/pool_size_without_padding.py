"""The output of a pool is as large as without its padding."""

from typing import Any

import numpy as np
import right_layers
from right_layers import im2col


class Pooling(right_layers.Pooling):
    def forward(self, x: Any) -> Any:
        N, C, H, W = x.shape
        out_h = int(1 + (H - self.pool_h) / self.stride)
        out_w = int(1 + (W - self.pool_w) / self.stride)
        sides = (self.pad, self.pad)
        img = np.pad(x, [(0, 0), (0, 0), sides, sides], constant_values=-np.inf)
        col = im2col(img, self.pool_h, self.pool_w, self.stride).reshape(-1, self.pool_h * self.pool_w)
        self.input_shape, self.arg_max = x.shape, col.argmax(axis=1)
        return col.max(axis=1).reshape(N, out_h, out_w, C).transpose(0, 3, 1, 2)
