"""A run from its configuration: the parts fit together, and what would fail late is refused at once."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import refcnn
from refcnn.mnist import MNIST
from refcnn.models import MODELS
from refcnn.training.run import RECIPES, Configuration, prepare, recipe, untrained

RNG = np.random.default_rng(0)
DIGITS = MNIST(
    RNG.random((22, 1, 28, 28), np.float32), np.arange(22) % 10, RNG.random((4, 1, 28, 28), np.float32), np.arange(4)
)
SMALL = Configuration(epochs=2, batch_size=8)


def test_a_configuration_survives_json() -> None:
    for configuration in [*RECIPES.values(), Configuration(lr=1, schedule="step", seed=2**70)]:
        assert Configuration.from_json(json.loads(json.dumps(asdict(configuration)))) == configuration


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"epochs": 2.0}, TypeError, "epochs must be an int, got 2.0"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"warmup": -1}, ValueError, "warmup must be at least 0, got -1"),
        ({"drop_every": 0}, ValueError, "drop_every must be at least 1, got 0"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"lr": "fast"}, TypeError, "lr must be a real number, got 'fast'"),
        ({"drop_by": None}, TypeError, "drop_by must be a real number, got None"),
        ({"weight_decay": True}, TypeError, "weight_decay must be a real number, got True"),
        ({"model": ["simple"]}, TypeError, r"model must be a name, got \['simple'\]"),
        ({"optimiser": 5}, TypeError, "optimiser must be a name, got 5"),
        ({"schedule": None}, TypeError, "schedule must be a name, got None"),
        ({"augment": 1}, TypeError, "augment must be a bool, got 1"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^Configuration: {message}$"):
        Configuration.from_json(asdict(Configuration()) | changes)


def test_names_that_are_missing_or_too_many_are_refused() -> None:
    for field in fields(Configuration):
        values = asdict(Configuration())
        del values[field.name]
        with pytest.raises(ValueError, match=r"^Configuration: names must be "):
            Configuration.from_json(values)
    with pytest.raises(ValueError, match=r"^Configuration: names must be .*, got .*'more'"):
        Configuration.from_json(asdict(Configuration()) | {"more": 1})
    with pytest.raises(TypeError, match=r"^Configuration: values must be a dict, got \[\]$"):
        Configuration.from_json([])  # type: ignore[arg-type]  # as a foreign file may have it


def test_there_is_a_recipe_for_every_model_that_is_made_for_digits() -> None:
    assert RECIPES.keys() == MODELS.keys() - {"alexnet"}
    for model in RECIPES:
        assert recipe(model).model == model
    with pytest.raises(ValueError, match=r"^recipe: model must be one of simple, .*, got 'alexnet'$"):
        recipe("alexnet")


@pytest.mark.parametrize("model", RECIPES)
def test_every_recipe_can_be_prepared(model: str) -> None:
    trainer = prepare(recipe(model), DIGITS)
    assert trainer.batch_size == recipe(model).batch_size
    assert type(trainer.network) is type(untrained(recipe(model), DIGITS.x_train))


def test_settings_reach_the_parts() -> None:
    configuration = replace(SMALL, optimiser="momentum", weight_decay=0.25, lr=0.5, model="lenet5", seed=3)
    ops = SimpleNamespace(**{name: getattr(refcnn, name) for name in refcnn.__all__})
    trainer = prepare(configuration, DIGITS, ops=ops, evaluate_on=3)
    assert type(trainer.network).__name__ == "LeNet5"
    assert (trainer.optimiser.name, trainer.optimiser.weight_decay) == ("momentum", 0.25)
    assert trainer.optimiser.lr(0) == 0.5
    assert (trainer.batch_size, trainer.evaluate_on, trainer.augment) == (8, 3, None)
    assert trainer.optimiser.ops is trainer.network.ops is trainer.loss.ops is ops
    assert trainer.x_train is DIGITS.x_train
    assert trainer.y_test is DIGITS.y_test


def test_schedules_count_in_epochs() -> None:
    """There are 3 batches an epoch."""
    configuration = Configuration(
        epochs=6, batch_size=8, lr=1.0, schedule="step", warmup=1, drop_every=2, drop_by=0.5, seed=1
    )
    rate = prepare(configuration, DIGITS).optimiser.lr
    assert [rate(step) for step in range(18)] == [0.25, 0.5, 0.75, *[1.0] * 3, *[0.5] * 6, *[0.25] * 6]
    cosine = prepare(replace(configuration, schedule="cosine", warmup=0), DIGITS).optimiser.lr
    assert [cosine(0), cosine(9), cosine(18)] == [1.0, 0.5, 0.0]


def test_the_seed_decides_the_weights_and_the_run_apart() -> None:
    one, same, other = (prepare(replace(SMALL, seed=seed), DIGITS) for seed in (1, 1, 2))
    for name, array in untrained(replace(SMALL, seed=1), DIGITS.x_train).parameters.items():
        assert_array_equal(one.network.parameters[name], array, name, strict=True)
    assert not np.array_equal(one.network.parameters["conv1.weight"], other.network.parameters["conv1.weight"])
    assert one.rng.bit_generator.state == same.rng.bit_generator.state
    assert one.rng.bit_generator.state != other.rng.bit_generator.state
    weights = np.random.default_rng([1, 0]).standard_normal(4)
    assert not np.array_equal(one.rng.standard_normal(4), weights)


def test_augmentation_warps_every_image_a_little_and_differently() -> None:
    trainer = prepare(replace(SMALL, augment=True), DIGITS)
    assert trainer.augment is not None
    images = np.zeros((5, 1, 28, 28), np.float32)
    images[:, :, 10:18, 12:16] = 1
    warped = trainer.augment(images, np.random.default_rng(0))
    assert (warped.shape, warped.dtype) == (images.shape, images.dtype)
    assert len({image.tobytes() for image in warped}) == 5
    assert 0 < np.abs(warped - images).mean() < 0.1


def test_a_run_on_digits_is_repeated_bit_by_bit_by_its_seed() -> None:
    histories = []
    for seed in (5, 5, 6):
        trainer = prepare(Configuration("deep", epochs=1, batch_size=11, augment=True, seed=seed), DIGITS)
        histories.append((list(trainer.epochs(1)), trainer.network.parameters["affine2.weight"].tobytes()))
    assert histories[0] == histories[1]
    assert histories[0][1] != histories[2][1]


@pytest.mark.parametrize("batch_size", [1, 3, 7, 21])
def test_a_last_batch_of_one_is_refused_at_once_where_the_network_cannot_be_trained_on_it(batch_size: int) -> None:
    message = rf"^prepare: batch_size must be one that leaves no batch of 1 of 22 images .*, got {batch_size}$"
    with pytest.raises(ValueError, match=message):
        prepare(replace(SMALL, model="deep", batch_size=batch_size), DIGITS)
    assert prepare(replace(SMALL, batch_size=batch_size), DIGITS).batch_size == batch_size


def test_a_missing_library_is_noticed_before_the_first_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match="SciPy"):
        prepare(replace(SMALL, augment=True), DIGITS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "vgg"}, "build: name must be one of .*, got 'vgg'"),
        ({"optimiser": "adagrad"}, "Optimiser: name must be one of .*, got 'adagrad'"),
        ({"schedule": "linear"}, "schedule: name must be one of .*, got 'linear'"),
        ({"lr": float("nan")}, "schedule: lr must be finite and at least 0, got nan"),
        ({"warmup": 2}, "schedule: warmup_steps must be below steps = 6, got 6"),
        ({"weight_decay": -1.0}, "Optimiser: weight_decay must be finite and at least 0, got -1.0"),
    ],
)
def test_what_a_part_refuses_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        prepare(replace(SMALL, **changes), DIGITS)
