"""How weights begin: their spread by name or number, biases at 0, one seed one network."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from refcnn.layers import BatchNorm, Conv2d, ConvTranspose2d, Layer, Linear, Sequential
from refcnn.layers.initialisation import initial_weight

Array = NDArray[Any]

# The layer, and by hand: how many inputs reach an output, how many outputs an input reaches.
MAKES: list[tuple[Callable[..., Layer], int, int]] = [
    (lambda **how: Linear(80, 50, **how), 80, 50),
    (lambda **how: Conv2d(20, 40, (3, 2), **how), 120, 240),
    (lambda **how: Conv2d(20, 40, (3, 2), groups=4, **how), 30, 60),
    (lambda **how: Conv2d(20, 40, (3, 2), stride=2, padding=1, dilation=3, bias=False, **how), 120, 240),
    (lambda **how: ConvTranspose2d(20, 40, (3, 2), **how), 120, 240),
    (lambda **how: ConvTranspose2d(20, 40, (3, 2), groups=4, **how), 30, 60),
]
makes = pytest.mark.parametrize(("make", "fan_in", "fan_out"), MAKES)


@makes
@pytest.mark.parametrize("init", ["he", "xavier", 0.03])
def test_the_spread_of_weights_is_what_its_scheme_says(
    make: Callable[..., Layer], fan_in: int, fan_out: int, init: str | float
) -> None:
    weight = make(init=init, rng=0).parameters["weight"].astype(np.float64)
    variances = {"he": 2 / fan_in, "xavier": 2 / (fan_in + fan_out), 0.03: 0.03**2}
    deviation = np.sqrt(variances[init])
    # At least 1,200 weights: the mean has the standard error 0.03 deviations, the deviation itself 0.02.
    assert abs(weight.mean()) < 4 * deviation / np.sqrt(weight.size)
    assert weight.std() == pytest.approx(deviation, rel=4 / np.sqrt(2 * weight.size))
    # Of a normal distribution, 68.3 % lie within one deviation.
    assert (np.abs(weight) < deviation).mean() == pytest.approx(0.683, abs=0.06)


@makes
def test_he_is_the_default(make: Callable[..., Layer], fan_in: int, fan_out: int) -> None:
    del fan_in, fan_out
    default, he, xavier = (make(rng=0, **how).parameters["weight"] for how in ({}, {"init": "he"}, {"init": "xavier"}))
    assert_array_equal(default, he)
    assert not np.array_equal(default, xavier)


@makes
def test_a_seed_decides_the_weights(make: Callable[..., Layer], fan_in: int, fan_out: int) -> None:
    del fan_in, fan_out
    weight, same, other, drawn = (make(rng=rng).parameters["weight"] for rng in (1, 1, 2, np.random.default_rng(1)))
    assert_array_equal(weight, same)
    assert_array_equal(weight, drawn)
    assert not np.array_equal(weight, other)


def test_layers_that_share_a_generator_begin_differently() -> None:
    rng = np.random.default_rng(0)
    one, two = Linear(3, 2, rng=rng), Linear(3, 2, rng=rng)
    assert not np.array_equal(one.parameters["weight"], two.parameters["weight"])


def test_the_global_generator_is_left_alone() -> None:
    global_rng: Any = np.random  # its functions are what a library must not call
    before = global_rng.get_state()[1].copy()
    Sequential(conv=Conv2d(1, 2, 3, rng=0), up=ConvTranspose2d(2, 1, 3, rng=0), affine=Linear(3, 2, rng=0))
    assert_array_equal(before, global_rng.get_state()[1])


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (Linear(5, 3, rng=0), {"weight": (3, 5), "bias": (3,)}),
        (Linear(5, 3, bias=False, rng=0), {"weight": (3, 5)}),
        (Conv2d(4, 6, (3, 2), groups=2, rng=0), {"weight": (6, 2, 3, 2), "bias": (6,)}),
        (Conv2d(4, 6, 3, bias=False, rng=0), {"weight": (6, 4, 3, 3)}),
        (ConvTranspose2d(4, 6, (3, 2), groups=2, rng=0), {"weight": (4, 3, 3, 2), "bias": (6,)}),
        (ConvTranspose2d(4, 6, 3, bias=False, rng=0), {"weight": (4, 6, 3, 3)}),
        (BatchNorm(3), {"gamma": (3,), "beta": (3,)}),
    ],
)
def test_parameters_have_their_names_their_shapes_and_float32(layer: Layer, shapes: dict[str, Any]) -> None:
    assert {name: array.shape for name, array in layer.parameters.items()} == shapes
    assert {array.dtype for array in layer.parameters.values()} == {np.dtype(np.float32)}
    assert layer.gradients == {}


def test_biases_begin_as_zero_and_scales_as_one() -> None:
    for layer in (Linear(5, 3, rng=0), Conv2d(1, 3, 2, rng=0), ConvTranspose2d(1, 3, 2, rng=0)):
        assert_array_equal(layer.parameters["bias"], np.zeros(3))
    norm = BatchNorm(3)
    assert_array_equal(norm.parameters["gamma"], np.ones(3))
    assert_array_equal(norm.parameters["beta"], np.zeros(3))
    assert_array_equal(norm.statistics["running_mean"], np.zeros(3))
    assert_array_equal(norm.statistics["running_var"], np.ones(3))


@pytest.mark.parametrize("scheme", ["uniform", "HE", "", 0.0, -0.1, float("nan")])
def test_schemes_of_another_name_and_spreads_of_nothing_are_refused(scheme: str | float) -> None:
    with pytest.raises(ValueError, match="initial_weight: init must be one of he, xavier, or a standard") as caught:
        initial_weight((2, 3), scheme, fan_in=3, fan_out=2, rng=0)
    assert str(caught.value).endswith(f"deviation above 0, got {scheme!r}")


def test_weights_are_never_drawn_from_nowhere() -> None:
    with pytest.raises(TypeError, match="rng must be a generator or a seed, got None"):
        Linear(2, 2, rng=cast("int", None))
