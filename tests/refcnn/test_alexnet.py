"""AlexNet against its known numbers, and the small one of the same form."""

import re
from typing import Any

import numpy as np
import pytest

from refcnn.layers import Conv2d, Dropout, LocalResponseNorm
from refcnn.models import AlexNet, small_alexnet

untyped: Any = AlexNet

# Krizhevsky et al. (2012), section 3.5: the sizes of the kernels and layers; the numbers follow from them.
KNOWN = {
    "conv1": (34_944, (96, 55, 55)),
    "conv2": (307_456, (256, 27, 27)),
    "conv3": (885_120, (384, 13, 13)),
    "conv4": (663_936, (384, 13, 13)),
    "conv5": (442_624, (256, 13, 13)),
    "fc6": (37_752_832, (4096,)),
    "fc7": (16_781_312, (4096,)),
    "fc8": (4_097_000, (1000,)),
}


@pytest.fixture(scope="module")
def published() -> AlexNet:
    """Build the network of the paper once: its weights are 240 MB."""
    return AlexNet()


@pytest.mark.no_cover
def test_parameters_are_the_known_ones(published: AlexNet) -> None:
    rows = published.summary()
    assert {row.name: (row.parameters, row.output_shape) for row in rows if row.parameters} == KNOWN
    assert published.parameter_count == 60_965_224


@pytest.mark.no_cover
def test_multiply_adds_follow_from_the_weights_and_pixels(published: AlexNet) -> None:
    wanted = {
        name: (parameters - shape[0]) * int(np.prod(shape[1:], dtype=int))
        for name, (parameters, shape) in KNOWN.items()
    }
    assert {row.name: row.multiply_adds for row in published.summary() if row.multiply_adds} == wanted


def test_an_image_gets_a_thousand_logits(published: AlexNet) -> None:
    x = np.random.default_rng(0).standard_normal((1, 3, 227, 227)).astype(np.float32)
    y = published.forward(x)
    assert (y.shape, y.dtype) == ((1, 1000), np.dtype(np.float32))
    assert y.std() > 0.1
    assert np.isfinite(y).all()


def test_the_published_weights_begin_with_the_papers_deviation_and_biases(published: AlexNet) -> None:
    deviations = [array.std() for name, array in published.parameters.items() if name.endswith("weight")]
    assert deviations == pytest.approx([0.01] * 8, rel=0.02)
    biases = {name: set(array.tolist()) for name, array in published.parameters.items() if name.endswith("bias")}
    ones = {f"{name}.bias" for name in ("conv2", "conv4", "conv5", "fc6", "fc7")}
    assert biases == {name: {1.0} if name in ones else {0.0} for name in biases}


def test_the_order_of_the_layers_is_the_papers() -> None:
    for network in (small_alexnet(), AlexNet((1, 67, 67), filters=(2, 2, 2, 2, 2), hidden=2, classes=2)):
        assert " ".join(network.layers) == (
            "conv1 relu1 norm1 pool1 conv2 relu2 norm2 pool2 conv3 relu3 conv4 relu4 conv5 relu5 pool5 "
            "flatten fc6 relu6 dropout6 fc7 relu7 dropout7 fc8"
        )


def test_response_normalisation_is_the_papers_formula() -> None:
    layer = small_alexnet().layers["norm1"]
    assert isinstance(layer, LocalResponseNorm)
    a = np.random.default_rng(0).standard_normal((1, 7, 1, 1)) * 100
    # Section 3.3: b[i] = a[i] / (k + α · Σ a[j]²)^β over j = i − 2 … i + 2, k = 2, α = 10⁻⁴, β = 0.75.
    sums = [float((a[0, max(0, i - 2) : i + 3] ** 2).sum()) for i in range(7)]
    want = [float(a[0, i, 0, 0]) / (2 + 1e-4 * sums[i]) ** 0.75 for i in range(7)]
    assert layer.forward(a).ravel().tolist() == pytest.approx(want, rel=1e-12)


def test_three_convolutions_have_two_groups() -> None:
    layers = small_alexnet().layers.items()
    groups = {name: layer.groups for name, layer in layers if isinstance(layer, Conv2d)}
    assert groups == {"conv1": 1, "conv2": 2, "conv3": 1, "conv4": 2, "conv5": 2}


def test_settings_reach_their_layers() -> None:
    network = small_alexnet((2, 21, 20), filters=(2, 4, 6, 8, 10), hidden=7, classes=3, dropout=0.125, rng=1)
    rows = {row.name: row.output_shape for row in network.summary() if row.parameters}
    assert rows == {
        "conv1": (2, 21, 20),
        "conv2": (4, 10, 9),
        "conv3": (6, 4, 4),
        "conv4": (8, 4, 4),
        "conv5": (10, 4, 4),
        "fc6": (7,),
        "fc7": (7,),
        "fc8": (3,),
    }
    assert [layer.p for layer in network.layers.values() if isinstance(layer, Dropout)] == [0.125, 0.125]
    paper = AlexNet((1, 67, 67), filters=(2, 2, 2, 2, 2), hidden=2, classes=2)
    assert [layer.p for layer in paper.layers.values() if isinstance(layer, Dropout)] == [0.5, 0.5]
    assert not any(array.any() for name, array in network.parameters.items() if name.endswith("bias"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"filters": (2, 2, 2, 2)}, "filters must be five ints, got (2, 2, 2, 2)"),
        ({"filters": 96}, "filters must be five ints, got 96"),
        ({"filters": (3, 2, 2, 2, 2)}, "conv2: Conv2d: groups must be a divisor of in_channels = 3, got 2"),
        ({"filters": (2, 2, 2, 2, 5)}, "conv5: Conv2d: groups must be a divisor of out_channels = 5, got 2"),
        (
            {"filters": (2, 2, 2, 2, 2), "input_shape": (1, 59, 67)},
            "pool5: MaxPool2d: kernel_size must be a kernel that fits the padded image of 2 pixels, "
            "got 3 pixels (image 2)",
        ),
        (
            {"filters": (2, 2, 2, 2, 2), "input_shape": (1, 67, 67), "dropout": 1.0},
            "dropout6: Dropout: p must be in [0, 1), got 1.0",
        ),
    ],
)
def test_an_impossible_setting_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'AlexNet: {message}')}$"):
        untyped(**settings)
