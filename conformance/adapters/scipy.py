"""SciPy behind the contract: what its signal, ndimage, special and linalg have of it, on NumPy's arrays.

Gradients are there where they are correlations too. What SciPy has nothing for, it leaves out: no operator here is
NumPy's alone.
"""

from __future__ import annotations

from conformance.adapters._scipy_conv import (
    conv1d,
    conv1d_backward,
    conv2d,
    conv2d_backward,
    conv_transpose2d,
    conv_transpose2d_backward,
)
from conformance.adapters._scipy_dense import cross_entropy, linear, sigmoid, softmax
from conformance.adapters._scipy_pool import avg_pool2d, local_response_norm, max_pool2d

__all__ = [
    "avg_pool2d",
    "conv1d",
    "conv1d_backward",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "cross_entropy",
    "linear",
    "local_response_norm",
    "max_pool2d",
    "sigmoid",
    "softmax",
]
