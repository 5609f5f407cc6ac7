"""Arrays of more than 4096 numbers, for what begins there: caches, buffers, threads.

A product has many weights in one case and many numbers in another, so that plain loops are done with them soon.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.bad_input import GOOD
from conformance.case import Case, Shape
from conformance.contract import CONVOLUTIONS, OPERATORS

_ROWS = (65, 67)
_SHAPES: dict[str, tuple[dict[str, Shape], ...]] = {
    "im2col": ({"x": (1, 1, 66, 67)},),
    "col2im": ({"cols": (65 * 66, 4)},),
    "conv1d": (
        {"x": (1, 2050, 1), "weight": (2, 2050, 1), "bias": (2,)},
        {"x": (2, 1, 2100), "weight": (1, 1, 2), "bias": (1,)},
    ),
    "conv2d": (
        {"x": (1, 2050, 1, 1), "weight": (2, 2050, 1, 1), "bias": (2,)},
        {"x": (2, 1, 47, 48), "weight": (1, 1, 2, 2), "bias": (1,)},
    ),
    "conv_transpose2d": (
        {"x": (1, 2050, 1, 1), "weight": (2050, 2, 1, 1), "bias": (2,)},
        {"x": (2, 1, 47, 48), "weight": (1, 1, 2, 2), "bias": (1,)},
    ),
    "max_pool2d": ({"x": (1, 4, 66, 68)},),
    "avg_pool2d": ({"x": (1, 4, 66, 68)},),
    "global_avg_pool2d": ({"x": (*_ROWS, 1, 2)},),
    "linear": (
        {"x": (1, 2050), "weight": (2, 2050), "bias": (2,)},
        {"x": (2050, 2), "weight": (2, 2), "bias": (2,)},
    ),
    "cross_entropy": ({"logits": _ROWS, "target": _ROWS},),
    "batch_norm": ({"x": _ROWS, **dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (67,))},),
    "local_response_norm": ({"x": (*_ROWS, 1, 1)},),
}
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "im2col": {"kernel_size": 2},
    "col2im": {"kernel_size": 2, "input_shape": (1, 1, 66, 67)},
    **{name: {} for name in CONVOLUTIONS},
    **{name: {"kernel_size": 2} for name in ("max_pool2d", "avg_pool2d")},
}


def large(operator: str) -> Iterator[Case]:
    """Yield the cases of an operator."""
    plain = dict.fromkeys(OPERATORS[operator].forward.arguments, _ROWS)
    for shapes in _SHAPES.get(operator, (plain,)):
        yield Case(
            operator,
            shapes,
            _ATTRIBUTES.get(operator, GOOD[operator].attributes),
            data="distinct" if operator == "max_pool2d" else "uniform",
            note="more than 4096 numbers",
        )
