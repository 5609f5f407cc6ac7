"""Dropout leaves kept cells as they are in training, and makes up for that at inference."""

from typing import Any

import numpy as np
import right_layers


class Dropout(right_layers.Dropout):
    def forward(self, x: Any, train_flg: bool = True) -> Any:
        if not train_flg:
            return x * (1.0 - self.dropout_ratio)
        self.mask = np.random.rand(*x.shape) > self.dropout_ratio  # noqa: NPY002 - what textbooks draw from
        return x * self.mask

    def backward(self, dout: Any) -> Any:
        return dout * self.mask
