"""The deep network: stages by their widths, regularised by what it is told."""

import re
from itertools import pairwise
from typing import Any

import pytest

from refcnn.layers import BatchNorm, Dropout
from refcnn.models import DeepConvNet

untyped: Any = DeepConvNet


def test_a_stage_is_two_convolutions_with_normalisation_then_pooling_and_dropout() -> None:
    assert " ".join(DeepConvNet(widths=(2, 3)).layers) == (
        "conv1a norm1a relu1a conv1b norm1b relu1b pool1 dropout1 "
        "conv2a norm2a relu2a conv2b norm2b relu2b pool2 dropout2 "
        "flatten affine1 norm relu dropout affine2"
    )


def test_sizes_follow_from_the_widths() -> None:
    network = DeepConvNet((3, 15, 20), widths=(4, 6, 5), hidden=7, classes=2)
    rows = {row.name: (row.output_shape, row.parameters) for row in network.summary() if row.parameters}
    assert rows == {
        "conv1a": ((4, 15, 20), 4 * 3 * 9),
        "norm1a": ((4, 15, 20), 8),
        "conv1b": ((4, 15, 20), 4 * 4 * 9),
        "norm1b": ((4, 15, 20), 8),
        "conv2a": ((6, 7, 10), 6 * 4 * 9),
        "norm2a": ((6, 7, 10), 12),
        "conv2b": ((6, 7, 10), 6 * 6 * 9),
        "norm2b": ((6, 7, 10), 12),
        "conv3a": ((5, 3, 5), 5 * 6 * 9),
        "norm3a": ((5, 3, 5), 10),
        "conv3b": ((5, 3, 5), 5 * 5 * 9),
        "norm3b": ((5, 3, 5), 10),
        "affine1": ((7,), 7 * 5 * 1 * 2),
        "norm": ((7,), 14),
        "affine2": ((2,), 7 * 2 + 2),
    }


def test_a_layer_before_batch_normalisation_has_no_bias() -> None:
    layers = list(DeepConvNet(widths=(2, 3)).layers.values())
    before = [layer for layer, after in pairwise(layers) if isinstance(after, BatchNorm)]
    assert len(before) == 5
    assert [list(layer.parameters) for layer in before] == [["weight"]] * 5


def test_stages_and_the_hidden_layer_have_dropouts_of_their_own() -> None:
    layers = DeepConvNet(widths=(2, 3), dropout=0.125, hidden_dropout=0.75).layers.items()
    rates = {name: layer.p for name, layer in layers if isinstance(layer, Dropout)}
    assert rates == {"dropout1": 0.125, "dropout2": 0.125, "dropout": 0.75}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widths": ()}, "DeepConvNet: widths must be one int or more, in a tuple, got ()"),
        ({"widths": 16}, "DeepConvNet: widths must be one int or more, in a tuple, got 16"),
        ({"widths": (4, 0)}, "DeepConvNet: conv2a: Conv2d: out_channels must be at least 1, got 0"),
        ({"hidden": 0}, "DeepConvNet: affine1: Linear: out_features must be at least 1, got 0"),
        (
            {"widths": (2, 2, 2, 2, 2)},
            "DeepConvNet: pool5: MaxPool2d: kernel_size must be a kernel that fits the padded image of 1 pixels, "
            "got 2 pixels (image 1)",
        ),
        ({"dropout": -0.5}, "DeepConvNet: dropout1: Dropout: p must be in [0, 1), got -0.5"),
        ({"hidden_dropout": 1}, "DeepConvNet: dropout: Dropout: p must be in [0, 1), got 1.0"),
    ],
)
def test_an_impossible_setting_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        untyped(**settings)
