"""ONNX Runtime behind the contract: models of one ONNX node each, on the CPU.

What ONNX has no operator for is left out: `im2col`, the updates, and all gradients. What its CPU kernels do not take,
float64 most of all, is answered with NotImplementedError and the reason. Where a kernel means something else than the
contract, a few nodes together mean what the contract means, and a comment beside them says what the kernel does.
"""

from __future__ import annotations

from conformance.adapters._onnx_conv import col2im, conv1d, conv2d, conv_transpose2d
from conformance.adapters._onnx_dense import (
    batch_norm,
    cross_entropy,
    dropout,
    linear,
    local_response_norm,
    relu,
    sigmoid,
    softmax,
    tanh,
)
from conformance.adapters._onnx_pool import avg_pool2d, global_avg_pool2d, max_pool2d

# "the population variance": https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
CONVENTIONS = {"batch_norm.running_var": "biased"}

__all__ = [
    "CONVENTIONS",
    "avg_pool2d",
    "batch_norm",
    "col2im",
    "conv1d",
    "conv2d",
    "conv_transpose2d",
    "cross_entropy",
    "dropout",
    "global_avg_pool2d",
    "linear",
    "local_response_norm",
    "max_pool2d",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]
