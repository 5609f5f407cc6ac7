"""Corners of the convolutions and of im2col."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.case import Case, Shape
from conformance.corners.images import BLOCKS, LONG, ONE_SIDED, convolution, images
from conformance.space import transposed_im2col


def _as_flat(shape: Shape) -> Shape:
    """Return the shape of the problem along the width alone."""
    return (*shape[:2], shape[-1])


def _arrangement(operator: str) -> tuple[Callable[[Shape], Shape], Callable[..., Shape]]:
    """Return how an operator arranges an image, and a weight of so many filters, channels and cells."""
    flat = operator == "conv1d"

    def weight(filters: int, channels: int, *kernel: int) -> Shape:
        arranged = (channels, filters) if operator == "conv_transpose2d" else (filters, channels)
        return (*arranged, kernel[-1]) if flat else (*arranged, *kernel)

    return (_as_flat if flat else tuple), weight


def convolution_sizes(operator: str) -> Iterator[Case]:
    """Yield batches, channels, filters, images and sums past the usual blocks, and past what some counters hold."""
    yield from _blocks(operator)
    yield from _long_sums(operator)
    yield from _limits(operator)


def _blocks(operator: str) -> Iterator[Case]:
    image, weight = _arrangement(operator)
    for x, note in BLOCKS.values():
        yield from convolution(operator, image(x), weight(2, x[1], 2, 2), note, padding=1)
    for x, note in LONG:
        first = weight(2, x[1], 2, 2)
        yield from convolution(operator, image(x), first, f"{note}, with a stride", padding=1, stride=2)
        yield from convolution(operator, image(x), first, f"{note}, with dilation", padding=1, dilation=2)
        twice = (x[0], 2 * x[1], *x[2:])
        first = weight(1, twice[1], 2, 2) if operator == "conv_transpose2d" else weight(2, x[1], 2, 2)
        yield from convolution(operator, image(twice), first, f"{note}, in two groups", padding=1, groups=2)
    yield from convolution(operator, image((1, 2, 2, 3)), weight(35, 2, 1, 2), "filters past blocks of 16 and 32")
    yield from convolution(operator, image((2, 1, 3, 9)), weight(2, 1, 2, 7), "a wide kernel", padding=1)
    if operator != "conv1d":
        yield from convolution(operator, (2, 1, 9, 3), weight(2, 1, 7, 2), "a high kernel")
    yield from convolution(operator, image((3, 3, 3, 3)), weight(3, 3, 3, 3), "all sizes coincide", padding=1)
    yield from convolution(operator, image((2, 3, 7, 11)), weight(5, 3, 4, 6), "no two sizes coincide", stride=2)
    for size in (8, 32):
        note = f"channels and filters in numbers of {size}, as matrix units take them"
        yield from convolution(operator, image((1, size, 2, 3)), weight(size, size, 2, 2), note)
    for groups, x, note in (
        (34, (2, 34, 2, 3), "depthwise, past blocks of 16 and 32"),
        (259, (1, 259, 1, 2), "depthwise, groups past 8 bits"),
    ):
        depthwise = (groups, 1, 2) if operator == "conv1d" else (groups, 1, 1, 2)
        yield from convolution(operator, image(x), depthwise, note, groups=groups)
    for case in convolution(operator, image((4, 6, 3, 4)), weight(2, 6, 2, 2), "pixels that are zero"):
        yield case.but(data="ties")


def _long_sums(operator: str) -> Iterator[Case]:
    image, weight = _arrangement(operator)
    kernel, width = ((9,), 10) if operator == "conv1d" else ((3, 3), 4)
    for filters, channels, note in (
        (2, 70, "more than 512 terms in a sum"),
        (1, 131, "more than 1024 terms in a sum"),
        (1, 460, "more than 4096 terms in a sum"),
        (460, 1, "filters past 8 bits, and more than 4096 terms in a sum over them"),
    ):
        yield from convolution(operator, image((1, channels, 3, width)), weight(filters, channels, *kernel), note)


def _limits(operator: str) -> Iterator[Case]:
    image, weight = _arrangement(operator)
    flat = operator == "conv1d"
    for x, filters, note in (
        ((1, 257, 1, 1), 256, "offsets into the weight past 16 bits"),
        ((259, 257, 1, 1), 1, "offsets into the batch past 16 bits"),
        ((259, 1, 1, 1), 257, "offsets into the output past 16 bits"),
    ):
        yield from convolution(operator, image(x), weight(filters, x[1], 1, 1), note)
    kernel = (260,) if flat else (17, 16)
    large = "a kernel above the 11 of AlexNet's first layer, of more than 256 cells"
    yield from convolution(operator, image((1, 1, 18, kernel[-1] + 2)), weight(1, 1, *kernel), large)
    # No larger: a right implementation may write the convolution as a matrix of pixels by pixels.
    if flat:
        yield from convolution(operator, (1, 1, 4200), weight(1, 1, 1, 2), "more than 4096 pixels")
    else:
        # As few products as that takes, for implementations that loop over them.
        channels, filters = (1, 2) if operator == "conv_transpose2d" else (2, 1)
        pieces = weight(filters, channels, 5, 5)
        yield from convolution(operator, (1, channels, 76, 78), pieces, "windows of more than 2 MiB in float64")
    wide, one = image((1, 16, 1 if flat else 64, 4200 if flat else 66)), weight(1, 16, *(1,) * (1 if flat else 2))
    yield from convolution(operator, wide, one, "offsets into a sample past 16 bits")


def convolution_shapes(operator: str) -> Iterator[Case]:
    """Yield windows in the padding alone, strides above the kernel, padding on one side."""
    one = (1, 1, 1) if operator == "conv1d" else (1, 1, 1, 1)
    yield from convolution(operator, one, one, "one number, one weight")
    yield from _transposed_shapes(operator) if operator == "conv_transpose2d" else _sliding_shapes(operator, one)


def _transposed_shapes(operator: str) -> Iterator[Case]:
    kernel, weight = (1, 1, 2, 2), (2, 1, 2, 2)
    padding = ((1, 0), (0, 1))
    yield from convolution(operator, (1, 1, 1, 1), kernel, "padding cuts all but one pixel", padding=padding)
    wide_padding = ((9, 10), (11, 9))
    yield from convolution(operator, (1, 1, 20, 22), kernel, "more padding than most need", padding=wide_padding)
    yield from convolution(operator, (1, 1, 2, 3), kernel, "gaps between the pixels", stride=(3, 4))
    for note, attributes in (
        ("output_padding above the stride", {"dilation": 4, "output_padding": (3, 2)}),
        ("a stride and an output_padding above 16", {"stride": (19, 20), "output_padding": (18, 17)}),
        ("a dilation above 16", {"dilation": (17, 18)}),
        ("an output_padding that padding cuts again", {"stride": 3, "padding": 2, "output_padding": 2, "groups": 2}),
        ("two groups, output_padding alone", {"stride": (3, 2), "output_padding": (2, 1), "groups": 2}),
    ):
        yield from convolution(operator, (1, 2, 4, 3), weight, note, **attributes)
    yield from convolution(
        operator, (2, 8, 2, 3), (8, 3, 2, 2), "four groups of two channels and three filters", groups=4
    )
    together = "a stride and a dilation that are the same"
    yield from convolution(operator, (1, 2, 4, 3), weight, together, stride=3, dilation=3)
    in_groups = {"stride": (2, 3), "groups": 2}
    yield from convolution(
        operator, (1, 4, 3, 4), (4, 3, 2, 3), "a kernel as large as the stride, in groups", **in_groups
    )
    for note, attributes in ONE_SIDED:
        yield from convolution(operator, (2, 2, 4, 5), weight, note, **attributes)
    below = "kernel below the stride"
    yield from convolution(operator, (1, 2, 2, 3), (2, 1, 1, 1), below, stride=2, output_padding=1)


def _sliding_shapes(operator: str, one: Shape) -> Iterator[Case]:
    image, weight = _arrangement(operator)
    flat = operator == "conv1d"
    kernel, wide, small = weight(1, 1, 2, 2), image((1, 2, 9, 11)), weight(2, 2, 2, 2)
    behind, front = ((0, 2), (2, 0)) if flat else (((0, 1), (0, 2)), ((2, 0), (1, 0)))
    yield from convolution(operator, one, kernel, "windows that lie in the padding alone", padding=5)
    for x, first, note, attributes in (
        (one, kernel, "more padding than most need", {"padding": (9, 10) if flat else ((9, 10), (11, 9))}),
        (wide, small, "a stride above the kernel", {"stride": 3}),
        (wide, small, "a stride and a dilation that are the same", {"stride": 3, "dilation": 3}),
        (wide, small, "a stride above the image", {"stride": 20}),
        (wide, small, "a dilated kernel as wide as the padded image", {"dilation": 10, "padding": 1}),
        (image((1, 2, 19, 20)), small, "a dilation above 16", {"dilation": 17 if flat else (17, 18)}),
        (image((2, 4, 3, 4)), weight(12, 1, 2, 2), "three filters a channel, depthwise", {"groups": 4}),
        (image((2, 8, 3, 4)), weight(12, 2, 2, 2), "four groups of two channels and three filters", {"groups": 4}),
        (image((2, 2, 3, 4)), weight(3, 2, 1, 1), "one weight a pair, padding behind alone", {"padding": behind}),
        (image((2, 2, 3, 4)), weight(3, 2, 1, 1), "one weight a pair, padding in front alone", {"padding": front}),
        (
            image((1, 4, 6, 9)),
            weight(6, 2, 2, 3),
            "a kernel as large as the stride, in groups",
            {"stride": 3 if flat else (2, 3), "groups": 2},
        ),
        (
            image((2, 4, 3, 4)),
            weight(6, 2, 1, 1),
            "one weight a pair, in groups, with a stride and padding",
            {"stride": 2, "padding": 1, "groups": 2},
        ),
        (wide, small, "padding on one side alone", {"padding": (0, 4) if flat else ((0, 0), (0, 4))}),
    ):
        yield from convolution(operator, x, first, note, **attributes)
    for note, attributes in () if flat else ONE_SIDED:
        yield from convolution(operator, (2, 2, 4, 5), small, note, **attributes)


# A note, an image and attributes.
_IM2COL: tuple[tuple[str, Shape, dict[str, Any]], ...] = (
    ("offsets past 16 bits", (259, 64, 2, 2), {"kernel_size": (1, 2)}),
    ("offsets into a sample past 16 bits", (1, 16, 64, 66), {"kernel_size": 1}),
    ("more than 4096 cells in a window of all channels", (1, 460, 3, 4), {"kernel_size": 3}),
    ("a kernel above the 11 of AlexNet's first layer", (1, 2, 18, 18), {"kernel_size": (17, 16)}),
    ("a stride above 16", (1, 2, 20, 23), {"kernel_size": 2, "stride": (17, 20)}),
    ("a dilation above 16", (1, 2, 19, 20), {"kernel_size": 2, "dilation": (17, 18)}),
    *((note, (2, 2, 4, 5), {"kernel_size": 2, **attributes}) for note, attributes in ONE_SIDED),
    ("a kernel of one cell, with a stride and padding", (2, 2, 4, 5), {"kernel_size": 1, "stride": 3, "padding": 1}),
    ("a stride and a dilation that are the same", (2, 2, 7, 8), {"kernel_size": 2, "stride": 3, "dilation": 3}),
    ("padding at the top and at the right alone", (2, 2, 3, 4), {"kernel_size": 2, "padding": ((3, 0), (0, 2))}),
    ("more padding than most need", (1, 2, 2, 3), {"kernel_size": 2, "padding": ((9, 10), (11, 9))}),
)


def im2col_sizes(operator: str) -> Iterator[Case]:
    """Yield im2col and col2im past the usual blocks."""
    for case in _im2col():
        yield case if operator == "im2col" else transposed_im2col(case)


def _im2col() -> Iterator[Case]:
    for shape, note in (*BLOCKS.values(), ((3, 3, 3, 3), "all sizes coincide")):
        yield from images("im2col", note, shape, "uniform", kernel_size=(2, 3), padding=(1, 2), stride=(1, 2))
    for shape, note in LONG:
        yield from images("im2col", f"{note}, with dilation", shape, "uniform", kernel_size=2, padding=1, dilation=2)
    for note, x, attributes in _IM2COL:
        yield from images("im2col", note, x, "uniform", **attributes)
