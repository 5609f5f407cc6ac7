"""Layers that normalise."""

from __future__ import annotations

from typing import Any

import numpy as np

from refcnn._checks import FloatArray, integer, real, require
from refcnn.layers.layer import Layer, Shape


class BatchNorm(Layer):
    """Give every channel mean 0 and variance 1, then scale and shift it: `refcnn.batch_norm`.

    For features (N, C) and images (N, C, H, W). While training, the statistics are those of the batch, and the
    remembered ones follow them; otherwise the remembered ones are used.

    Parameters
    ----------
    channels : int
    momentum : float, the weight of a new batch in the remembered statistics
    eps : float

    Examples
    --------
    >>> layer = BatchNorm(1, momentum=0.5)
    >>> layer.forward(np.array([[1.0], [3.0]]), training=True).round(3).tolist()
    [[-1.0], [1.0]]
    >>> {name: array.tolist() for name, array in layer.statistics.items()}
    {'running_mean': [1.0], 'running_var': [1.5]}
    """

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        channels = integer("BatchNorm", "channels", channels, 1)
        self.momentum, self.eps = real("BatchNorm", "momentum", momentum), real("BatchNorm", "eps", eps)
        self._parameters = {"gamma": np.ones(channels, np.float32), "beta": np.zeros(channels, np.float32)}
        self._statistics = {
            "running_mean": np.zeros(channels, np.float32),
            "running_var": np.ones(channels, np.float32),
        }
        self._used = self._statistics

    def _forward(self, x: FloatArray) -> Any:
        how = {"training": self._training, "momentum": self.momentum, "eps": self.eps}
        self._used = dict(self._statistics)
        y, mean, var = self.ops.batch_norm(x, *self._parameters.values(), *self._statistics.values(), **how)
        if self._training:
            dtype = self._statistics["running_mean"].dtype  # a batch of float64 does not change what is remembered
            self._statistics.update(running_mean=np.asarray(mean, dtype), running_var=np.asarray(var, dtype))
        return y

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        arrays = x, self._parameters["gamma"], self._used["running_mean"], self._used["running_var"]
        gradients = self.ops.batch_norm_backward(grad_output, *arrays, training=self._training, eps=self.eps)
        grad_x, grad_gamma, grad_beta = gradients
        self._gradients.update(gamma=np.asarray(grad_gamma), beta=np.asarray(grad_beta))
        return grad_x

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input."""
        C = len(self._parameters["gamma"])
        require(input_shape[0] == C, "BatchNorm", "input_shape", f"of {C} channels", input_shape)
        return input_shape


class LocalResponseNorm(Layer):
    """Divide each cell by the activity of its neighbouring channels: `refcnn.local_response_norm`.

    Parameters
    ----------
    size : int, the number of channels that the sum runs over
    alpha, beta, k : float

    Examples
    --------
    >>> LocalResponseNorm(5).forward(np.ones((2, 8, 3, 3))).shape
    (2, 8, 3, 3)
    """

    def __init__(self, size: int, *, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        size = integer("LocalResponseNorm", "size", size, 1)
        self.attributes = {"size": size, "alpha": alpha, "beta": beta, "k": k}

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.local_response_norm(x, **self.attributes)

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return self.ops.local_response_norm_backward(grad_output, x, **self.attributes)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, H, W)."""
        return self._image(input_shape)
