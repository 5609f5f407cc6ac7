"""Layers one after the other, themselves a layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from refcnn._checks import FloatArray, require
from refcnn.layers.layer import Arrays, Layer, Shape


class Sequential(Layer):
    """A chain of named layers: each answers what the one before it answered.

    The parameters of the layer `conv1` are called `conv1.weight` and `conv1.bias`.

    Parameters
    ----------
    layers : the layers by name, in their order

    Raises
    ------
    ValueError
        The same layer in two places.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.5.

    Examples
    --------
    >>> from refcnn.layers import Linear, ReLU
    >>> network = Sequential(affine=Linear(3, 2, rng=0), relu=ReLU())
    >>> network.forward(np.ones((5, 3), np.float32)).shape, sorted(network.parameters)
    ((5, 2), ['affine.bias', 'affine.weight'])
    """

    def __init__(self, **layers: Layer) -> None:
        super().__init__()
        self.layers = layers
        self._refuse_a_layer_twice()

    @property
    def parameters(self) -> Arrays:
        """The parameters of all layers, as `layer.parameter`."""
        return self._gathered("parameters")

    @property
    def gradients(self) -> Arrays:
        """The gradients of all layers, by the names of their parameters."""
        return self._gathered("gradients")

    @property
    def statistics(self) -> Arrays:
        """The statistics of all layers, as `layer.statistic`."""
        return self._gathered("statistics")

    def forward(self, x: FloatArray, *, training: bool = False, rng: np.random.Generator | None = None) -> FloatArray:
        """Answer a batch, layer by layer."""
        for layer in self.layers.values():
            x = layer.forward(x, training=training, rng=rng)
        return x

    def backward(self, grad_output: FloatArray) -> FloatArray:
        """Apply the chain rule, from the last layer to the first."""
        for layer in reversed(self.layers.values()):
            grad_output = layer.backward(grad_output)
        return grad_output

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the last layer's answer."""
        for layer in self.layers.values():
            input_shape = layer.output_shape(input_shape)
        return input_shape

    def multiply_adds(self, input_shape: Shape) -> int:
        """Count those of all layers."""
        total = 0
        for layer in self.layers.values():
            total += layer.multiply_adds(input_shape)
            input_shape = layer.output_shape(input_shape)
        return total

    def use(self, ops: Any) -> Self:
        """Give all layers another namespace of operators."""
        for layer in self.layers.values():
            layer.use(ops)
        return super().use(ops)

    def astype(self, dtype: DTypeLike) -> Self:
        """Turn the arrays of all layers into another dtype."""
        for layer in self.layers.values():
            layer.astype(dtype)
        return self

    def _refuse_a_layer_twice(self) -> None:
        """Refuse to have one layer in two places: it remembers one input, and would answer for the second alone."""
        names: dict[int, str] = {}
        for name, layer in self._leaves():
            first = names.setdefault(id(layer), name)
            require(
                first == name, type(self).__name__, "layers", "a layer of its own in each place", f"{first} as {name}"
            )

    def _leaves(self) -> Iterator[tuple[str, Layer]]:
        """Go through the layers that are no chains themselves, however deep they lie."""
        for name, layer in self.layers.items():
            if isinstance(layer, Sequential):
                yield from ((f"{name}.{inner}", leaf) for inner, leaf in layer._leaves())
            else:
                yield name, layer

    def _gathered(self, kind: str) -> Arrays:
        return {
            f"{name}.{key}": array for name, layer in self.layers.items() for key, array in getattr(layer, kind).items()
        }

    def _put(self, kind: str, arrays: Arrays) -> None:
        for name, layer in self.layers.items():
            layer._put(kind, {key: arrays[f"{name}.{key}"] for key in getattr(layer, kind)})
