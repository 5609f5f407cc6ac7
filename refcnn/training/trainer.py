"""Training: batches, epochs, and what is remembered of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refcnn._checks import FloatArray, integer, require
from refcnn.layers.layer import Arrays, Layer
from refcnn.layers.loss import SoftmaxCrossEntropy
from refcnn.training.optimiser import Optimiser

Labels = NDArray[np.integer[Any]]
Augment = Callable[[FloatArray, np.random.Generator], FloatArray]


class Epoch(NamedTuple):
    """What one epoch came to: the mean loss of its batches, and the parts classified rightly after it."""

    epoch: int
    lr: float
    loss: float
    train_accuracy: float
    test_accuracy: float


class Batch(NamedTuple):
    """How far an epoch is: the images seen, and the loss of the last batch."""

    epoch: int
    seen: int
    loss: float


class State(NamedTuple):
    """All that the rest of a run depends on."""

    parameters: Arrays
    statistics: Arrays
    optimiser: Arrays
    step: int
    generator: dict[str, Any]
    history: tuple[Epoch, ...]


class DivergedError(RuntimeError):
    """The loss, or a parameter, is no finite number; the network is as it was after the last good epoch."""


class Trainer:
    """Train a network on labelled images.

    Every epoch goes through all images once, in an order of its own; its last batch is as short as it must be. All
    that chance decides (order, augmentation, dropout) is drawn from one generator, so a run is repeated bit by bit
    by the same generator, and continued by its state.

    Parameters
    ----------
    network : the layers, from images to logits
    optimiser : what moves its parameters
    x_train, y_train, x_test, y_test : images (N, C, H, W) and labels (N,), to train on and to test with
    rng : the generator of the run, or its seed
    batch_size : int, images a step
    augment : a function of a batch of images and a generator, that varies the images; None for none
    evaluate_on : int, the accuracies are those on the first so many images; None for all

    Raises
    ------
    TypeError, ValueError
        A number out of range, as many labels as images not given, nothing to train on.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, sections 8.1.3 and 7.8.

    Examples
    --------
    >>> from refcnn.layers import Linear
    >>> x, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    >>> network = Linear(1, 2, init=0.1, rng=0).astype(np.float64)
    >>> trainer = Trainer(network, Optimiser("sgd", lr=5.0), x, y, x, y, rng=0)
    >>> [epoch.test_accuracy for epoch in trainer.epochs(3)]
    [0.5, 1.0, 1.0]
    """

    def __init__(
        self,
        network: Layer,
        optimiser: Optimiser,
        x_train: FloatArray,
        y_train: Labels,
        x_test: FloatArray,
        y_test: Labels,
        *,
        rng: np.random.Generator | int,
        batch_size: int = 100,
        augment: Augment | None = None,
        evaluate_on: int | None = None,
    ) -> None:
        self.network, self.optimiser, self.augment = network, optimiser, augment
        for name, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
            require(len(x) > 0, "Trainer", f"x_{name}", "of at least one image", f"{len(x)}")
            got = f"shape {np.shape(y)} of {np.asarray(y).dtype}"
            are_labels = np.shape(y) == (len(x),) and np.issubdtype(np.asarray(y).dtype, np.integer)
            require(are_labels, "Trainer", f"y_{name}", f"{len(x)} ints, one an image", got)
        self.x_train, self.y_train, self.x_test, self.y_test = x_train, y_train, x_test, y_test
        self.batch_size = integer("Trainer", "batch_size", batch_size, 1)
        self.evaluate_on = None if evaluate_on is None else integer("Trainer", "evaluate_on", evaluate_on, 1)
        require(rng is not None, "Trainer", "rng", "a generator or a seed", rng, TypeError)
        self.rng = np.random.default_rng(rng)
        self.loss = SoftmaxCrossEntropy(optimiser.ops)
        self.history: tuple[Epoch, ...] = ()

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches, the short one included."""
        return math.ceil(len(self.x_train) / self.batch_size)

    def epochs(
        self, count: int, *, target: float | None = None, on_batch: Callable[[Batch], None] | None = None
    ) -> Iterator[Epoch]:
        """Train until `count` epochs are in the history, and yield each as it ends.

        Stop earlier when the test accuracy reaches the target. `on_batch` hears of every batch. Whatever ends an
        epoch before its time, the network, the optimiser and the generator are put back to where it began.

        Raises
        ------
        DivergedError
            A loss that is not finite, or a parameter that is not after the epoch.
        """
        while len(self.history) < count and not self._reached(target):
            before = self.state()
            try:
                epoch = self._epoch(len(self.history) + 1, on_batch)
            except BaseException:
                self.restore(before)
                raise
            self.history += (epoch,)
            yield epoch

    def accuracy(self, x: FloatArray, y: Labels) -> float:
        """Return the part of the images that the network classifies rightly."""
        return float((self.probabilities(x).argmax(axis=1) == y).mean())

    def probabilities(self, x: FloatArray) -> FloatArray:
        """Return what the network takes for the probability of each class, (N, K), batch by batch."""
        logits = [self.network.forward(x[part]) for part in self._batches(len(x))]
        return np.asarray(self.optimiser.ops.softmax(np.concatenate(logits)))

    def state(self) -> State:
        """Return all that the rest of the run depends on, between two epochs."""
        # Copies: operators of another implementation may write where they should not.
        parameters, statistics, optimiser = (
            {name: np.array(array) for name, array in arrays.items()}
            for arrays in (self.network.parameters, self.network.statistics, self.optimiser.state)
        )
        generator = dict(self.rng.bit_generator.state)
        return State(parameters, statistics, optimiser, self.optimiser.step, generator, self.history)

    def restore(self, state: State) -> None:
        """Go on from a state of a run of the same network, data and settings.

        Raises
        ------
        TypeError, ValueError
            A state of something else; the trainer may then be in neither state.
        """
        steps = len(state.history) * self.steps_per_epoch
        rule = f"{steps}, {len(state.history)} epochs of {self.steps_per_epoch} batches"
        require(state.step == steps, "Trainer", "step", rule, state.step)
        self.network.load(state.parameters, state.statistics)
        self.optimiser.load(state.step, state.optimiser, self.network)
        self._restore_generator(state.generator)
        self.history = state.history

    def _restore_generator(self, state: dict[str, Any]) -> None:
        """Put the generator where another was; NumPy takes some states that are none, and reads them otherwise."""
        bits = self.rng.bit_generator
        try:
            bits.state = state
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            reason = f"{state} ({type(error).__name__}: {error})"
            raise ValueError(f"Trainer: generator must be a state of {type(bits).__name__}, got {reason}") from error
        require(_equal(bits.state, state), "Trainer", "generator", f"a state of {type(bits).__name__}", state)

    def _epoch(self, number: int, on_batch: Callable[[Batch], None] | None) -> Epoch:
        order = self.rng.permutation(len(self.x_train))
        total, lr = 0.0, self.optimiser.lr(self.optimiser.step)
        for part in self._batches(len(order)):
            chosen = order[part]
            loss = self._step(self.x_train[chosen], self.y_train[chosen])
            if not math.isfinite(loss):
                where = f"epoch {number}, batch {part.start // self.batch_size + 1} of {self.steps_per_epoch}"
                raise DivergedError(f"Trainer: loss must be finite, got {loss} in {where}; lr was {lr:g}")
            total += loss * len(chosen)
            if on_batch is not None:
                on_batch(Batch(number, part.stop, loss))
        self._require_finite(number)
        few = slice(self.evaluate_on)
        train_accuracy = self.accuracy(self.x_train[few], self.y_train[few])
        return Epoch(number, lr, total / len(order), train_accuracy, self.accuracy(self.x_test[few], self.y_test[few]))

    def _require_finite(self, number: int) -> None:
        """Refuse what the last step may have done: no loss follows it in the epoch that would tell."""
        for name, array in (self.network.parameters | self.network.statistics).items():
            if not np.isfinite(array).all():
                raise DivergedError(f"Trainer: {name} must be finite, got inf or nan after epoch {number}")

    def _step(self, x: FloatArray, y: Labels) -> float:
        """Forward, backward, update; return the loss."""
        if self.augment is not None:
            x = self.augment(x, self.rng)
        loss = self.loss.forward(self.network.forward(x, training=True, rng=self.rng), y)
        if math.isfinite(loss):
            self.network.backward(self.loss.backward())
            self.optimiser.update(self.network)
        return loss

    def _batches(self, count: int) -> Iterator[slice]:
        for first in range(0, count, self.batch_size):
            yield slice(first, min(first + self.batch_size, count))

    def _reached(self, target: float | None) -> bool:
        return target is not None and bool(self.history) and self.history[-1].test_accuracy >= target


def _equal(one: Any, other: Any) -> bool:
    """Compare the states of two generators, in which dictionaries hold numbers, arrays, or dictionaries of them."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return bool(np.array_equal(one, other))
