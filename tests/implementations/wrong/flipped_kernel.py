"""conv2d flips its kernels: the convolution of mathematics, with gradients that match."""

from typing import Any

import numpy as np

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def conv2d(x: Any, weight: Any, bias: Any = None, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    return refcnn.conv2d(x, np.flip(weight, (2, 3)), bias, **attributes)


def conv2d_backward(grad_output: Any, x: Any, weight: Any, **attributes: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    grad_x, grad_weight, grad_bias = refcnn.conv2d_backward(grad_output, x, np.flip(weight, (2, 3)), **attributes)
    return grad_x, np.flip(grad_weight, (2, 3)), grad_bias
