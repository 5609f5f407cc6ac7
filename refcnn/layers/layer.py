"""What every layer is: a function of a batch, its parameters, and the gradients of the last batch."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

import refcnn
from refcnn._checks import FloatArray, rank, require

Arrays = dict[str, FloatArray]
Shape = tuple[int, ...]


class Layer:
    """A step of a network, as state over the pure functions of `refcnn`.

    `forward` remembers what `backward` needs; `backward` turns the gradient in the output into the one in the
    input, and leaves those in the parameters behind. Both look their operators up in `ops`: `refcnn`, unless
    `use` put another implementation of the contract there.

    Examples
    --------
    >>> from refcnn.layers import ReLU
    >>> layer = ReLU()
    >>> layer.forward(np.array([[-1.0, 2.0]])).tolist(), layer.backward(np.array([[5.0, 7.0]])).tolist()
    ([[0.0, 2.0]], [[0.0, 7.0]])
    """

    # Any, since a namespace may be a module, a file or an object, and may provide a part of the contract alone.
    ops: Any = refcnn

    def __init__(self) -> None:
        self._parameters: Arrays = {}
        self._gradients: Arrays = {}
        self._statistics: Arrays = {}
        self._input: FloatArray | None = None
        self._training = False

    @property
    def parameters(self) -> Arrays:
        """The arrays that are trained, by name."""
        return self._parameters

    @property
    def gradients(self) -> Arrays:
        """The gradients that the last `backward` found, by the names of their parameters."""
        return self._gradients

    @property
    def statistics(self) -> Arrays:
        """The arrays that are remembered but not trained, by name."""
        return self._statistics

    def forward(self, x: FloatArray, *, training: bool = False, rng: np.random.Generator | None = None) -> FloatArray:
        """Answer a batch; `rng` is what chance in training (dropout) draws from.

        The batch is remembered, not copied: it may not change before `backward`.
        """
        del rng
        self._input, self._training = x, training
        return np.asarray(self._forward(x))

    def backward(self, grad_output: FloatArray) -> FloatArray:
        """Return the gradient in the input of the last `forward`, and set those in the parameters."""
        if self._input is None:
            raise RuntimeError(f"{type(self).__name__}: backward must follow a forward, got none")
        return np.asarray(self._backward(grad_output, self._input))

    # Any: an implementation may answer whatever `numpy.asarray` accepts.
    def _forward(self, x: FloatArray) -> Any:
        raise NotImplementedError

    def _backward(self, grad_output: FloatArray, x: FloatArray) -> Any:
        raise NotImplementedError

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one answer from the shape of one input, both without the batch."""
        return input_shape

    def multiply_adds(self, input_shape: Shape) -> int:
        """Count the multiply-adds that `forward` takes for one input of this shape."""
        del input_shape
        return 0

    def use(self, ops: Any) -> Self:
        """Take the operators from another namespace; return the layer."""
        self.ops = ops
        return self

    def astype(self, dtype: DTypeLike) -> Self:
        """Turn parameters and statistics into another dtype; return the layer."""
        for arrays in (self._parameters, self._statistics):
            arrays.update({name: array.astype(dtype) for name, array in arrays.items()})
        return self

    def load(self, parameters: Arrays, statistics: Arrays | None = None) -> None:
        """Put arrays in the place of those of the same names, which may not be missing, too many or misshapen."""
        if statistics is None:
            statistics = self.statistics
        every = ("parameters", self.parameters, parameters), ("statistics", self.statistics, statistics)
        for kind, mine, given in every:
            rule = f"{kind} of the names {sorted(mine)}"
            require(mine.keys() == given.keys(), type(self).__name__, kind, rule, sorted(given))
            for name, array in given.items():
                wanted, got = mine[name].shape, np.shape(array)
                require(got == wanted, type(self).__name__, name, f"of shape {wanted}", f"shape {got}")
        for kind, _, given in every:  # only now, so that a refusal leaves the layer as it was
            self._put(kind, given)

    def _put(self, kind: str, arrays: Arrays) -> None:
        getattr(self, kind).update(arrays)

    def _image(self, input_shape: Shape) -> Shape:
        """Refuse a shape that is not (C, H, W)."""
        rank(type(self).__name__, "input_shape", input_shape, "(C, H, W)")
        return input_shape

    def _set_weight_and_bias(self, weight: FloatArray, biases: int) -> None:
        self._parameters["weight"] = weight
        if biases:
            self._parameters["bias"] = np.zeros(biases, np.float32)

    def _keep_weight_and_bias(self, grad_weight: FloatArray, grad_bias: FloatArray) -> None:
        self._gradients["weight"] = np.asarray(grad_weight)
        if "bias" in self._parameters:
            self._gradients["bias"] = np.asarray(grad_bias)

    def _weight(self) -> FloatArray:
        return self._parameters["weight"]

    def _bias(self) -> FloatArray | None:
        return self._parameters.get("bias")
