"""Widths of every remainder by a vector of 8, under the kernels and strides that fast code is written for.

The last pixels of a row, which fill no vector, are often computed by code of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from conformance.case import Case, Shape

_NOTE = "a width of some remainder by 8"
_WIDTHS = range(9, 17)
_KERNELS = {"conv1d": (3,), "conv2d": (1, 3, 5)}


def _convolutions(operator: str, width: int) -> Iterator[tuple[dict[str, Shape], dict[str, Any]]]:
    """Yield for each kernel, stride and number of groups a convolution with so many outputs in a row."""
    flat = operator == "conv1d"
    for kernel in _KERNELS[operator]:
        for stride in (1, 2):
            # With a stride, the last window ends on the last pixel.
            padding = kernel // 2 if stride == 1 else 0
            image = (width - 1) * stride + kernel - 2 * padding
            for groups in (1, 3):
                cells = (kernel,) if flat else (kernel, kernel)
                x = (1, 3, image) if flat else (1, 3, kernel, image)
                weight = (3, 3 // groups, *cells)
                yield (
                    {"x": x, "weight": weight, "bias": (3,)},
                    {"stride": stride, "padding": padding, "groups": groups},
                )


def _transposed(width: int) -> Iterator[tuple[dict[str, Shape], dict[str, Any]]]:
    for kernel, groups, attributes in (
        (2, 1, {"stride": 2}),
        (3, 3, {"padding": 1}),
        (3, 1, {"stride": 2, "padding": 1, "output_padding": 1}),
        (4, 3, {"stride": 2, "padding": 1}),
    ):
        shapes = {"x": (1, 3, 2, width), "weight": (3, 3 // groups, kernel, kernel), "bias": (3,)}
        yield shapes, {**attributes, "groups": groups}


def _pools(width: int) -> Iterator[tuple[dict[str, Shape], dict[str, Any]]]:
    for kernel in (2, 3):
        for stride in (1, 2):
            image = (width - 1) * stride + kernel
            yield {"x": (1, 2, 4, image)}, {"kernel_size": kernel, "stride": stride}


_OF_WIDTH: Mapping[str, Callable[[int], Iterator[tuple[dict[str, Shape], dict[str, Any]]]]] = MappingProxyType(
    {
        "im2col": lambda width: iter([({"x": (1, 2, 4, width + 2)}, {"kernel_size": 3})]),
        "conv1d": lambda width: _convolutions("conv1d", width),
        "conv2d": lambda width: _convolutions("conv2d", width),
        "conv_transpose2d": _transposed,
        "max_pool2d": _pools,
        "avg_pool2d": _pools,
        "global_avg_pool2d": lambda width: iter([({"x": (1, width, 2, 3)}, {}), ({"x": (1, 2, 2, width)}, {})]),
        # Of every remainder by 16 as well, past a block of 256.
        "linear": lambda width: (
            ({"x": (1, inputs), "weight": (4, inputs), "bias": (4,)}, {}) for inputs in (248 + width, 256 + width)
        ),
    }
)


def tails(operator: str) -> Iterator[Case]:
    """Yield the cases of an operator, in one element type and in the other."""
    for width in _WIDTHS if operator in _OF_WIDTH else ():
        for shapes, attributes in _OF_WIDTH[operator](width):
            for dtype in ("float64", "float32"):
                data = "distinct" if operator == "max_pool2d" else "uniform"
                yield Case(operator, shapes, attributes, dtype=dtype, data=data, note=_NOTE)
