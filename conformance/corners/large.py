"""One case an operator with more than 4096 numbers in its arrays, for what begins there: caches, buffers, threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.bad_input import GOOD
from conformance.case import Case, Shape
from conformance.contract import CONVOLUTIONS, OPERATORS

_ROWS = (65, 67)
_SHAPES: dict[str, dict[str, Shape]] = {
    "im2col": {"x": (1, 1, 66, 67)},
    "col2im": {"cols": (65 * 66, 4)},
    "conv1d": {"x": (1, 33, 130), "weight": (65, 33, 2), "bias": (65,)},
    "conv2d": {"x": (1, 33, 12, 11), "weight": (65, 33, 2, 1), "bias": (65,)},
    "conv_transpose2d": {"x": (1, 33, 12, 11), "weight": (33, 65, 2, 1), "bias": (65,)},
    "max_pool2d": {"x": (1, 4, 66, 68)},
    "avg_pool2d": {"x": (1, 4, 66, 68)},
    "global_avg_pool2d": {"x": (*_ROWS, 1, 2)},
    "linear": {"x": (65, 66), "weight": (67, 66), "bias": (67,)},
    "cross_entropy": {"logits": _ROWS, "target": _ROWS},
    "batch_norm": {"x": _ROWS, **dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (67,))},
    "local_response_norm": {"x": (*_ROWS, 1, 1)},
}
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "im2col": {"kernel_size": 2},
    "col2im": {"kernel_size": 2, "input_shape": (1, 1, 66, 67)},
    **{name: {} for name in CONVOLUTIONS},
    **{name: {"kernel_size": 2} for name in ("max_pool2d", "avg_pool2d")},
}


def large() -> Iterator[Case]:
    """Yield a case of each operator."""
    for name, operator in OPERATORS.items():
        yield Case(
            name,
            _SHAPES.get(name) or dict.fromkeys(operator.forward.arguments, _ROWS),
            _ATTRIBUTES.get(name, GOOD[name].attributes),
            data="distinct" if name == "max_pool2d" else "uniform",
            note="more than 4096 numbers",
        )
