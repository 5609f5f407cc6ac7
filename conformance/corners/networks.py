"""Layers with the kernels, strides and paddings of well-known networks, on small images of few channels.

Fast code is often written for exactly these, and its tiles leave a remainder on these images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from conformance.case import Case, Shape
from conformance.corners.images import convolution, images

# Each pixel that comes out is one of every second row and column.
_HALVED = {"stride": 2, "padding": 1}

# A note, an image, a weight and attributes.
_Layer = tuple[str, Shape, Shape, dict[str, Any]]

_CONVOLUTIONS: Mapping[str, tuple[_Layer, ...]] = MappingProxyType(
    {
        "conv1d": (
            ("three frames, as in Whisper's first layer", (2, 4, 13), (3, 4, 3), {"padding": 1}),
            ("three frames, every second, as in Whisper", (2, 3, 14), (3, 3, 3), _HALVED),
            ("ten samples, every fifth, as in wav2vec", (1, 1, 63), (3, 1, 10), {"stride": 5}),
            ("dilated, as in WaveNet", (1, 2, 21), (4, 2, 2), {"dilation": 4, "padding": (4, 0)}),
            (
                "dilated and depthwise, as in a causal Conv-TasNet",
                (1, 3, 14),
                (3, 1, 3),
                {"dilation": 2, "padding": (4, 0), "groups": 3},
            ),
        ),
        "conv2d": (
            # Of every remainder by tiles of 2×2 and 4×4, both ways, and of none.
            *(
                ("3×3, as in VGG", (2, 3, *image), (4, 3, 3, 3), {"padding": 1})
                for image in ((13, 14), (15, 13), (14, 15), (16, 16))
            ),
            ("5×5, as in LeNet", (2, 3, 10, 11), (4, 3, 5, 5), {}),
            ("AlexNet's first layer", (1, 3, 23, 27), (2, 3, 11, 11), {"stride": 4, "padding": 2}),
            ("5×5 in two groups, as in AlexNet", (1, 4, 9, 10), (6, 2, 5, 5), {"padding": 2, "groups": 2}),
            ("ResNet's first layer", (1, 3, 15, 18), (2, 3, 7, 7), {"stride": 2, "padding": 3}),
            ("3×3 with stride 2, as in ResNet", (2, 3, 13, 14), (4, 3, 3, 3), _HALVED),
            ("1×1, as in NiN", (2, 5, 7, 9), (6, 5, 1, 1), {}),
            ("1×1 with stride 2, as in ResNet", (2, 3, 7, 8), (4, 3, 1, 1), {"stride": 2}),
            ("1×7, as in Inception", (1, 3, 4, 11), (2, 3, 1, 7), {"padding": (0, 3)}),
            ("7×1, as in Inception", (1, 3, 11, 4), (2, 3, 7, 1), {"padding": (3, 0)}),
            ("depthwise 3×3, as in MobileNet", (2, 5, 13, 14), (5, 1, 3, 3), {"padding": 1, "groups": 5}),
            ("depthwise with stride, as in MobileNet", (2, 5, 13, 14), (5, 1, 3, 3), {**_HALVED, "groups": 5}),
            (
                "padding behind alone, as in EfficientNet",
                (1, 5, 14, 12),
                (2, 5, 3, 3),
                {**_HALVED, "padding": ((0, 1), (0, 1))},
            ),
            (
                "depthwise with padding behind alone, as in Keras's MobileNet",
                (1, 5, 14, 12),
                (5, 1, 3, 3),
                {**_HALVED, "padding": ((0, 1), (0, 1)), "groups": 5},
            ),
            ("two filters a channel, as in Xception", (2, 5, 6, 7), (10, 1, 3, 3), {"padding": 1, "groups": 5}),
            ("groups of four, as in ResNeXt", (1, 8, 7, 8), (8, 4, 3, 3), {"padding": 1, "groups": 2}),
            ("dilated 3×3, as in DeepLab", (1, 2, 13, 14), (3, 2, 3, 3), {"padding": 6, "dilation": 6}),
            ("patches, as in ViT", (2, 3, 16, 32), (3, 3, 16, 16), {"stride": 16}),
        ),
        "conv_transpose2d": (
            ("4×4 with stride 2, as in DCGAN", (2, 2, 7, 8), (2, 3, 4, 4), _HALVED),
            ("DCGAN's first layer", (3, 6, 1, 1), (6, 2, 4, 4), {}),
            ("2×2 with stride 2, as in U-Net", (2, 4, 5, 6), (4, 3, 2, 2), {"stride": 2}),
            ("3×3 with output_padding, as in CycleGAN", (1, 4, 7, 6), (4, 3, 3, 3), {**_HALVED, "output_padding": 1}),
            (
                "upsampling by 8 in groups, as in FCN",
                (1, 3, 5, 4),
                (3, 1, 16, 16),
                {"stride": 8, "padding": 4, "groups": 3},
            ),
        ),
    }
)

_POOLS: tuple[tuple[str, Shape, dict[str, Any]], ...] = (
    ("2×2, as in LeNet", (2, 3, 8, 10), {"kernel_size": 2}),
    ("3×3 with stride 2, as in AlexNet", (2, 3, 13, 15), {"kernel_size": 3, "stride": 2}),
    ("3×3 with stride 2 and padding, as in ResNet", (2, 3, 14, 15), {"kernel_size": 3, **_HALVED}),
    ("3×3 that overhangs, as in SqueezeNet", (2, 3, 14, 16), {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    ("3×3 with stride 1, as in Inception", (2, 3, 7, 8), {"kernel_size": 3, "stride": 1, "padding": 1}),
    ("all of 7×7, as in ResNet's last", (2, 5, 7, 7), {"kernel_size": 7}),
    ("all of 13×13, as in SqueezeNet's last", (4, 2, 13, 13), {"kernel_size": 13}),
    ("13×13 with stride 1, as in YOLO's pyramid", (1, 2, 13, 14), {"kernel_size": 13, "stride": 1, "padding": 6}),
)


def convolutions_of_networks(operator: str) -> Iterator[Case]:
    """Yield layers of published networks with the convolution."""
    for note, x, weight, attributes in _CONVOLUTIONS[operator]:
        yield from convolution(operator, x, weight, note, **attributes)


def pools_of_networks(operator: str, data: str) -> Iterator[Case]:
    """Yield layers of published networks with the pool."""
    for note, x, attributes in _POOLS:
        yield from images(operator, note, x, data, **attributes)
