"""Layers that act on each cell alone."""

from __future__ import annotations

from typing import Any

from refcnn._checks import FloatArray
from refcnn.layers.layer import Layer


class ReLU(Layer):
    """Cut off what is negative: `refcnn.relu`.

    Examples
    --------
    >>> import numpy as np
    >>> ReLU().forward(np.array([[-1.0, 0.0, 1.0]])).round(2).tolist()
    [[0.0, 0.0, 1.0]]
    """

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.relu(x)

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return self.ops.relu_backward(grad_output, x)


class Sigmoid(Layer):
    """Squash into (0, 1): `refcnn.sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> Sigmoid().forward(np.array([[-1.0, 0.0, 1.0]])).round(2).tolist()
    [[0.27, 0.5, 0.73]]
    """

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.sigmoid(x)

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return self.ops.sigmoid_backward(grad_output, x)


class Tanh(Layer):
    """Squash into (−1, 1): `refcnn.tanh`.

    Examples
    --------
    >>> import numpy as np
    >>> Tanh().forward(np.array([[-1.0, 0.0, 1.0]])).round(2).tolist()
    [[-0.76, 0.0, 0.76]]
    """

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.tanh(x)

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return self.ops.tanh_backward(grad_output, x)
