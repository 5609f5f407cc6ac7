"""Problems of the same shapes that differ in one attribute, one after the other.

Code that keeps what it worked out for a shape finds itself wrong where its key leaves one of them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from conformance.case import Case, Shape
from conformance.space import transposed_im2col

_NOTE = "the shapes of the case before, and another attribute"
_Attributes = list[dict[str, Any]]
_STRIDES: _Attributes = [{"stride": stride} for stride in (1, (2, 1), (1, 2), (2, 2))]
_DILATIONS: _Attributes = [{"dilation": dilation} for dilation in ((2, 1), (1, 2), (2, 2))]
_PADDINGS: _Attributes = [
    {"padding": padding}
    for padding in ((1, 0), (0, 1), ((1, 0), (0, 0)), ((0, 1), (0, 0)), ((0, 0), (1, 0)), ((0, 0), (0, 1)))
]
_OUTPUT_PADDINGS: _Attributes = [{"stride": 2, "output_padding": extra} for extra in ((1, 0), (0, 1))]
_FLAT: _Attributes = [{"stride": 2}, {"dilation": 2}, *({"padding": padding} for padding in (1, (1, 0), (0, 1)))]
_IMAGE = (2, 2, 7, 8)
_KERNEL = {"kernel_size": (2, 3)}

# Shapes, attributes of all, and what differs.
_FAMILIES: Mapping[str, tuple[dict[str, Shape], dict[str, Any], _Attributes]] = MappingProxyType(
    {
        "im2col": ({"x": _IMAGE}, _KERNEL, [*_STRIDES, *_DILATIONS, *_PADDINGS, {"kernel_size": (3, 2)}]),
        "conv1d": ({"x": (2, 2, 9), "weight": (2, 2, 3)}, {}, _FLAT),
        "conv2d": ({"x": _IMAGE, "weight": (2, 2, 2, 3)}, {}, [*_STRIDES, *_DILATIONS, *_PADDINGS]),
        "conv_transpose2d": (
            {"x": _IMAGE, "weight": (2, 2, 2, 3)},
            {},
            [*_STRIDES, *_DILATIONS, *_PADDINGS, *_OUTPUT_PADDINGS],
        ),
        "max_pool2d": (
            {"x": _IMAGE},
            _KERNEL,
            [*_STRIDES, *_DILATIONS, *_PADDINGS, {"ceil_mode": True}, {"kernel_size": (3, 2)}],
        ),
        "avg_pool2d": (
            {"x": _IMAGE},
            _KERNEL,
            [
                *_STRIDES,
                *_PADDINGS,
                {"ceil_mode": True},
                {"padding": 1, "count_include_pad": False},
                {"padding": 1},
                {"kernel_size": (3, 2)},
            ],
        ),
        "softmax": ({"x": (2,) * 5}, {}, [{"axis": axis} for axis in range(-5, 5)]),
        "local_response_norm": (
            {"x": (1, 5, 1, 2)},
            {"size": 3},
            [{"size": 5}, {"alpha": 1.0}, {"alpha": 1.0, "beta": 0.5}, {"alpha": 1.0, "k": 2.0}],
        ),
    }
)


def siblings(operator: str) -> Iterator[Case]:
    """Yield the family of an operator, beginning with the attributes that all have."""
    if operator == "col2im":
        yield from map(transposed_im2col, siblings("im2col"))
    elif operator in _FAMILIES:
        shapes, common, different = _FAMILIES[operator]
        for attributes in ({}, *different):
            data = "distinct" if operator == "max_pool2d" else "uniform"
            yield Case(operator, shapes, {**common, **attributes}, data=data, note=_NOTE)
