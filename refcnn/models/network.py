"""A chain of layers for inputs of one known shape, checked as it is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from refcnn._checks import FloatArray, integer, require
from refcnn.layers.layer import Layer, Shape
from refcnn.layers.sequential import Sequential

Step: TypeAlias = Layer | Callable[[Shape], Layer]


class SummaryRow(NamedTuple):
    """What one layer of a network answers and costs, for one input."""

    name: str
    kind: str
    output_shape: Shape
    parameters: int
    multiply_adds: int


class Network(Sequential):
    """Layers one after the other, for inputs of a known shape.

    A layer may be given as a function of the shape that reaches it, since the size of an affine layer, say,
    follows from all that lies before it. The shape is followed through the chain at once: a network that could
    not answer is not built.

    Parameters
    ----------
    input_shape : (C, H, W), the shape of one input
    layers : by name and in their order, layers or functions from the shape of their input to the layer

    Raises
    ------
    TypeError, ValueError
        An `input_shape` that is not three ints of at least 1; whatever a layer refuses, with the name of the
        network and of the layer in front.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.5; the sizes: Dumoulin and Visin (2016), A
    guide to convolution arithmetic for deep learning, chapters 2 and 3.

    Examples
    --------
    >>> from refcnn.layers import Flatten, Linear, MaxPool2d
    >>> network = Network((1, 5, 4), pool=MaxPool2d(2), flatten=Flatten(), affine=lambda s: Linear(s[0], 3, rng=0))
    >>> [row.output_shape for row in network.summary()], network.parameter_count
    ([(1, 2, 2), (4,), (3,)], 15)
    >>> Network((1, 5, 4), pool=MaxPool2d(6))
    Traceback (most recent call last):
    ...
    ValueError: Network: pool: MaxPool2d: kernel_size must be a kernel that fits the padded image of 5 pixels, \
got 6 pixels (image 5)
    """

    def __init__(self, input_shape: Shape, /, **layers: Step) -> None:
        super().__init__()
        self.input_shape = self._image_shape(input_shape)
        reached = self.input_shape
        for name, step in layers.items():
            try:
                layer = step if isinstance(step, Layer) else step(reached)
                reached = layer.output_shape(reached)
            except (TypeError, ValueError) as error:
                kind = TypeError if isinstance(error, TypeError) else ValueError
                raise kind(f"{type(self).__name__}: {name}: {error}") from error
            self.layers[name] = layer
        self._refuse_a_layer_twice()

    def forward(self, x: FloatArray, *, training: bool = False, rng: np.random.Generator | None = None) -> FloatArray:
        """Answer a batch of inputs of the network's shape."""
        wanted = f"of shape (N, {', '.join(map(str, self.input_shape))})"
        require(np.shape(x)[1:] == self.input_shape, type(self).__name__, "x", wanted, f"shape {np.shape(x)}")
        return super().forward(x, training=training, rng=rng)

    def summary(self) -> list[SummaryRow]:
        """Say of each layer what it answers, holds and takes, for one input."""
        rows, reached = [], self.input_shape
        for name, layer in self.layers.items():
            answered = layer.output_shape(reached)
            parameters = sum(array.size for array in layer.parameters.values())
            rows.append(SummaryRow(name, type(layer).__name__, answered, parameters, layer.multiply_adds(reached)))
            reached = answered
        return rows

    @property
    def parameter_count(self) -> int:
        """The numbers that are trained."""
        return sum(row.parameters for row in self.summary())

    @property
    def multiply_add_count(self) -> int:
        """The multiply-adds that `forward` takes for one input."""
        return sum(row.multiply_adds for row in self.summary())

    def _image_shape(self, value: Shape) -> Shape:
        name = type(self).__name__
        is_sequence = isinstance(value, tuple | list)
        require(is_sequence, name, "input_shape", "a tuple (C, H, W)", repr(value), TypeError)
        require(len(value) == 3, name, "input_shape", "(C, H, W)", value)
        return tuple(integer(name, "input_shape", size, 1) for size in value)
