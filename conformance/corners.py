"""Corners of the configuration space, written by hand, each with the reason why it is there.

``SIZES`` holds sizes at which implementations change their code path, ``SPECIAL`` values that arithmetic treats in its own
way, ``SHAPES`` problems that a formula easily gets wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from conformance.case import Case, Shape

Corners = Mapping[str, tuple[Case, ...]]

_BLOCKS = {
    "batch": ((33, 2, 3, 3), "a batch past blocks of 16 and 32"),
    "large batch": ((131, 1, 2, 2), "a batch past blocks of 64 and 128"),
    "channels": ((1, 35, 2, 2), "channels past blocks of 16 and 32"),
    "many channels": ((1, 131, 2, 3), "channels past blocks of 64 and 128"),
    "width": ((1, 1, 2, 67), "a width past blocks of 16, 32 and 64 that is no multiple of 4"),
    "height": ((1, 1, 67, 2), "a height past blocks of 16, 32 and 64 that is no multiple of 4"),
    "tail": ((2, 2, 5, 19), "a width whose last 3 pixels fill no vector of 4, 8 or 16"),
}


def _convolution(operator: str, x: Shape, weight: Shape, note: str, **attributes: Any) -> Iterator[Case]:
    """Make the problem with a bias in both element types."""
    groups = attributes.get("groups", 1)
    filters = weight[1] * groups if operator == "conv_transpose2d" else weight[0]
    for dtype in ("float64", "float32"):
        yield Case(
            operator, {"x": x, "weight": weight, "bias": (filters,)}, attributes, dtype=dtype, note=note
        )


def _convolution_sizes(operator: str) -> Iterator[Case]:
    """Batches, channels, filters, images and sums past the usual blocks."""
    flat = operator == "conv1d"

    def shape(channels_first: Shape) -> Shape:
        return (*channels_first[:2], channels_first[-1]) if flat else channels_first

    def weight(filters: int, channels: int, *kernel: int) -> Shape:
        first, second = (channels, filters) if operator == "conv_transpose2d" else (filters, channels)
        return (first, second, kernel[-1]) if flat else (first, second, *kernel)

    for x, note in _BLOCKS.values():
        yield from _convolution(operator, shape(x), weight(2, x[1], 2, 2), note, padding=1)
    yield from _convolution(operator, shape((1, 2, 2, 3)), weight(35, 2, 1, 2), "filters past blocks of 16 and 32")
    yield from _convolution(operator, shape((1, 1, 2, 2)), weight(131, 1, 1, 1), "filters past blocks of 64 and 128")
    terms = weight(2, 70, 3, 9 if flat else 3)
    yield from _convolution(operator, shape((1, 70, 3, 11 if flat else 4)), terms, "more than 512 terms in a sum")
    yield from _convolution(operator, shape((2, 1, 3, 9)), weight(2, 1, 2, 7), "a wide kernel", padding=1)
    yield from _convolution(operator, shape((3, 3, 3, 3)), weight(3, 3, 3, 3), "all sizes coincide", padding=1)
    yield from _convolution(operator, shape((2, 3, 7, 11)), weight(5, 3, 4, 6), "no two sizes coincide", stride=2)
    groups = shape((2, 34, 2, 3))
    depthwise = weight(34, 1, 1, 2) if operator != "conv_transpose2d" else (34, 1, 1, 2)
    yield from _convolution(operator, groups, depthwise, "depthwise, past blocks of 16 and 32", groups=34)


def _convolution_shapes(operator: str) -> Iterator[Case]:
    flat = operator == "conv1d"
    one = (1, 1, 1) if flat else (1, 1, 1, 1)
    kernel = (1, 1, 2) if flat else (1, 1, 2, 2)
    yield from _convolution(operator, one, one, "one number, one weight")
    if operator == "conv_transpose2d":
        yield from _convolution(operator, one, kernel, "padding cuts all but one pixel", padding=((1, 0), (0, 1)))
        yield from _convolution(operator, (1, 1, 2, 3), kernel, "gaps between the pixels", stride=(3, 4))
        yield from _convolution(
            operator, (1, 2, 2, 3), (2, 1, 2, 2), "output_padding above the stride", dilation=4, output_padding=(3, 2)
        )
        yield from _convolution(
            operator, (1, 2, 2, 3), (2, 1, 1, 1), "kernel below the stride", stride=2, output_padding=1
        )
        return
    yield from _convolution(operator, one, kernel, "windows that lie in the padding alone", padding=5)
    wide = (1, 2, 11) if flat else (1, 2, 9, 11)
    weight = (2, 2, 2) if flat else (2, 2, 2, 2)
    yield from _convolution(operator, wide, weight, "a stride above the kernel", stride=3)
    yield from _convolution(operator, wide, weight, "a stride above the image", stride=20)
    yield from _convolution(operator, wide, weight, "a dilated kernel as wide as the padded image", dilation=10, padding=1)
    side = (0, 4) if flat else ((0, 0), (0, 4))
    yield from _convolution(operator, wide, weight, "padding on one side alone", padding=side)


def _convolutions() -> tuple[dict[str, tuple[Case, ...]], dict[str, tuple[Case, ...]]]:
    names = ("conv1d", "conv2d", "conv_transpose2d")
    return (
        {name: tuple(_convolution_sizes(name)) for name in names},
        {name: tuple(_convolution_shapes(name)) for name in names},
    )


def _images(operator: str, note: str, shape: Shape, data: str, **attributes: Any) -> Iterator[Case]:
    for dtype in ("float64", "float32"):
        yield Case(operator, {"x": shape}, attributes, dtype=dtype, data=data, note=note)


def _pool_sizes(operator: str, data: str) -> Iterator[Case]:
    for shape, note in _BLOCKS.values():
        yield from _images(operator, note, shape, data, kernel_size=2, padding=1, stride=1)
    yield from _images(operator, "more than 512 cells in a window", (1, 1, 24, 23), data, kernel_size=(24, 23))
    yield from _images(operator, "all sizes coincide", (3, 3, 3, 3), data, kernel_size=3, padding=1)
    yield from _images(operator, "no two sizes coincide", (2, 3, 7, 11), data, kernel_size=(4, 5))


def _pool_shapes(operator: str, data: str) -> Iterator[Case]:
    yield from _images(operator, "the one window overhangs the image", (1, 1, 3, 3), data, kernel_size=2, ceil_mode=True)
    yield from _images(
        operator,
        "the last window would start in the bottom padding, so it is dropped",
        (1, 1, 3, 3),
        data,
        kernel_size=2,
        stride=2,
        padding=1,
        ceil_mode=True,
    )
    yield from _images(
        operator,
        "the last window starts on the last pixel and overhangs the padding",
        (1, 2, 5, 6),
        data,
        kernel_size=3,
        stride=(4, 5),
        padding=((1, 0), (0, 1)),
        ceil_mode=True,
    )
    yield from _images(operator, "pixels that no window covers", (2, 1, 7, 8), data, kernel_size=1, stride=3)
    yield from _images(operator, "windows of one pixel", (2, 3, 3, 2), data, kernel_size=1)
    yield from _images(operator, "an image of one pixel", (1, 1, 1, 1), data, kernel_size=3, stride=1, padding=1)


def _max_pool_shapes() -> Iterator[Case]:
    yield from _pool_shapes("max_pool2d", "distinct")
    yield from _pool_shapes("max_pool2d", "negative")
    for data in ("distinct", "negative"):
        yield from _images(
            "max_pool2d",
            "a dilated window that lies in the padding alone",
            (1, 2, 1, 4),
            data,
            kernel_size=2,
            stride=1,
            padding=1,
            dilation=2,
        )
        yield from _images(
            "max_pool2d", "negative pixels beside padding", (1, 1, 3, 4), data, kernel_size=3, stride=1, padding=1
        )


def _special_max_pool() -> Iterator[Case]:
    for data in ("nan", "infinite", "minus_infinity", "signed_zeros", "extremes", "subnormal"):
        yield from _images("max_pool2d", f"{data} in overlapping windows", (2, 2, 4, 5), data, kernel_size=2, stride=1)
        yield from _images("max_pool2d", f"{data} in windows apart", (2, 3, 4, 6), data, kernel_size=(2, 3))
    yield from _images("max_pool2d", "NaN beside padding", (2, 1, 4, 5), "nan", kernel_size=3, stride=2, padding=1)


def _routing() -> Iterator[Case]:
    pool = "max_pool2d"
    yield from _images(pool, "every order of four values", (24, 1, 2, 2), "orders", kernel_size=2)
    yield from _images(pool, "every order of three in a row", (3, 2, 1, 3), "orders", kernel_size=(1, 3))
    yield from _images(pool, "every order of three in a column", (3, 2, 3, 1), "orders", kernel_size=(3, 1))
    yield from _images(pool, "every pattern of ties of four values", (81, 1, 2, 2), "tie_patterns", kernel_size=2)
    yield from _images(
        pool, "every order, in overlapping windows", (24, 1, 2, 2), "orders", kernel_size=(1, 2), stride=1
    )
    yield from _images(
        pool, "every order, beside padding", (24, 1, 2, 2), "orders", kernel_size=2, stride=1, padding=1
    )
    yield from _images(
        pool, "ties in overlapping windows", (27, 3, 2, 3), "tie_patterns", kernel_size=2, stride=1
    )
    yield from _images(
        pool, "ties beside padding", (9, 9, 2, 2), "tie_patterns", kernel_size=2, stride=1, padding=1
    )
    yield from _images(pool, "ties under dilation", (6, 2, 3, 4), "ties", kernel_size=2, stride=1, dilation=2)
    yield from _images(
        pool, "ties where windows overhang", (6, 2, 4, 4), "ties", kernel_size=3, stride=2, ceil_mode=True
    )
    yield from _images(pool, "NaN and minus infinity", (8, 2, 2, 3), "minus_infinity", kernel_size=2, stride=1)
    yield from _images(pool, "NaN and minus infinity, apart", (8, 2, 2, 4), "minus_infinity", kernel_size=2)


def _pointwise_sizes(operator: str) -> Iterator[Case]:
    for shape, note in (
        ((33, 5), "a batch past blocks of 16 and 32"),
        ((131, 2), "a batch past blocks of 64 and 128"),
        ((2, 67), "features past blocks of 16, 32 and 64 that fill no vector"),
        ((1031,), "more than 1024 numbers"),
        ((2, 3, 5, 19), "a width whose last 3 pixels fill no vector of 4, 8 or 16"),
    ):
        yield from _images(operator, note, shape, "uniform")


def _special_activation(operator: str) -> Iterator[Case]:
    for data in ("nan", "infinite", "extremes", "signed_zeros", "subnormal", "large", "limits"):
        yield from _images(operator, f"{data} among ordinary numbers", (3, 7), data)


def _linear(N: int, D: int, F: int, note: str) -> Iterator[Case]:
    for dtype in ("float64", "float32"):
        yield Case("linear", {"x": (N, D), "weight": (F, D), "bias": (F,)}, dtype=dtype, note=note)


def _linear_sizes() -> Iterator[Case]:
    yield from _linear(33, 3, 2, "a batch past blocks of 16 and 32")
    yield from _linear(131, 2, 1, "a batch past blocks of 64 and 128")
    yield from _linear(2, 3, 131, "outputs past blocks of 64 and 128")
    yield from _linear(2, 601, 3, "more than 512 terms in a sum")
    yield from _linear(2, 19, 5, "a width that fills no vector of 4, 8 or 16")
    yield from _linear(3, 3, 3, "all sizes coincide")
    yield from _linear(4, 4, 2, "as many samples as inputs")
    yield from _linear(3, 2, 3, "as many samples as outputs")


def _softmax_sizes() -> Iterator[Case]:
    yield from _pointwise_sizes("softmax")
    yield from _images("softmax", "all sizes coincide", (3, 3), "confident")
    yield from _images("softmax", "one logit", (4, 1), "uniform")
    yield from _images("softmax", "the first axis of an image", (3, 2, 4, 5), "uniform", axis=1)


def _cross_entropy(N: int, K: int, note: str, data: str = "uniform") -> Iterator[Case]:
    for target in ((N,), (N, K)):
        for dtype in ("float64", "float32"):
            yield Case("cross_entropy", {"logits": (N, K), "target": target}, dtype=dtype, data=data, note=note)


def _cross_entropy_sizes() -> Iterator[Case]:
    yield from _cross_entropy(33, 3, "a batch past blocks of 16 and 32")
    yield from _cross_entropy(131, 2, "a batch past blocks of 64 and 128")
    yield from _cross_entropy(2, 67, "more classes than a block of 64")
    yield from _cross_entropy(2, 1031, "more classes than 1024")
    yield from _cross_entropy(4, 4, "as many samples as classes")
    yield from _cross_entropy(1, 5, "one sample")
    yield from _cross_entropy(3, 1, "one class")


def _special_cross_entropy() -> Iterator[Case]:
    for data, note in (
        ("confident", "probabilities so small that adding 1e-7 to them shows"),
        ("large", "logits of ±1e4: log(softmax) would be minus infinity"),
        ("shifted", "logits near 1e4: exp alone would overflow"),
        ("limits", "logits near the largest number"),
        ("negative", "no positive logit: a maximum that starts at 0 shows"),
    ):
        yield from _cross_entropy(5, 4, note, data)


def _batch_norm(note: str, x: Shape, data: str = "uniform", **attributes: Any) -> Iterator[Case]:
    vectors = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (x[1],))
    for dtype in ("float64", "float32"):
        for training in (True, False):
            yield Case(
                "batch_norm",
                {"x": x, **vectors},
                {"training": training, **attributes},
                dtype=dtype,
                data=data,
                note=note,
            )


def _batch_norm_sizes() -> Iterator[Case]:
    for shape, note in _BLOCKS.values():
        yield from _batch_norm(note, shape)
    yield from _batch_norm("two values a channel: biased and unbiased differ most", (2, 3))
    yield from _batch_norm("one sample", (1, 2, 3, 4))
    yield from _batch_norm("as many samples as channels", (4, 4))
    yield from _batch_norm("all sizes coincide", (3, 3, 3, 3))
    yield from _batch_norm("a row of features", (35, 2))


def _special_batch_norm() -> Iterator[Case]:
    yield from _batch_norm("a large mean with a small variance", (8, 2), "offset")
    yield from _batch_norm("a large mean with a small variance, in images", (2, 3, 2, 3), "offset")
    yield from _batch_norm("channels that are constant: the variance is 0", (4, 3), "constant")
    yield from _batch_norm("channels that are constant, in images", (2, 2, 3, 2), "constant", eps=1e-3)
    yield from _batch_norm("an eps as large as the variance", (5, 2), eps=1.0)
    yield from _batch_norm("magnitudes far apart", (6, 3), "wide")


def _local_response_norm_sizes() -> Iterator[Case]:
    operator = "local_response_norm"
    yield from _images(operator, "the published one", (2, 7, 2, 3), "confident", size=5, alpha=1e-2, k=2.0)
    yield from _images(operator, "an even window reaches further back", (1, 6, 1, 2), "confident", size=4, alpha=1.0)
    yield from _images(operator, "a window of one channel", (1, 4, 2, 2), "confident", size=1, alpha=1.0)
    yield from _images(operator, "a window of two channels", (1, 4, 1, 1), "confident", size=2, alpha=1.0)
    yield from _images(operator, "a window above the channels", (1, 3, 2, 1), "confident", size=9, alpha=1.0)
    yield from _images(operator, "channels past blocks of 16 and 32", (1, 35, 1, 2), "confident", size=3, alpha=1.0)
    yield from _images(operator, "a batch past blocks of 16 and 32", (33, 3, 1, 1), "confident", size=3, alpha=1.0)
    yield from _images(operator, "all sizes coincide", (3, 3, 3, 3), "confident", size=3, alpha=1.0)
    yield from _images(operator, "numbers of which none counts in the sum", (1, 3, 1, 2), "uniform", size=3)


def _im2col_sizes(operator: str) -> Iterator[Case]:
    from conformance.space import transposed_im2col

    for shape, note in (*_BLOCKS.values(), ((3, 3, 3, 3), "all sizes coincide")):
        for case in _images("im2col", note, shape, "uniform", kernel_size=(2, 3), padding=(1, 2), stride=(1, 2)):
            yield case if operator == "im2col" else transposed_im2col(case)


_SIZES_OF_CONVOLUTIONS, _SHAPES_OF_CONVOLUTIONS = _convolutions()

SIZES: Corners = MappingProxyType(
    {
        **_SIZES_OF_CONVOLUTIONS,
        "im2col": tuple(_im2col_sizes("im2col")),
        "col2im": tuple(_im2col_sizes("col2im")),
        "max_pool2d": tuple(_pool_sizes("max_pool2d", "distinct")),
        "avg_pool2d": tuple(_pool_sizes("avg_pool2d", "uniform")),
        "global_avg_pool2d": tuple(
            case
            for shape, note in (*_BLOCKS.values(), ((1, 1, 24, 23), "more than 512 pixels"))
            for case in _images("global_avg_pool2d", note, shape, "uniform")
        ),
        "linear": tuple(_linear_sizes()),
        **{name: tuple(_pointwise_sizes(name)) for name in ("relu", "sigmoid", "tanh")},
        "softmax": tuple(_softmax_sizes()),
        "cross_entropy": tuple(_cross_entropy_sizes()),
        "batch_norm": tuple(_batch_norm_sizes()),
        "local_response_norm": tuple(_local_response_norm_sizes()),
    }
)
SHAPES: Corners = MappingProxyType(
    {
        **_SHAPES_OF_CONVOLUTIONS,
        "max_pool2d": tuple(_max_pool_shapes()),
        "avg_pool2d": tuple(_pool_shapes("avg_pool2d", "uniform")),
    }
)
SPECIAL: Corners = MappingProxyType(
    {
        "max_pool2d": tuple(_special_max_pool()),
        **{name: tuple(_special_activation(name)) for name in ("relu", "sigmoid", "tanh")},
        "softmax": tuple(
            case
            for data in ("large", "shifted", "limits", "negative", "confident")
            for case in _images("softmax", f"{data} logits", (3, 5), data)
        ),
        "cross_entropy": tuple(_special_cross_entropy()),
        "batch_norm": tuple(_special_batch_norm()),
    }
)
ROUTING: tuple[Case, ...] = tuple(_routing())
