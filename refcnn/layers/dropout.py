"""The layer that drops cells by chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from refcnn._checks import FloatArray, fraction, require
from refcnn.layers.layer import Layer


class Dropout(Layer):
    """Drop every cell with probability p while training, and scale up the others: `refcnn.dropout`.

    Each `forward` in training draws the seed of its mask from the generator that it is given, so that one
    generator, and its state alone, decides a whole run.

    Parameters
    ----------
    p : float in [0, 1)

    Examples
    --------
    >>> layer, x = Dropout(0.5), np.ones((1, 6))
    >>> layer.forward(x, training=True, rng=np.random.default_rng(0)).tolist()
    [[0.0, 2.0, 2.0, 0.0, 2.0, 2.0]]
    >>> layer.forward(x).tolist()
    [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = fraction("Dropout", "p", p)
        self._seed = 0

    def forward(self, x: FloatArray, *, training: bool = False, rng: np.random.Generator | None = None) -> FloatArray:
        """Answer a batch; while training, with a mask of its own."""
        require(rng is not None or not training, "Dropout", "rng", "a generator while training", rng)
        if training and rng is not None:
            self._seed = int(rng.integers(2**31))
        return super().forward(x, training=training, rng=rng)

    def _forward(self, x: FloatArray) -> Any:
        return self.ops.dropout(x, p=self.p, training=self._training, seed=self._seed)

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        return self.ops.dropout_backward(grad_output, x, p=self.p, training=self._training, seed=self._seed)
