"""The last step of a classifier: softmax and cross-entropy in one."""

from __future__ import annotations

from typing import Any

import numpy as np

import refcnn
from refcnn._checks import FloatArray
from refcnn.loss import Target


class SoftmaxCrossEntropy:
    """The batch mean of the cross-entropy between labels and the softmax of logits: `refcnn.cross_entropy`.

    Not a layer of a `Sequential`, since it takes labels too, and answers a number.

    Examples
    --------
    >>> loss = SoftmaxCrossEntropy()
    >>> print(loss.forward(np.array([[0.0, 1000.0]]), np.array([0])))
    1000.0
    >>> loss.backward().tolist()
    [[-1.0, 1.0]]
    """

    def __init__(self, ops: Any = refcnn) -> None:
        self.ops = ops
        self._batch: tuple[FloatArray, Target] | None = None

    def forward(self, logits: FloatArray, target: Target) -> float:
        """Return the loss of a batch."""
        self._batch = logits, target
        return float(self.ops.cross_entropy(logits, target))

    def backward(self) -> FloatArray:
        """Return the gradient in the logits of the last `forward`."""
        if self._batch is None:
            raise RuntimeError("SoftmaxCrossEntropy: backward must follow a forward, got none")
        return np.asarray(self.ops.cross_entropy_backward(*self._batch))
