"""Shapes that layers foretell are those that they answer; multiply-adds are counted as by hand."""

import itertools
from typing import Any

import numpy as np
import pytest

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
    Tanh,
)

SIZES = [(7, 9), (8, 5), (10, 11)]
sizes = pytest.mark.parametrize("size", SIZES, ids=str)


def foretold_and_answered(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape, which is the same whether it is foretold or answered."""
    foretold = layer.output_shape(shape)
    assert layer.forward(np.ones((2, *shape), np.float32)).shape == (2, *foretold)
    assert all(type(length) is int for length in foretold)
    return foretold


WINDOWS = [
    {"stride": stride, "padding": padding, "dilation": dilation}
    for stride, padding, dilation in itertools.product([1, (2, 3)], [0, 1, ((1, 0), (0, 1))], [1, (2, 1)])
]


@pytest.mark.no_cover
@sizes
@pytest.mark.parametrize("attributes", WINDOWS, ids=str)
@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_foretells_its_shape(size: tuple[int, int], attributes: dict[str, Any], groups: int) -> None:
    layer = Conv2d(4, 6, (3, 2), groups=groups, rng=0, **attributes)
    assert foretold_and_answered(layer, (4, *size))[0] == 6


@pytest.mark.no_cover
@sizes
@pytest.mark.parametrize("attributes", WINDOWS, ids=str)
@pytest.mark.parametrize(("groups", "output_padding"), [(1, 0), (2, 0), (2, (1, 0))])
def test_transposed_convolution_foretells_its_shape(
    size: tuple[int, int], attributes: dict[str, Any], groups: int, output_padding: Any
) -> None:
    if output_padding:  # must be below the stride or the dilation
        attributes = {**attributes, "stride": (2, 3)}
    layer = ConvTranspose2d(4, 6, (3, 2), groups=groups, output_padding=output_padding, rng=0, **attributes)
    assert foretold_and_answered(layer, (4, *size))[0] == 6


@pytest.mark.no_cover
@sizes
@pytest.mark.parametrize("attributes", WINDOWS, ids=str)
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pooling_foretells_its_shape(size: tuple[int, int], attributes: dict[str, Any], ceil_mode: bool) -> None:
    assert foretold_and_answered(MaxPool2d((3, 2), ceil_mode=ceil_mode, **attributes), (3, *size))[0] == 3
    undilated = {key: value for key, value in attributes.items() if key != "dilation"}
    assert foretold_and_answered(AvgPool2d((3, 2), ceil_mode=ceil_mode, **undilated), (3, *size))[0] == 3


@pytest.mark.parametrize(
    ("layer", "shape", "want"),
    [
        (Conv2d(1, 6, 5, rng=0), (1, 32, 32), (6, 28, 28)),
        (Conv2d(3, 8, 3, stride=2, padding=1, rng=0), (3, 7, 10), (8, 4, 5)),
        (ConvTranspose2d(3, 8, 4, stride=2, padding=1, rng=0), (3, 7, 10), (8, 14, 20)),
        (MaxPool2d(3, stride=2), (96, 55, 54), (96, 27, 26)),
        (MaxPool2d(3), (2, 9, 7), (2, 3, 2)),
        (MaxPool2d(3, ceil_mode=True), (2, 9, 7), (2, 3, 3)),
        (AvgPool2d(3, ceil_mode=True, count_include_pad=False), (2, 9, 7), (2, 3, 3)),
        (GlobalAvgPool2d(), (5, 7, 3), (5, 1, 1)),
        (Flatten(), (5, 7, 3), (105,)),
        (Flatten(), (5,), (5,)),
        (Linear(4, 3, rng=0), (4,), (3,)),
        (BatchNorm(4), (4,), (4,)),
        (BatchNorm(4), (4, 3, 5), (4, 3, 5)),
        (LocalResponseNorm(3), (4, 3, 5), (4, 3, 5)),
        (Dropout(0.5), (4, 3, 5), (4, 3, 5)),
        (ReLU(), (4, 3, 5), (4, 3, 5)),
        (Sigmoid(), (4,), (4,)),
        (Tanh(), (4, 3), (4, 3)),
        (Sequential(), (4, 3), (4, 3)),
        (Sequential(conv=Conv2d(1, 2, 3, rng=0), pool=MaxPool2d(2), flat=Flatten()), (1, 9, 7), (12,)),
    ],
)
def test_shapes_worked_by_hand(layer: Layer, shape: tuple[int, ...], want: tuple[int, ...]) -> None:
    assert foretold_and_answered(layer, shape) == want


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Conv2d(3, 8, 3, rng=0), (4, 9, 9), "Conv2d: input_shape must be of 3 channels, got (4, 9, 9)"),
        (
            Conv2d(3, 8, 5, padding=1, rng=0),
            (3, 9, 2),
            "Conv2d: kernel_size must be a kernel that fits the padded image of 4 pixels, got 5 pixels (image 2)",
        ),
        (
            ConvTranspose2d(3, 8, 3, rng=0),
            (4, 9, 9),
            "ConvTranspose2d: input_shape must be of 3 channels, got (4, 9, 9)",
        ),
        (
            ConvTranspose2d(3, 8, 3, padding=2, rng=0),
            (3, 9, 2),
            "ConvTranspose2d: padding must be small enough to leave an output, got output size 0 (image (9, 2))",
        ),
        (
            ConvTranspose2d(3, 8, 3, stride=2, output_padding=2, rng=0),
            (3, 9, 2),
            "ConvTranspose2d: output_padding must be below max(stride, dilation) = 2, got 2",
        ),
        (
            MaxPool2d(3),
            (3, 9, 2),
            "MaxPool2d: kernel_size must be a kernel that fits the padded image of 2 pixels, got 3 pixels (image 2)",
        ),
        (
            AvgPool2d((4, 1)),
            (3, 3, 9),
            "AvgPool2d: kernel_size must be a kernel that fits the padded image of 3 pixels, got 4 pixels (image 3)",
        ),
        (
            AvgPool2d(3, padding=2),
            (3, 9, 9),
            "AvgPool2d: padding must be at most half the kernel_size (3, 3), got ((2, 2), (2, 2))",
        ),
        (MaxPool2d(3), (9, 9), "MaxPool2d: x must be (N, C, H, W), got shape (1, 9, 9)"),
        (Linear(5, 2, rng=0), (4,), "Linear: input_shape must be (5,), got (4,)"),
        (Linear(5, 2, rng=0), (5, 1, 1), "Linear: input_shape must be (5,), got (5, 1, 1)"),
        (BatchNorm(5), (4, 2, 2), "BatchNorm: input_shape must be of 5 channels, got (4, 2, 2)"),
        (
            Sequential(conv=Conv2d(1, 2, 3, rng=0), flat=Flatten(), end=Linear(10, 2, rng=0)),
            (1, 9, 7),
            "Linear: input_shape must be (10,), got (70,)",
        ),
    ],
)
def test_impossible_shapes_are_refused_with_what_came_and_what_fits(
    layer: Layer, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        layer.output_shape(shape)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("layer", "shape", "want"),
    [
        (Linear(4, 3, rng=0), (4,), 12),
        (Linear(4, 3, bias=False, rng=0), (4,), 12),
        # Each of 6 · 28 · 28 outputs is a sum of 25 products.
        (Conv2d(1, 6, 5, rng=0), (1, 32, 32), 6 * 28 * 28 * 25),
        # 8 · 4 · 5 outputs, each of 2 · 3 · 2 products, for groups of 2 channels
        (Conv2d(4, 8, (3, 2), stride=2, padding=1, groups=2, rng=0), (4, 7, 9), 8 * 4 * 5 * 12),
        (Conv2d(3, 2, 1, bias=False, rng=0), (3, 5, 4), 120),
        # 4 · 7 · 9 inputs, each times 3 · 3 · 2 weights, for groups of 3 filters
        (ConvTranspose2d(4, 6, (3, 2), stride=2, groups=2, rng=0), (4, 7, 9), 4 * 7 * 9 * 18),
        (MaxPool2d(2), (4, 8, 8), 0),
        (AvgPool2d(2), (4, 8, 8), 0),
        (GlobalAvgPool2d(), (4, 8, 8), 0),
        (BatchNorm(4), (4, 8, 8), 0),
        (ReLU(), (4, 8, 8), 0),
        (Flatten(), (4, 8, 8), 0),
        (Sequential(), (4, 8, 8), 0),
        # 2 · 7 · 5 · 9, then 2 · 35 · 3
        (
            Sequential(conv=Conv2d(1, 2, 3, rng=0), relu=ReLU(), flat=Flatten(), end=Linear(70, 3, rng=0)),
            (1, 9, 7),
            630 + 210,
        ),
        # 2 · 7 · 5 · 9, then 2 · 5 · 3 · 18
        (Sequential(one=Conv2d(1, 2, 3, rng=0), two=Conv2d(2, 2, 3, rng=0)), (1, 9, 7), 630 + 540),
        (Sequential(one=Linear(4, 3, rng=0), inner=Sequential(two=Linear(3, 5, rng=0))), (4,), 12 + 15),
    ],
)
def test_multiply_adds_are_counted_as_by_hand(layer: Layer, shape: tuple[int, ...], want: int) -> None:
    assert layer.multiply_adds(shape) == want


@pytest.mark.parametrize("layer", [Conv2d(3, 2, 2, rng=0), Sequential(conv=Conv2d(3, 2, 2, rng=0))])
def test_multiply_adds_of_an_impossible_shape_are_refused(layer: Layer) -> None:
    with pytest.raises(ValueError, match="Conv2d: input_shape must be of 3 channels"):
        layer.multiply_adds((4, 5, 5))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: Conv2d(4, 6, 3, groups=3, rng=0),
            ValueError,
            "Conv2d: groups must be a divisor of in_channels = 4, got 3",
        ),
        (
            lambda: Conv2d(6, 4, 3, groups=3, rng=0),
            ValueError,
            "Conv2d: groups must be a divisor of out_channels = 4, got 3",
        ),
        (lambda: Conv2d(4, 6, 3, groups=0, rng=0), ValueError, "Conv2d: groups must be at least 1, got 0"),
        (lambda: Conv2d(4, 6, (3, 0), rng=0), ValueError, "Conv2d: kernel_size must be at least 1, got 0"),
        (
            lambda: ConvTranspose2d(4, 6, 3, groups=3, rng=0),
            ValueError,
            "ConvTranspose2d: groups must be a divisor of in_channels = 4, got 3",
        ),
        (
            lambda: ConvTranspose2d(4, 6, (3, 2, 1), rng=0),  # type: ignore[arg-type] # three numbers are no pair
            ValueError,
            "ConvTranspose2d: kernel_size must be an int or a pair, got (3, 2, 1)",
        ),
        (lambda: Dropout(1.0), ValueError, "Dropout: p must be in [0, 1), got 1.0"),
        (
            lambda: Dropout("half"),  # type: ignore[arg-type] # a word is no number
            TypeError,
            "Dropout: p must be a real number, got 'half'",
        ),
    ],
)
def test_layers_that_could_not_answer_are_refused_when_they_are_made(
    make: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


def test_a_layer_has_one_place_in_a_chain() -> None:
    relu = ReLU()
    with pytest.raises(ValueError, match="layers must be a layer of its own in each place, got first as second"):
        Sequential(first=relu, second=relu)


@pytest.mark.parametrize("layer", [Conv2d(3, 2, 1, rng=0), ConvTranspose2d(3, 2, 1, rng=0), GlobalAvgPool2d()])
@pytest.mark.parametrize("input_shape", [(3,), (3, 9), (3, 9, 9, 9)])
def test_the_shape_of_an_image_has_three_numbers(layer: Layer, input_shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"input_shape must be \(C, H, W\), got shape \(3"):
        layer.output_shape(input_shape)


@pytest.mark.parametrize("size", [0, -2])
def test_a_layer_has_channels_or_features(size: int) -> None:
    for make in (lambda n: Conv2d(n, 4, 1, rng=0), lambda n: ConvTranspose2d(n, 4, 1, rng=0)):
        with pytest.raises(ValueError, match=f"in_channels must be at least 1, got {size}"):
            make(size)
    with pytest.raises(ValueError, match=f"out_features must be at least 1, got {size}"):
        Linear(3, size, rng=0)


def test_a_layer_has_one_place_however_deep_the_chains() -> None:
    shared = Linear(3, 3, rng=0)
    with pytest.raises(ValueError, match=r"of its own in each place, got a\.x as c\.y"):
        Sequential(a=Sequential(x=shared), b=ReLU(), c=Sequential(y=shared))
