"""The gradients of every layer against differences, and proof that the comparison sees what is wrong."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import refcnn
import refcnn.layers
from refcnn.gradcheck import check, check_loss
from refcnn.layers import (
    AvgPool2d,
    BatchNorm,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    SoftmaxCrossEntropy,
    Tanh,
)

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

Array = NDArray[Any]
Make = Callable[[], Layer]
Spoil = Callable[[Array], Array]

STRETCHED: dict[str, Any] = {"stride": (2, 3), "padding": ((1, 0), (2, 1)), "dilation": (2, 1)}
CASES: list[tuple[str, Make, tuple[int, ...]]] = [
    ("conv2d", lambda: Conv2d(2, 3, (3, 2), rng=0), (2, 2, 4, 3)),
    ("conv2d_groups", lambda: Conv2d(4, 6, (2, 3), groups=2, rng=0, **STRETCHED), (2, 4, 5, 7)),
    ("conv2d_no_bias", lambda: Conv2d(2, 2, 2, padding=1, bias=False, rng=0), (1, 2, 3, 2)),
    ("conv2d_depthwise", lambda: Conv2d(3, 3, 2, groups=3, rng=0), (2, 3, 3, 4)),
    ("transpose", lambda: ConvTranspose2d(2, 3, (3, 2), rng=0), (2, 2, 3, 4)),
    (
        "transpose_groups",
        lambda: ConvTranspose2d(4, 6, 3, groups=2, output_padding=1, rng=0, **STRETCHED),
        (1, 4, 3, 2),
    ),
    ("transpose_no_bias", lambda: ConvTranspose2d(2, 2, 2, stride=2, bias=False, rng=0), (2, 2, 2, 3)),
    ("linear", lambda: Linear(5, 3, rng=0), (4, 5)),
    ("linear_no_bias", lambda: Linear(5, 3, bias=False, init="xavier", rng=0), (4, 5)),
    ("batch_norm", lambda: BatchNorm(3), (4, 3)),
    ("batch_norm_images", lambda: BatchNorm(3, momentum=0.5, eps=0.1), (2, 3, 3, 2)),
    ("lrn", lambda: LocalResponseNorm(3, alpha=0.5, beta=0.6, k=2.0), (2, 5, 2, 3)),
    ("lrn_even", lambda: LocalResponseNorm(4), (2, 5, 2, 3)),
    ("max_pool", lambda: MaxPool2d(2), (2, 2, 4, 6)),
    ("max_pool_ceil", lambda: MaxPool2d((3, 2), stride=2, padding=1, ceil_mode=True), (2, 2, 6, 5)),
    ("max_pool_dilated", lambda: MaxPool2d(2, stride=1, dilation=(2, 3)), (2, 2, 5, 6)),
    ("avg_pool", lambda: AvgPool2d((2, 3)), (2, 2, 4, 6)),
    ("avg_pool_ceil", lambda: AvgPool2d(3, stride=2, padding=1, ceil_mode=True), (2, 2, 6, 5)),
    (
        "avg_pool_inside",
        lambda: AvgPool2d(3, stride=2, padding=((1, 0), (0, 1)), count_include_pad=False),
        (2, 2, 6, 5),
    ),
    ("global_avg_pool", GlobalAvgPool2d, (2, 3, 4, 5)),
    ("relu", ReLU, (3, 2, 4, 3)),
    ("sigmoid", Sigmoid, (3, 7)),
    ("tanh", Tanh, (3, 7)),
    ("dropout", lambda: Dropout(0.4), (5, 8)),
    ("flatten", Flatten, (3, 2, 4, 3)),
    (
        "chain",
        lambda: Sequential(affine=Linear(5, 4, rng=0), cut=Tanh(), inner=Sequential(end=Linear(4, 3, rng=1))),
        (4, 5),
    ),
]
cases = pytest.mark.parametrize(("make", "shape"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
OPS = {name: getattr(refcnn, name) for name in refcnn.__all__}


def ready(make: Make) -> Layer:
    """A layer in float64 whose arrays are all random: no bias is 0, no scale 1, no variance 1."""
    layer, rng = make().astype(np.float64), np.random.default_rng(7)
    parameters: dict[str, Array] = {
        name: array + rng.uniform(0.1, 1, array.shape) for name, array in layer.parameters.items()
    }
    layer.load(parameters, {name: array + rng.uniform(0.1, 1, array.shape) for name, array in layer.statistics.items()})
    return layer


def normal(shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(11).standard_normal(shape)


@pytest.mark.parametrize("training", [False, True])
@cases
def test_the_gradients_of_every_layer_are_those_of_its_answers(
    make: Make, shape: tuple[int, ...], training: bool
) -> None:
    layer = ready(make)
    verdict = check(layer, normal(shape), training=training)
    assert verdict.ok, verdict
    assert verdict.worst < 1e-7
    assert not any(array.unreliable or array.vanishing for array in verdict.arrays)
    assert len(verdict.arrays) == 1 + len(layer.parameters)


def test_no_layer_is_left_out() -> None:
    made = {type(make()).__name__ for _, make, _ in CASES}
    assert made == set(refcnn.layers.__all__) - {"Layer", "SoftmaxCrossEntropy"}


LENET: Make = lambda: Sequential(  # noqa: E731 # in the form of the cases above
    conv1=Conv2d(1, 3, 3, padding=1, rng=0),
    tanh=Tanh(),
    pool=AvgPool2d(2),
    conv2=Conv2d(3, 4, 2, rng=1),
    relu=ReLU(),
    flat=Flatten(),
    affine=Linear(24, 4, rng=2),
)
MODERN: Make = lambda: Sequential(  # noqa: E731 # as above
    conv=Conv2d(1, 4, 3, stride=2, padding=1, bias=False, rng=0),
    norm=BatchNorm(4),
    relu=ReLU(),
    drop=Dropout(0.3),
    up=ConvTranspose2d(4, 2, 2, groups=2, rng=1),
    pool=MaxPool2d(2, stride=1),
    lrn=LocalResponseNorm(2, alpha=0.1),
    end=Sequential(conv=Conv2d(2, 4, 1, rng=2), mean=GlobalAvgPool2d(), flat=Flatten()),
)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("target", [np.array([3, 0, 2]), np.eye(3, 4) / 2 + 0.125], ids=["labels", "weights"])
@pytest.mark.parametrize("make", [LENET, MODERN], ids=["lenet", "modern"])
def test_the_gradients_of_networks_are_those_of_their_loss(make: Make, target: Array, training: bool) -> None:
    verdict = check_loss(ready(make), SoftmaxCrossEntropy(), normal((3, 1, 6, 8)), target, training=training, cells=12)
    assert verdict.ok, verdict
    assert verdict.worst < 1e-7


def scaled(gradient: Array) -> Array:
    return gradient * 1.001


def missing(gradient: Array) -> Array:
    return np.zeros_like(gradient)


def negated(gradient: Array) -> Array:
    return -gradient


def shifted(gradient: Array) -> Array:
    return np.roll(gradient, 1, axis=-1)


def transposed(gradient: Array) -> Array:
    """The numbers of the last two axes in the order of the transpose; those of one axis backwards."""
    order = gradient[::-1] if gradient.ndim == 1 else np.moveaxis(gradient, -1, -2)
    return order.reshape(gradient.shape)


def last_cell(gradient: Array) -> Array:
    spoilt = gradient.copy()
    spoilt.flat[-1] += 1e-3
    return spoilt


BACKWARD = {
    "Conv2d": ("conv2d_backward", ["x", "weight", "bias"]),
    "ConvTranspose2d": ("conv_transpose2d_backward", ["x", "weight", "bias"]),
    "Linear": ("linear_backward", ["x", "weight", "bias"]),
    "BatchNorm": ("batch_norm_backward", ["x", "gamma", "beta"]),
    "LocalResponseNorm": ("local_response_norm_backward", ["x"]),
    "MaxPool2d": ("max_pool2d_backward", ["x"]),
    "AvgPool2d": ("avg_pool2d_backward", ["x"]),
    "GlobalAvgPool2d": ("global_avg_pool2d_backward", ["x"]),
    "ReLU": ("relu_backward", ["x"]),
    "Sigmoid": ("sigmoid_backward", ["x"]),
    "Tanh": ("tanh_backward", ["x"]),
    "Dropout": ("dropout_backward", ["x"]),
}


def sabotaged(operator: str, place: int, spoil: Spoil) -> SimpleNamespace:
    """Operators of which one gradient is wrong."""
    right = OPS[operator]

    def wrong(*arrays: Any, **attributes: Any) -> Any:
        gradients = right(*arrays, **attributes)
        if not isinstance(gradients, tuple):
            return spoil(gradients)
        return tuple(spoil(array) if i == place else array for i, array in enumerate(gradients))

    return SimpleNamespace(**{**OPS, operator: wrong})


SPOILS = [scaled, missing, negated, shifted, transposed, last_cell]
FIRST_OF_EACH = {type(make()).__name__: (make, shape) for _, make, shape in reversed(CASES)}
SABOTAGES = [
    pytest.param(*FIRST_OF_EACH[layer], operator, place, name, spoil, id=f"{layer}-{name}-{spoil.__name__}")
    for layer, (operator, names) in BACKWARD.items()
    for place, name in enumerate(names)
    for spoil in SPOILS
    # All pixels of a channel have the same gradient in a mean: any order of them is right.
    if not (layer == "GlobalAvgPool2d" and spoil in (shifted, transposed))
]


@pytest.mark.parametrize(("make", "shape", "operator", "place", "name", "spoil"), SABOTAGES)
def test_a_wrong_gradient_is_reported_by_name_and_place(
    make: Make, shape: tuple[int, ...], operator: str, place: int, name: str, spoil: Spoil
) -> None:
    layer = ready(make).use(sabotaged(operator, place, spoil))
    verdict = check(layer, normal(shape), training=True)
    assert verdict.wrong
    (wrong,) = (array for array in verdict.arrays if array.wrong)
    assert wrong.name == f"{type(layer).__name__}.{name}"
    assert str(verdict).startswith(f"{wrong.name}{list(wrong.differing[0].position)}: gradient is ")
    if spoil is last_cell:
        size = shape if name == "x" else layer.parameters[name].shape
        assert [cell.position for cell in wrong.differing] == [tuple(length - 1 for length in size)]


@pytest.mark.parametrize("name", ["conv", "norm", "up", "end.conv"])
def test_a_wrong_layer_inside_a_network_is_reported_by_its_own_name(name: str) -> None:
    network = ready(MODERN)
    assert isinstance(network, Sequential)
    layer: Layer = network
    for part in name.split("."):
        assert isinstance(layer, Sequential)
        layer = layer.layers[part]
    operator, _ = BACKWARD[type(layer).__name__]
    layer.use(sabotaged(operator, 1, scaled))
    verdict = check_loss(network, SoftmaxCrossEntropy(), normal((3, 1, 6, 8)), np.array([3, 0, 2]), cells=4)
    parameter = "gamma" if name == "norm" else "weight"
    assert [array.name for array in verdict.arrays if array.wrong] == [f"Sequential.{name}.{parameter}"]
