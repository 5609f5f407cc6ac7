"""The all convolutional network: no pooling but the mean at its end, and no affine layer."""

import re
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from refcnn.layers import Dropout
from refcnn.models import AllConvolutionalNet

untyped: Any = AllConvolutionalNet


def test_its_layers_are_convolutions_relus_dropouts_and_a_mean() -> None:
    kinds = {row.kind for row in AllConvolutionalNet().summary()}
    assert kinds == {"Conv2d", "ReLU", "Dropout", "GlobalAvgPool2d", "Flatten"}


def test_sizes_follow_from_the_widths() -> None:
    network = AllConvolutionalNet((3, 11, 14), widths=(4, 6), classes=5)
    rows = {row.name: (row.output_shape, row.parameters) for row in network.summary() if row.parameters}
    assert rows == {
        "conv1": ((4, 11, 14), 4 * 3 * 9 + 4),
        "conv2": ((4, 11, 14), 4 * 4 * 9 + 4),
        "conv3": ((4, 6, 7), 4 * 4 * 9 + 4),
        "conv4": ((6, 6, 7), 6 * 4 * 9 + 6),
        "conv5": ((6, 6, 7), 6 * 6 * 9 + 6),
        "conv6": ((6, 3, 4), 6 * 6 * 9 + 6),
        "conv7": ((6, 1, 2), 6 * 6 * 9 + 6),
        "conv8": ((6, 1, 2), 6 * 6 + 6),
        "conv9": ((5, 1, 2), 5 * 6 + 5),
    }
    assert network.summary()[-1].output_shape == (5,)


def test_all_cnn_c_has_the_papers_parameters() -> None:
    # Springenberg et al. (2015), table 3: "≈ 1.4M" for All-CNN-C on CIFAR-10; the exact number by hand.
    by_hand = sum(
        out * (into * cells + 1)
        for into, out, cells in [
            *((3, 96, 9), (96, 96, 9), (96, 96, 9)),
            *((96, 192, 9), (192, 192, 9), (192, 192, 9), (192, 192, 9)),
            *((192, 192, 1), (192, 10, 1)),
        ]
    )
    count = AllConvolutionalNet((3, 32, 32), widths=(96, 192)).parameter_count
    assert count == by_hand
    assert f"{count / 1e6:.1f}M" == "1.4M"


def test_a_logit_is_the_mean_of_the_map_of_its_class() -> None:
    network = AllConvolutionalNet((1, 12, 16), widths=(2, 3), classes=4)
    x = np.random.default_rng(0).standard_normal((2, 1, 12, 16)).astype(np.float32)
    y = network.forward(x)
    for name in list(network.layers)[:-2]:
        x = network.layers[name].forward(x)
    assert x.shape == (2, 4, 1, 2)
    # Two roundings of float32 at the scale of the terms, no more.
    assert_allclose(y, x.mean(axis=(2, 3)), rtol=0, atol=2e-7 * np.abs(x).max(), err_msg="mean of the maps")


def test_the_input_and_the_strides_have_dropouts_of_their_own() -> None:
    layers = AllConvolutionalNet(input_dropout=0.25, dropout=0.75).layers.items()
    rates = {name: layer.p for name, layer in layers if isinstance(layer, Dropout)}
    assert rates == {"dropout0": 0.25, "dropout3": 0.75, "dropout6": 0.75}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widths": (1, 2, 3)}, "AllConvolutionalNet: widths must be two ints, got (1, 2, 3)"),
        ({"widths": 16}, "AllConvolutionalNet: widths must be two ints, got 16"),
        ({"classes": 0}, "AllConvolutionalNet: conv9: Conv2d: out_channels must be at least 1, got 0"),
        (
            {"input_shape": (1, 28, 8)},
            "AllConvolutionalNet: conv7: Conv2d: kernel_size must be a kernel that fits the padded image of 2 pixels, "
            "got 3 pixels (image 2)",
        ),
    ],
)
def test_an_impossible_setting_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        untyped(**settings)
