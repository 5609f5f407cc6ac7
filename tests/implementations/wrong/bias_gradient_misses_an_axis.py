"""conv2d_backward sums the gradient of the bias over the first column alone."""

from typing import Any

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def conv2d_backward(grad_output: Any, x: Any, weight: Any, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    grad_x, grad_weight, _ = refcnn.conv2d_backward(grad_output, x, weight, **attributes)
    return grad_x, grad_weight, grad_output[..., 0].sum(axis=(0, 2))
