"""A run from its configuration: which network, on which digits, by which rule."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

import refcnn
from refcnn._checks import FloatArray, flag, integer, real, require
from refcnn.mnist import MNIST
from refcnn.models import Network, build
from refcnn.training.augmentation import random_affine
from refcnn.training.optimiser import Optimiser
from refcnn.training.schedule import Schedule, schedule
from refcnn.training.trainer import Trainer

_LEAST = {"epochs": 1, "batch_size": 1, "warmup": 0, "drop_every": 1, "seed": 0}


@dataclass(frozen=True)
class Configuration:
    """All that decides a run, besides the data and the operators.

    Attributes
    ----------
    model : a name in `refcnn.models.MODELS`
    epochs, batch_size : int
    optimiser, schedule : a name in `OPTIMISERS`, a name in `SCHEDULES`
    lr, weight_decay : float
    warmup : int, the epochs over which the learning rate climbs
    drop_every, drop_by : for the schedule "step", the epochs between two drops, and the factor of a drop
    augment : bool, whether each image is warped a little, differently in each epoch
    seed : int, of the weights and of all chance in training

    Raises
    ------
    TypeError, ValueError
        A value of a wrong type, a count below what it must be. Names and rates are checked by the parts they are of.
    """

    model: str = "simple"
    epochs: int = 20
    batch_size: int = 100
    optimiser: str = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    warmup: int = 0
    drop_every: int = 10
    drop_by: float = 0.1
    augment: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            integer("Configuration", name, getattr(self, name), least)
        for name in ("lr", "weight_decay", "drop_by"):
            real("Configuration", name, getattr(self, name))
        for name in ("model", "optimiser", "schedule"):
            value = getattr(self, name)
            require(isinstance(value, str), "Configuration", name, "a name", repr(value), TypeError)
        flag("Configuration", "augment", self.augment)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Configuration:
        """Read what `dataclasses.asdict` wrote.

        Raises
        ------
        TypeError, ValueError
            Names that are missing or too many, and whatever the class refuses.
        """
        require(isinstance(values, dict), "Configuration", "values", "a dict", repr(values), TypeError)
        wanted = {field.name for field in fields(cls)}
        require(values.keys() == wanted, "Configuration", "names", str(sorted(wanted)), sorted(values))
        return cls(**values)


# What each model is trained with unless told otherwise.
RECIPES: dict[str, Configuration] = {
    "simple": Configuration(),
    "lenet5": Configuration("lenet5", lr=2e-3),
    "small_alexnet": Configuration("small_alexnet", epochs=10, batch_size=50, schedule="cosine", warmup=1),
    "deep": Configuration("deep", epochs=16, batch_size=50, lr=3e-3, schedule="cosine", augment=True),
    "all_convolutional": Configuration("all_convolutional", epochs=20, batch_size=50, schedule="cosine", warmup=1),
}


def recipe(model: str) -> Configuration:
    """Return what a model is trained with unless told otherwise; raise ValueError for one without a recipe."""
    require(model in RECIPES, "recipe", "model", f"one of {', '.join(RECIPES)}", repr(model))
    return RECIPES[model]


# Warps after which a digit is still the same digit: degrees, a factor, degrees, pixels.
WARPS = {"rotation": 15.0, "scale": 0.15, "shear": 10.0, "shift": 2.0}


def prepare(configuration: Configuration, data: MNIST, *, ops: Any = refcnn, evaluate_on: int | None = None) -> Trainer:
    """Build the network and all that trains it.

    The weights and the run draw from generators of their own, both of the configuration's seed.

    Parameters
    ----------
    configuration : what to train, and how
    data : digits, as `refcnn.mnist.load` gives them
    ops : the namespace of the operators
    evaluate_on : int, the accuracies are those on the first so many digits; None for all

    Raises
    ------
    TypeError, ValueError
        Whatever the parts refuse; a model that is not made for images of that size, or not for the batch of one image
        that a batch size leaves over.
    ImportError
        SciPy is not installed, which augmentation needs.

    Examples
    --------
    >>> digits = MNIST(np.zeros((4, 1, 28, 28), np.float32), np.arange(4), np.zeros((2, 1, 28, 28)), np.arange(2))
    >>> prepare(Configuration(batch_size=3), digits).steps_per_epoch
    2
    """
    _try_what_fails_late(configuration, data.x_train)
    network = untrained(configuration, data.x_train).use(ops)
    batches = -(-len(data.x_train) // configuration.batch_size)
    optimiser = Optimiser(
        configuration.optimiser,
        lr=_learning_rate(configuration, batches),
        weight_decay=configuration.weight_decay,
        ops=ops,
    )
    return Trainer(
        network,
        optimiser,
        *data,
        rng=np.random.default_rng([configuration.seed, 1]),
        batch_size=configuration.batch_size,
        augment=_warp if configuration.augment else None,
        evaluate_on=evaluate_on,
    )


def untrained(configuration: Configuration, images: FloatArray) -> Network:
    """Build the network of a configuration for images of this shape, with the weights that it begins with."""
    rng = np.random.default_rng([configuration.seed, 0])
    return build(configuration.model, seed=rng, input_shape=images.shape[1:])


def _try_what_fails_late(configuration: Configuration, images: FloatArray) -> None:
    """Warp an image, and train on a single one if the last batch has no more, now rather than after an epoch."""
    if configuration.augment:
        _warp(images[:1], np.random.default_rng(0))
    size, count = configuration.batch_size, len(images)
    if count % size != 1 % size:
        return
    try:
        untrained(configuration, images).forward(images[:1], training=True, rng=np.random.default_rng(0))
    except ValueError as error:
        rule = f"one that leaves no batch of 1 of {count} images ({error})"
        raise ValueError(f"prepare: batch_size must be {rule}, got {size}") from error


def _learning_rate(configuration: Configuration, batches: int) -> Schedule:
    """Return the schedule, which counts in steps, of a configuration, which counts in epochs."""
    settings: dict[str, Any] = {}
    if configuration.schedule == "step":
        settings = {"step_size": configuration.drop_every * batches, "gamma": configuration.drop_by}
    return schedule(
        configuration.schedule,
        lr=configuration.lr,
        steps=configuration.epochs * batches,
        warmup_steps=configuration.warmup * batches,
        **settings,
    )


def _warp(images: FloatArray, rng: np.random.Generator) -> FloatArray:
    return random_affine(images, rng=rng, **WARPS)
