"""SimpleConvNet: every size is a setting, and the others follow from it."""

import re
from typing import Any

import numpy as np
import pytest

from refcnn.models import SimpleConvNet

untyped: Any = SimpleConvNet


def test_the_default_is_the_one_of_the_textbook() -> None:
    rows = [(row.name, row.kind, row.output_shape, row.parameters) for row in SimpleConvNet().summary()]
    assert rows == [
        ("conv1", "Conv2d", (30, 24, 24), 30 * 25 + 30),
        ("relu1", "ReLU", (30, 24, 24), 0),
        ("pool1", "MaxPool2d", (30, 12, 12), 0),
        ("flatten", "Flatten", (4320,), 0),
        ("affine1", "Linear", (100,), 432100),
        ("relu2", "ReLU", (100,), 0),
        ("affine2", "Linear", (10,), 1010),
    ]


@pytest.mark.parametrize(
    ("settings", "image", "pooled"),
    [
        ({}, (24, 24), (12, 12)),
        ({"input_shape": (3, 27, 30)}, (23, 26), (11, 13)),
        ({"kernel_size": (4, 1), "stride": (2, 3)}, (13, 10), (6, 5)),
        ({"padding": ((1, 0), (2, 1)), "pool_size": (5, 2)}, (25, 27), (5, 13)),
        ({"kernel_size": 28, "pool_size": 1}, (1, 1), (1, 1)),
    ],
)
def test_sizes_follow_from_the_settings(
    settings: dict[str, Any], image: tuple[int, int], pooled: tuple[int, int]
) -> None:
    network = SimpleConvNet(filters=3, hidden=7, classes=5, **settings)
    rows = {row.name: row for row in network.summary()}
    assert (rows["conv1"].output_shape, rows["pool1"].output_shape) == ((3, *image), (3, *pooled))
    assert network.parameters["affine1.weight"].shape == (7, 3 * pooled[0] * pooled[1])
    x = np.zeros((2, *network.input_shape), np.float32)
    assert network.forward(x).shape == (2, 5)


@pytest.mark.parametrize(("init", "deviation"), [("he", (2 / 4320) ** 0.5), (0.01, 0.01)])
def test_init_decides_the_scale_of_the_weights(init: str | float, deviation: float) -> None:
    parameters = SimpleConvNet(init=init).parameters
    # The deviation of 432,000 draws has a relative error of 1 / √864,000, about 0.001.
    assert parameters["affine1.weight"].std() == pytest.approx(deviation, rel=0.005)
    scales = [parameters[f"{name}.weight"].std() for name in ("conv1", "affine2")]
    wanted = [0.01, 0.01] if init == 0.01 else [(2 / 25) ** 0.5, (2 / 100) ** 0.5]
    assert scales == pytest.approx(wanted, rel=0.1)


FITS = "must be a kernel that fits the padded image of"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kernel_size": 29}, f"conv1: Conv2d: kernel_size {FITS} 28 pixels, got 29 pixels (image 28)"),
        (
            {"kernel_size": (3, 33), "padding": (0, 2)},
            f"conv1: Conv2d: kernel_size {FITS} 32 pixels, got 33 pixels (image 28)",
        ),
        (
            {"kernel_size": 20, "pool_size": 10},
            f"pool1: MaxPool2d: kernel_size {FITS} 9 pixels, got 10 pixels (image 9)",
        ),
        ({"kernel_size": 0}, "conv1: Conv2d: kernel_size must be at least 1, got 0"),
        ({"stride": 0}, "conv1: Conv2d: stride must be at least 1, got 0"),
        ({"padding": -1}, "conv1: Conv2d: padding must be at least 0, got -1"),
        ({"filters": 0}, "conv1: Conv2d: out_channels must be at least 1, got 0"),
        ({"pool_size": 0}, "pool1: MaxPool2d: kernel_size must be at least 1, got 0"),
        ({"hidden": 0}, "affine1: Linear: out_features must be at least 1, got 0"),
        ({"classes": 0}, "affine2: Linear: out_features must be at least 1, got 0"),
        (
            {"init": "lecun"},
            "conv1: initial_weight: init must be one of he, xavier, or a standard deviation above 0, got 'lecun'",
        ),
        ({"input_shape": (28, 28)}, "input_shape must be (C, H, W), got (28, 28)"),
    ],
)
def test_an_impossible_setting_is_refused_with_the_sizes(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'SimpleConvNet: {message}')}$"):
        untyped(**settings)
