"""Images are taken for rows of C·H·W features, each with statistics of its own."""

from typing import Any

import right_layers


class BatchNormalization(right_layers.BatchNormalization):
    def forward(self, x: Any, train_flg: bool = True) -> Any:
        return super().forward(x.reshape(len(x), -1), train_flg).reshape(x.shape)

    def backward(self, dout: Any) -> Any:
        return super().backward(dout.reshape(len(dout), -1)).reshape(dout.shape)
