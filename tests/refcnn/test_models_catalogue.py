"""All models, small: they are built by name, from a seed, answer logits and take their operators from one place."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import refcnn
from refcnn.models import MODELS, Network, build

# The channels differ from each other, as do height and width, so that no two of them can be mistaken.
SMALL: dict[str, dict[str, Any]] = {
    "simple": {"input_shape": (2, 9, 8), "filters": 3, "kernel_size": (3, 2), "hidden": 5, "classes": 4},
    "lenet5": {"input_shape": (2, 28, 28), "classes": 4},
    "alexnet": {"input_shape": (2, 67, 71), "filters": (4, 6, 8, 10, 2), "hidden": 5, "classes": 4, "init": "he"},
    "small_alexnet": {"input_shape": (2, 19, 18), "filters": (4, 6, 8, 10, 2), "hidden": 5, "classes": 4},
    "deep": {"input_shape": (2, 9, 8), "widths": (3, 5), "hidden": 6, "classes": 4},
    "all_convolutional": {"input_shape": (2, 11, 10), "widths": (6, 8), "classes": 4},
}
every_model = pytest.mark.parametrize("name", MODELS)


def small(name: str, seed: int | np.random.Generator = 0) -> Network:
    return build(name, seed=seed, **SMALL[name])


def images(network: Network, count: int = 3) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(1).standard_normal((count, *network.input_shape)).astype(np.float32)


class Recorder:
    """The operators of `refcnn`, with a note of which were asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.asked.add(name)
        return getattr(refcnn, name)


def test_every_model_has_a_small_instance() -> None:
    assert SMALL.keys() == MODELS.keys()


@every_model
def test_a_model_answers_one_logit_a_class_in_the_dtype_of_its_input(name: str) -> None:
    network = small(name)
    y = network.forward(images(network))
    assert (y.shape, y.dtype) == ((3, 4), np.dtype(np.float32))
    assert len(np.unique(y)) == y.size, "answers that all inputs share say nothing"


@every_model
def test_the_same_seed_builds_the_same_weights(name: str) -> None:
    first, same, generated = small(name, 3), small(name, 3), small(name, np.random.default_rng(3))
    for key, array in first.parameters.items():
        assert_array_equal(array, same.parameters[key])
        assert_array_equal(array, generated.parameters[key])


@every_model
def test_another_seed_builds_other_weights(name: str) -> None:
    first, other = small(name, 3).parameters, small(name, 4).parameters
    drawn = {key for key, array in first.items() if not np.array_equal(array, other[key])}
    # A weight of sub-sampling begins as a quarter.
    assert drawn == {key for key in first if key.endswith("weight") and key not in ("s2.weight", "s4.weight")}


@every_model
def test_no_two_layers_begin_with_the_same_weights(name: str) -> None:
    weights = [array.ravel()[:8] for key, array in small(name).parameters.items() if key.endswith("weight")]
    directions = {tuple((array / np.abs(array).max()).round(3).tolist()) for array in weights if array.std() > 0}
    assert len(directions) == sum(array.std() > 0 for array in weights)


def test_the_global_generator_is_left_alone() -> None:
    before = np.random.get_state(legacy=False)["state"]  # noqa: NPY002 - the very thing that must not be used
    build("simple")
    after = np.random.get_state(legacy=False)["state"]  # noqa: NPY002 - as above
    assert_array_equal(after["key"], before["key"])
    assert after["pos"] == before["pos"]


@every_model
def test_a_model_takes_its_operators_from_the_namespace_it_is_given(name: str) -> None:
    recorder = Recorder()
    network = small(name).use(recorder)
    x = images(network)
    y = network.forward(x, training=True, rng=np.random.default_rng(0))
    forward = set(recorder.asked)
    assert all(not operator.endswith("_backward") for operator in forward)
    network.backward(np.ones_like(y))
    assert recorder.asked == forward | {f"{operator}_backward" for operator in forward}
    missing: dict[str, Any] = {"conv2d": refcnn.conv2d, "dropout": refcnn.dropout}
    with pytest.raises(AttributeError, match="no attribute"):
        network.use(SimpleNamespace(**missing)).forward(x)


@every_model
def test_backward_finds_a_gradient_for_every_parameter(name: str) -> None:
    network = small(name)
    x = images(network)
    y = network.forward(x, training=True, rng=np.random.default_rng(0))
    grad_x = network.backward(np.random.default_rng(2).standard_normal(y.shape).astype(np.float32))
    assert grad_x.shape == x.shape
    for key, array in network.parameters.items():
        gradient = network.gradients[key]
        assert (gradient.shape, gradient.dtype) == (array.shape, array.dtype), key
        assert gradient.any(), key


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^build: name must be one of simple, lenet5, .*, got 'resnet'$") as refused:
        build("resnet")
    assert all(name in str(refused.value) for name in MODELS)


def test_a_setting_that_a_model_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="'depth'"):
        build("simple", depth=3)
