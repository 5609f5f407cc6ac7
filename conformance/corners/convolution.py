"""Corners of the convolutions and of im2col."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.case import Case, Shape
from conformance.corners.images import BLOCKS, images
from conformance.space import transposed_im2col

# Image and weight (filters, channels, kernel), and the limit that they are past.
_LIMITS: tuple[tuple[Shape, Shape, str], ...] = (
    ((1, 1, 1, 260), (1, 1, 1, 2), "columns past 8 bits"),
    ((1, 260, 1, 2), (1, 260, 1, 1), "channels past 8 bits"),
    ((1, 1, 1, 2), (260, 1, 1, 1), "filters past 8 bits"),
    ((1, 257, 1, 1), (256, 257, 1, 1), "offsets into the weight past 16 bits"),
    ((1, 8, 2, 3), (8, 8, 2, 2), "channels and filters in eights, as matrix units take them"),
)
_LIMITS_OF_ROWS: tuple[tuple[Shape, Shape, str], ...] = (
    ((1, 1, 260, 1), (1, 1, 2, 1), "rows past 8 bits"),
    ((2, 1, 9, 3), (2, 1, 7, 2), "a high kernel"),
)


def _convolution(operator: str, x: Shape, weight: Shape, note: str, **attributes: Any) -> Iterator[Case]:
    """Make the problem with a bias in both element types."""
    groups = attributes.get("groups", 1)
    filters = weight[1] * groups if operator == "conv_transpose2d" else weight[0]
    for dtype in ("float64", "float32"):
        yield Case(operator, {"x": x, "weight": weight, "bias": (filters,)}, attributes, dtype=dtype, note=note)


def convolution_sizes(operator: str) -> Iterator[Case]:
    """Batches, channels, filters, images and sums past the usual blocks."""
    flat = operator == "conv1d"

    def shape(channels_first: Shape) -> Shape:
        return (*channels_first[:2], channels_first[-1]) if flat else channels_first

    def weight(filters: int, channels: int, *kernel: int) -> Shape:
        first, second = (channels, filters) if operator == "conv_transpose2d" else (filters, channels)
        return (first, second, kernel[-1]) if flat else (first, second, *kernel)

    for x, note in BLOCKS.values():
        yield from _convolution(operator, shape(x), weight(2, x[1], 2, 2), note, padding=1)
    yield from _convolution(operator, shape((1, 2, 2, 3)), weight(35, 2, 1, 2), "filters past blocks of 16 and 32")
    yield from _convolution(operator, shape((1, 1, 2, 2)), weight(131, 1, 1, 1), "filters past blocks of 64 and 128")
    terms = weight(2, 70, 3, 9 if flat else 3)
    yield from _convolution(operator, shape((1, 70, 3, 11 if flat else 4)), terms, "more than 512 terms in a sum")
    kernel = (9,) if flat else (3, 3)
    for channels, note in ((131, "more than 1024 terms in a sum"), (460, "more than 4096 terms in a sum")):
        image = shape((1, channels, 3, 10 if flat else 4))
        yield from _convolution(operator, image, weight(1, channels, *kernel), note)
    yield from _convolution(operator, shape((2, 1, 3, 9)), weight(2, 1, 2, 7), "a wide kernel", padding=1)
    large = "a kernel above the 11 of AlexNet's first layer"
    yield from _convolution(operator, shape((1, 1, 13, 14)), weight(1, 1, 11, 12), large)
    yield from _convolution(operator, shape((3, 3, 3, 3)), weight(3, 3, 3, 3), "all sizes coincide", padding=1)
    yield from _convolution(operator, shape((2, 3, 7, 11)), weight(5, 3, 4, 6), "no two sizes coincide", stride=2)
    groups = shape((2, 34, 2, 3))
    depthwise = weight(34, 1, 1, 2) if operator != "conv_transpose2d" else (34, 1, 1, 2)
    yield from _convolution(operator, groups, depthwise, "depthwise, past blocks of 16 and 32", groups=34)
    for image, first, note in (*_LIMITS, *(() if flat else _LIMITS_OF_ROWS)):
        yield from _convolution(operator, shape(image), weight(*first), note)
    if not flat:
        # As few products as that takes, for implementations that loop over them.
        channels, filters = (1, 2) if operator == "conv_transpose2d" else (2, 1)
        pieces = weight(filters, channels, 5, 5)
        yield from _convolution(operator, (1, channels, 76, 78), pieces, "windows of more than 2 MiB in float64")
    for case in _convolution(operator, shape((4, 6, 3, 4)), weight(2, 6, 2, 2), "pixels that are zero"):
        yield case.but(data="ties")


def convolution_shapes(operator: str) -> Iterator[Case]:
    """Yield windows in the padding alone, strides above the kernel, padding on one side."""
    flat = operator == "conv1d"
    one = (1, 1, 1) if flat else (1, 1, 1, 1)
    kernel = (1, 1, 2) if flat else (1, 1, 2, 2)
    yield from _convolution(operator, one, one, "one number, one weight")
    if operator == "conv_transpose2d":
        yield from _convolution(operator, one, kernel, "padding cuts all but one pixel", padding=((1, 0), (0, 1)))
        yield from _convolution(operator, (1, 1, 2, 3), kernel, "gaps between the pixels", stride=(3, 4))
        yield from _convolution(
            operator,
            (1, 2, 2, 3),
            (2, 1, 2, 2),
            "output_padding above the stride",
            dilation=4,
            output_padding=(3, 2),
        )
        yield from _convolution(
            operator, (1, 2, 2, 3), (2, 1, 1, 1), "kernel below the stride", stride=2, output_padding=1
        )
        return
    yield from _convolution(operator, one, kernel, "windows that lie in the padding alone", padding=5)
    wide_padding = (9, 10) if flat else ((9, 10), (11, 9))
    yield from _convolution(operator, one, kernel, "more padding than most need", padding=wide_padding)
    wide = (1, 2, 11) if flat else (1, 2, 9, 11)
    weight = (2, 2, 2) if flat else (2, 2, 2, 2)
    yield from _convolution(operator, wide, weight, "a stride above the kernel", stride=3)
    yield from _convolution(operator, wide, weight, "a stride above the image", stride=20)
    yield from _convolution(
        operator, wide, weight, "a dilated kernel as wide as the padded image", dilation=10, padding=1
    )
    side = (0, 4) if flat else ((0, 0), (0, 4))
    yield from _convolution(operator, wide, weight, "padding on one side alone", padding=side)


def im2col_sizes(operator: str) -> Iterator[Case]:
    """Yield im2col and col2im past the usual blocks."""
    for shape, note in (*BLOCKS.values(), ((3, 3, 3, 3), "all sizes coincide")):
        for case in images("im2col", note, shape, "uniform", kernel_size=(2, 3), padding=(1, 2), stride=(1, 2)):
            yield case if operator == "im2col" else transposed_im2col(case)
    note = "padding at the top and at the right alone"
    for case in images("im2col", note, (2, 2, 3, 4), "uniform", kernel_size=2, padding=((3, 0), (0, 2))):
        yield case if operator == "im2col" else transposed_im2col(case)
