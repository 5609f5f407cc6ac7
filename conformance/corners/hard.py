"""Numbers that careless arithmetic loses, in arrays past the sizes at which fast code begins.

Magnitudes far apart tell a sum of products from a transform, a difference of running sums, and a product of sums;
a large mean with a small variance tells the two passes of a variance from one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.case import Case, Shape

_CONVOLUTIONS: dict[str, tuple[tuple[Shape, Shape, dict[str, Any]], ...]] = {
    "conv1d": (((2, 2, 80), (2, 2, 33), {}), ((2, 17, 9), (18, 17, 3), {"padding": 1})),
    "conv2d": (((2, 2, 17, 18), (2, 2, 11, 12), {}), ((2, 17, 8, 9), (18, 17, 3, 3), {"padding": 1})),
    "conv_transpose2d": (((2, 2, 8, 9), (2, 2, 11, 12), {}), ((2, 17, 6, 7), (17, 18, 3, 3), {"padding": 1})),
}
# An image and attributes.
_IMAGES: dict[str, tuple[tuple[Shape, dict[str, Any]], ...]] = {
    "avg_pool2d": (
        ((2, 2, 18, 19), {"kernel_size": 2, "stride": 1}),
        ((2, 2, 34, 35), {"kernel_size": 9, "stride": 1}),
    ),
    "global_avg_pool2d": (((2, 3, 24, 23), {}),),
    "softmax": (((9, 47), {}), ((52, 21), {}), ((47, 9), {"axis": 0})),
    "local_response_norm": (((1, 35, 1, 3), {"size": 3, "alpha": 1.0, "k": 0.0}),),
    "batch_norm": (((67, 5), {"training": True}), ((35, 2, 3, 3), {"training": True})),
}
_KINDS: dict[str, tuple[str, ...]] = {
    "softmax": ("large", "shifted", "octaves"),
    "cross_entropy": ("large", "shifted"),
    "batch_norm": ("offset", "wide"),
}


def hard(operator: str) -> Iterator[Case]:
    """Yield the cases of an operator in both element types."""
    for shapes, attributes in _problems(operator):
        for data in _KINDS.get(operator, ("wide", "octaves")):
            for dtype in ("float64", "float32"):
                note = "numbers that careless arithmetic loses, past the sizes at which fast code begins"
                yield Case(operator, shapes, attributes, dtype=dtype, data=data, note=note)


def _problems(operator: str) -> Iterator[tuple[dict[str, Shape], dict[str, Any]]]:
    for x, weight, attributes in _CONVOLUTIONS.get(operator, ()):
        yield {"x": x, "weight": weight}, attributes
    for shape, attributes in _IMAGES.get(operator, ()):
        vectors = ("gamma", "beta", "running_mean", "running_var") if operator == "batch_norm" else ()
        yield {"x": shape, **dict.fromkeys(vectors, shape[1:2])}, attributes
    if operator == "linear":
        yield {"x": (52, 40), "weight": (38, 40)}, {}
    if operator == "cross_entropy":
        yield {"logits": (9, 47), "target": (9, 47)}, {}
        yield {"logits": (9, 47), "target": (9,)}, {}
