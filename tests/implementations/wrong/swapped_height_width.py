"""conv2d takes stride and padding as (horizontal, vertical)."""

from typing import Any

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def _swapped(attributes: dict[str, Any]) -> dict[str, Any]:
    pairs = {name: attributes[name] for name in ("stride", "padding") if name in attributes}
    return attributes | {name: pair[::-1] for name, pair in pairs.items() if isinstance(pair, tuple | list)}


def conv2d(x: Any, weight: Any, bias: Any = None, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    return refcnn.conv2d(x, weight, bias, **_swapped(attributes))


def conv2d_backward(grad_output: Any, x: Any, weight: Any, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    return refcnn.conv2d_backward(grad_output, x, weight, **_swapped(attributes))
