"""A network knows the shape of its input: it is checked as it is built, and summed up layer by layer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from refcnn.layers import Flatten, Linear, MaxPool2d, ReLU
from refcnn.layers.layer import Shape
from refcnn.models import Network, SummaryRow
from refcnn.models.steps import affine, batch_norm, convolution

untyped: Any = Network  # wrong types are passed on purpose


def small() -> Network:
    return Network(
        (2, 7, 6),
        conv=convolution(3, (2, 3), stride=(2, 1), rng=0),
        norm=batch_norm,
        relu=ReLU(),
        pool=MaxPool2d(2),
        flatten=Flatten(),
        affine=affine(5, rng=1),
    )


def test_sizes_follow_from_the_layers_before() -> None:
    assert small().summary() == [
        SummaryRow("conv", "Conv2d", (3, 3, 4), 3 * 2 * 2 * 3 + 3, 3 * 2 * 2 * 3 * 3 * 4),
        SummaryRow("norm", "BatchNorm", (3, 3, 4), 6, 0),
        SummaryRow("relu", "ReLU", (3, 3, 4), 0, 0),
        SummaryRow("pool", "MaxPool2d", (3, 1, 2), 0, 0),
        SummaryRow("flatten", "Flatten", (6,), 0, 0),
        SummaryRow("affine", "Linear", (5,), 35, 30),
    ]


def test_the_shapes_of_the_summary_are_those_of_the_answers() -> None:
    network = small()
    x = np.ones((4, 2, 7, 6), np.float32)
    for row in network.summary():
        x = network.layers[row.name].forward(x)
        assert x.shape == (4, *row.output_shape)


def test_totals_are_those_of_the_rows_and_of_the_chain() -> None:
    network = small()
    assert network.parameter_count == 39 + 6 + 35 == sum(array.size for array in network.parameters.values())
    assert network.multiply_add_count == 432 + 30 == network.multiply_adds((2, 7, 6))


def test_a_layer_and_a_function_that_makes_one_are_the_same() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 1, 1)).astype(np.float32)
    made = Network((3, 1, 1), flatten=Flatten(), affine=affine(2, rng=7)).forward(x)
    given = Network((3, 1, 1), flatten=Flatten(), affine=Linear(3, 2, rng=7)).forward(x)
    assert np.array_equal(made, given)
    assert made.any()


def test_a_layer_may_have_any_name() -> None:
    assert list(Network((1, 2, 2), self=ReLU(), input_shape=ReLU(), layers=ReLU()).layers) == [
        "self",
        "input_shape",
        "layers",
    ]


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: untyped(28), TypeError, "Network: input_shape must be a tuple (C, H, W), got 28"),
        (lambda: Network((28, 28)), ValueError, "Network: input_shape must be (C, H, W), got (28, 28)"),
        (lambda: Network((1, 0, 28)), ValueError, "Network: input_shape must be at least 1, got 0"),
        (lambda: untyped((1, 2.0, 28)), TypeError, "Network: input_shape must be an int, got 2.0"),
        (
            lambda: Network((1, 9, 8), a=MaxPool2d(2), b=convolution(3, 5, rng=0)),
            ValueError,
            "Network: b: Conv2d: kernel_size must be a kernel that fits the padded image of 4 pixels, "
            "got 5 pixels (image 4)",
        ),
        (
            lambda: Network((1, 9, 8), flatten=Flatten(), affine=Linear(70, 3, rng=0)),
            ValueError,
            "Network: affine: Linear: input_shape must be (70,), got (72,)",
        ),
        (
            lambda: Network((1, 9, 8), flatten=Flatten(), conv=convolution(3, 1, rng=0)),
            ValueError,
            "Network: conv: Conv2d: input_shape must be (C, H, W), got (72,)",
        ),
        (
            lambda: Network((1, 9, 8), conv=convolution(0, 1, rng=0)),
            ValueError,
            "Network: conv: Conv2d: out_channels must be at least 1, got 0",
        ),
        (
            lambda: Network((1, 9, 8), flatten=Flatten(), affine=affine(-1, rng=0)),
            ValueError,
            "Network: affine: Linear: out_features must be at least 1, got -1",
        ),
        (
            lambda: untyped((1, 9, 8), conv=convolution(3, 2.0, rng=0)),  # type: ignore[arg-type]  # on purpose
            TypeError,
            "Network: conv: Conv2d: kernel_size must be an int, got 2.0",
        ),
    ],
)
def test_an_impossible_network_is_refused_by_the_layers_name(
    build: Callable[[], Network], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as refused:
        build()
    assert str(refused.value) == message


@pytest.mark.parametrize("shape", [(2, 7, 6), (4, 2, 6, 7), (4, 1, 7, 6), (4, 84)])
def test_inputs_of_another_shape_are_refused(shape: Shape) -> None:
    with pytest.raises(ValueError, match=r"^Network: x must be of shape \(N, 2, 7, 6\), got shape \(") as refused:
        small().forward(np.ones(shape, np.float32))
    assert str(refused.value).endswith(f"got shape {shape}")


def test_training_and_chance_reach_the_layers() -> None:
    network = small()
    before = {name: array.copy() for name, array in network.statistics.items()}
    x = np.random.default_rng(0).standard_normal((4, 2, 7, 6)).astype(np.float32)
    network.forward(x)
    assert all(np.array_equal(network.statistics[name], array) for name, array in before.items())
    network.forward(x, training=True)
    assert not any(np.array_equal(network.statistics[name], array) for name, array in before.items())
