"""Comparing the gradients of a layer, or of a network with its loss, with numerical ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Self, TypeAlias

import numpy as np

from refcnn._checks import FloatArray, integer, real, require, shape
from refcnn.gradcheck.numerical import STEP, Float64Array, float64, numerical_gradient
from refcnn.gradcheck.verdict import ArrayVerdict, Verdict, compare

Arrays: TypeAlias = dict[str, FloatArray]
Function: TypeAlias = Callable[[Float64Array], float]

TOLERANCE = 1e-7
EPSILON = 2.0**-53  # the relative error of one rounding
NOISE = 128  # so many times the rounding of an answer over a step: its inner sums round too, and steps get smaller


class Checkable(Protocol):
    """What a layer must have to be checked: what `refcnn.layers.Layer` has."""

    @property
    def parameters(self) -> Arrays:
        """The arrays that are trained, by name."""

    @property
    def gradients(self) -> Arrays:
        """The gradients that the last `backward` found, by the names of their parameters."""

    @property
    def statistics(self) -> Arrays:
        """The arrays that are remembered but not trained, by name."""

    def forward(self, x: FloatArray, *, training: bool = False, rng: np.random.Generator | None = None) -> FloatArray:
        """Answer a batch."""

    def backward(self, grad_output: FloatArray) -> FloatArray:
        """Return the gradient in the input of the last `forward`, and set those in the parameters."""

    def load(self, parameters: Arrays, statistics: Arrays | None = None) -> None:
        """Put arrays in the place of those of the same names."""


class Loss(Protocol):
    """What a loss must have: what `refcnn.layers.SoftmaxCrossEntropy` has."""

    # Any: labels, weights or images, whatever the loss compares the answer with.
    def forward(self, logits: FloatArray, target: Any) -> float:
        """Return the loss of a batch."""

    def backward(self) -> FloatArray:
        """Return the gradient in the logits of the last `forward`."""


def check(
    layer: Checkable,
    x: FloatArray,
    *,
    training: bool = False,
    seed: int = 0,
    grad_output: FloatArray | None = None,
    cells: int | None = None,
    tolerance: float = TOLERANCE,
) -> Verdict:
    """Compare the gradients of a layer, in its input and its parameters, with differences of its answers.

    The function is Σ grad_output · layer.forward(x). Each evaluation gets the same arrays but for one cell, the
    statistics as they were found, and a generator of the same seed. The layer keeps its parameters and its
    statistics; its gradients are those of the check.

    Parameters
    ----------
    layer : a layer or a network, with parameters of float64
    x : the batch to check it on, float64
    training : bool
    seed : int, of the layer's chance, of `grad_output` and of the choice of cells
    grad_output : the shape of the answer, float64, or None for normal random numbers: ones would hide
        transposed axes, and all that a layer does to a constant
    cells : how many cells of each array to check, chosen at random, or None for all
    tolerance : float above 0, the relative error that is allowed, see `refcnn.gradcheck.verdict.compare`

    Returns
    -------
    Verdict, true if all gradients are right; `str` of it names the array, the place and the amount

    Raises
    ------
    TypeError
        An input, a parameter, an answer or a `grad_output` that is not float64.
    ValueError
        A `grad_output` of another shape than the answer, a layer that answers twice differently, `cells` below 1,
        a `tolerance` that is not above 0.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 11.5, compare back-propagated derivatives to
    numerical derivatives.

    Examples
    --------
    >>> from refcnn.layers import Linear
    >>> layer = Linear(3, 2, rng=0).astype(np.float64)
    >>> check(layer, np.array([[1.0, 2.0, 3.0], [3.0, 0.0, -1.0]])).ok
    True
    """
    with _Subject(layer, x, training, seed) as subject:
        y = subject.answer(subject.x)
        if grad_output is None:
            grad_output = np.random.default_rng([seed, 1]).standard_normal(y.shape)
        g = float64("check", "grad_output", grad_output)
        shape("check", "grad_output", g, y.shape, x=subject.x)

        def value(answer: Float64Array) -> float:
            with np.errstate(all="ignore"):  # an answer of inf makes the check inconclusive, and needs no warning
                # From where the answer stands: what a cell does not reach adds 0, not the rounding of two sums.
                return float((g * (answer - y)).sum())

        with np.errstate(all="ignore"):
            rounding = EPSILON * float(np.linalg.norm(g * y))  # independent errors add up as squares
        return subject.verdict(value, g, rounding, cells, tolerance)


def check_loss(
    network: Checkable,
    loss: Loss,
    x: FloatArray,
    target: Any,
    *,
    training: bool = False,
    seed: int = 0,
    cells: int | None = None,
    tolerance: float = TOLERANCE,
) -> Verdict:
    """Compare the gradients of the loss of a network with differences of that loss.

    Parameters
    ----------
    network, x, training, seed, cells, tolerance : as in `check`
    loss : the loss, whose `backward` begins the chain rule
    target : what the loss compares the answer with, such as labels (N,)

    Returns
    -------
    Verdict, as of `check`

    Raises
    ------
    TypeError, ValueError
        As `check`.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 11.5.

    Examples
    --------
    >>> from refcnn.layers import Linear, SoftmaxCrossEntropy
    >>> layer = Linear(3, 2, rng=0).astype(np.float64)
    >>> check_loss(layer, SoftmaxCrossEntropy(), np.array([[1.0, 2.0, 3.0], [3.0, 0.0, -1.0]]), np.array([0, 1])).ok
    True
    """

    def value(answer: Float64Array) -> float:
        return float(loss.forward(answer, target))

    with _Subject(network, x, training, seed) as subject:
        rounding = EPSILON * abs(value(subject.answer(subject.x)))
        return subject.verdict(value, loss.backward(), rounding, cells, tolerance)


class _Subject:
    """A layer with its input and its arrays as they were found: asked the same, it answers the same."""

    def __init__(self, layer: Checkable, x: FloatArray, training: bool, seed: int) -> None:
        self.layer, self.training, self.seed = layer, training, seed
        self.x = float64("check", "x", x)
        self.parameters = {name: float64("check", name, array).copy() for name, array in layer.parameters.items()}
        self.found = dict(layer.parameters), dict(layer.statistics)
        self.statistics = _copies(layer.statistics)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        # Twice: a `load` that writes into its arrays gets their values back, one that replaces them the arrays.
        self.layer.load({**self.parameters}, self.statistics)
        self.layer.load(*self.found)

    def answer(self, x: FloatArray, changed: Arrays | None = None) -> Float64Array:
        """Answer a batch, with other parameters in the place of some."""
        self.layer.load({**self.parameters, **(changed or {})}, _copies(self.statistics))
        y = self.layer.forward(x.copy(), training=self.training, rng=np.random.default_rng(self.seed))
        return float64("check", "the answer", y)

    def verdict(
        self, value: Function, grad_output: FloatArray, rounding: float, cells: int | None, tolerance: float
    ) -> Verdict:
        """Ask `backward` for the gradients, and compare each with the numerical one."""
        require(real("check", "tolerance", tolerance) > 0, "check", "tolerance", "above 0", tolerance)
        same = np.array_equal(self.answer(self.x), self.answer(self.x), equal_nan=True)
        require(same, "check", "layer", "one that answers the same for the same x and rng", "two answers")
        grad_x = np.asarray(self.layer.backward(grad_output.copy()))
        gradients: dict[str, FloatArray | None] = {**_copies(self.layer.gradients)}

        def judged(name: str, array: Float64Array, gradient: FloatArray | None, f: Function) -> ArrayVerdict:
            name = f"{type(self.layer).__name__}.{name}"
            if gradient is None or gradient.shape != array.shape:
                got = None if gradient is None else f"shape {gradient.shape}"
                return ArrayVerdict(name, fault=f"gradient must be of shape {array.shape}, got {got}")
            chosen = _chosen(array.size, cells, self.seed)
            numerical = numerical_gradient(f, array, cells=chosen, rounding=rounding)
            resolution = NOISE * rounding / STEP
            return compare(name, gradient, numerical, chosen, tolerance=tolerance, resolution=resolution)

        arrays = [judged("x", self.x, grad_x, lambda x: value(self.answer(x)))]
        for name, array in self.parameters.items():
            arrays.append(judged(name, array, gradients.pop(name, None), self._of_parameter(value, name)))
        for name in gradients:
            fault = "gradient must be of a parameter, got none of this name"
            arrays.append(ArrayVerdict(f"{type(self.layer).__name__}.{name}", fault=fault))
        return Verdict(tuple(arrays))

    def _of_parameter(self, value: Function, name: str) -> Function:
        return lambda array: value(self.answer(self.x, {name: array}))


def _copies(arrays: Arrays) -> Arrays:
    return {name: np.array(array) for name, array in arrays.items()}


def _chosen(size: int, cells: int | None, seed: int) -> list[int]:
    """Return flat indices in ascending order: all, or as many as wanted."""
    if cells is None:
        return list(range(size))
    shuffled: list[int] = np.random.default_rng([seed, 2]).permutation(size).tolist()
    return sorted(shuffled[: integer("check", "cells", cells, 1)])
