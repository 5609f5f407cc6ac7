"""The end-to-end check: networks trained on an implementation's operators.

A network forgives: with a gradient that is a little wrong it still learns, only worse, and by how much worse drowns
in what the choice of the seed does. So two runs are made. The first steps of a small network are compared with the
same steps on the reference, where nothing is left to chance and rounding is all that may differ; and a whole training
on digits must reach what the reference reaches over many seeds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

import refcnn
from conformance.implementation import Implementation
from conformance.operators import Operators
from refcnn._checks import FloatArray
from refcnn.layers import SoftmaxCrossEntropy
from refcnn.layers.layer import Arrays
from refcnn.mnist import MNIST, load
from refcnn.models import SimpleConvNet
from refcnn.training.optimiser import Optimiser
from refcnn.training.run import Configuration, prepare

STEPS = 5
# The eps of Adam is large here: where a gradient is nothing but rounding, a small one would make it a whole step.
OPTIMISERS: dict[str, dict[str, float]] = {
    "sgd": {"lr": 0.2},
    "momentum": {"lr": 0.1, "momentum": 0.9},
    "adam": {"lr": 0.01, "eps": 1e-3},
}
# What rounding may do in five steps, as a part of how far the parameters went. `scripts/accuracy.py departures` prints
# what it does to right implementations, and that is at most a fiftieth of this.
ALLOWED = {"float64": 1e-11, "float32": 1e-3}
_TRAINED_ON = 4000  # digits
# Of the seeds that were measured, one of the middle: with it a right implementation is far from either end.
_SEED = 3


class NothingToTrainOnError(Exception):
    """The implementation provides nothing that the training calls; a pass would say nothing about it."""


class Departure(NamedTuple):
    """Where a training left that of the reference: how far, as a part of the way gone, and how far is allowed."""

    step: int
    parameter: str
    worst: float
    allowed: float

    def __str__(self) -> str:
        """Say it in a sentence."""
        return (
            f"after step {self.step}, {self.parameter} is off by {self.worst:.4g} of the way that it went; "
            f"{self.allowed:g} is allowed"
        )


def departure(implementation: Implementation, optimiser: str, only: Iterable[str] | None = None) -> Departure | None:
    """Train a small network for a few steps, on the implementation and on the reference; return where they part.

    In float64, and in float32 too if the implementation does not support all of it in float64. Of the parameters that
    part in the same step, the one that is off most is named.

    Raises
    ------
    NothingToTrainOnError
        None of the functions that the network and the optimiser call is the implementation's.
    CallError
        A function raised, or returned what is no result of it.
    """
    operators = Operators(implementation, only)
    parted = _parted(operators, optimiser, "float64")
    if parted is None and operators.unsupported:
        narrow = Operators(implementation, only)
        parted = _parted(narrow, optimiser, "float32")
        operators.used |= narrow.used
    _refuse_what_was_not_used(operators)
    return parted


def _parted(operators: Operators, optimiser: str, dtype: str) -> Departure | None:
    mine, theirs = steps(operators, optimiser, dtype), steps(refcnn, optimiser, dtype)
    for step in range(1, STEPS + 1):
        off = {name: part_of_the_way(mine[step][name], want, theirs[0][name]) for name, want in theirs[step].items()}
        name = max(off, key=off.__getitem__)
        if not off[name] <= ALLOWED[dtype]:
            return Departure(step, name, off[name], ALLOWED[dtype])
    return None


def steps(ops: Any, optimiser: str, dtype: str) -> list[Arrays]:
    """Return the parameters before the first step and after each."""
    rng = np.random.default_rng(0)
    # Height, width, images, filters and classes all differ, so that none can be taken for another.
    network = SimpleConvNet((2, 11, 9), filters=4, kernel_size=(3, 2), hidden=8, classes=3, rng=rng)
    network.astype(dtype).use(ops)
    x, y = rng.standard_normal((6, 2, 11, 9)).astype(dtype), np.arange(6) % 3
    loss, mover = SoftmaxCrossEntropy(ops), Optimiser(optimiser, ops=ops, **OPTIMISERS[optimiser])
    parameters = [network.parameters]
    for _ in range(STEPS):
        loss.forward(network.forward(x, training=True), y)
        network.backward(loss.backward())
        mover.update(network)
        parameters.append(network.parameters)
    return parameters


def part_of_the_way(mine: FloatArray, want: FloatArray, start: FloatArray) -> float:
    """Return the largest difference as a part of the longest way; NaN differs infinitely."""
    off = float(np.max(np.abs(mine - want)) / np.max(np.abs(want - start)))
    return off if np.isfinite(off) else np.inf


class Reach(NamedTuple):
    """The test accuracies of the reference over seeds: what a right implementation reaches too."""

    mean: float
    deviation: float
    least: float

    def holds(self, accuracy: float) -> bool:
        """Return whether an accuracy is high enough, and within three standard deviations of the mean."""
        return accuracy >= self.least and abs(accuracy - self.mean) <= 3 * self.deviation

    def __str__(self) -> str:
        """Say it in a sentence."""
        low, high = self.mean - 3 * self.deviation, self.mean + 3 * self.deviation
        return (
            f"at least {self.least}, and from {low:.4f} to {high:.4f} (the reference: {self.mean} ± {self.deviation})"
        )


def reference_reach() -> Reach:
    """Return what `scripts/accuracy.py` measured: the file beside this one says how, and when."""
    measured = json.loads((files("conformance") / "reference_accuracy.json").read_text())
    return Reach(measured["mean"], measured["standard_deviation"], 0.95)


def seconds_of_training(implementation: Implementation, only: Iterable[str] | None = None) -> float:
    """Foretell how long `trained_accuracy` takes, from steps of one image and of three.

    Raises
    ------
    NothingToTrainOnError, CallError
        As `departure`.
    """
    operators = Operators(implementation, only)
    whole = Configuration()
    _seconds_of_a_step(operators, 1)  # what is compiled or loaded on the first call is not what takes long
    _refuse_what_was_not_used(operators)
    one, three = (_least_seconds_of_a_step(operators, images) for images in (1, 3))
    per_image = max(three - one, 0) / 2
    per_step = max(one - per_image, 0)
    return whole.epochs * (_TRAINED_ON * per_image + _TRAINED_ON / whole.batch_size * per_step)


def _least_seconds_of_a_step(operators: Operators, images: int) -> float:
    """Repeat a quick step: whatever else the machine does only makes one slower, and the forecast is 40,000 of them."""
    taken = [_seconds_of_a_step(operators, images)]
    while sum(taken) < 1 and len(taken) < 5:
        taken.append(_seconds_of_a_step(operators, images))
    return min(taken)


def _seconds_of_a_step(operators: Operators, images: int) -> float:
    """Return what forward, backward and update take, and the evaluation of as many images."""
    x, y = np.zeros((images, 1, 28, 28), np.float32), np.arange(images)
    trainer = prepare(Configuration(epochs=1), MNIST(x, y, x, y), ops=operators, evaluate_on=1)
    begin = time.perf_counter()
    list(trainer.epochs(1))
    return time.perf_counter() - begin


def trained_accuracy(implementation: Implementation, only: Iterable[str] | None = None) -> float:
    """Train SimpleConvNet on 4,000 digits, and return the part of 1,000 others that it reads rightly."""
    operators, digits = Operators(implementation, only), load(seed=_SEED)
    # How well it reads between the epochs decides nothing, and would take an eighth of the time.
    trainer = prepare(Configuration(seed=_SEED), digits, ops=operators, evaluate_on=1)
    for _ in trainer.epochs(Configuration().epochs):
        pass
    return trainer.accuracy(digits.x_test, digits.y_test)


def _refuse_what_was_not_used(operators: Operators) -> None:
    if not operators.used:
        target = operators.implementation.target
        raise NothingToTrainOnError(f"{target} provides none of {', '.join(sorted(operators.borrowed))}")
