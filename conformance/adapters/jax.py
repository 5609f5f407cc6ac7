"""JAX behind the contract: compiled by XLA, its own gradients by vjp.

What is no operator of JAX, such as batch normalisation, is written in jax.numpy as its users write it. Where an
operator of JAX means something else than the contract, a comment beside it says what JAX does.
"""

from __future__ import annotations

from jax import default_backend

from conformance.adapters._jax_conv import (
    col2im,
    conv1d,
    conv1d_backward,
    conv2d,
    conv2d_backward,
    conv_transpose2d,
    conv_transpose2d_backward,
    im2col,
)
from conformance.adapters._jax_dense import (
    cross_entropy,
    cross_entropy_backward,
    linear,
    linear_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
    tanh,
    tanh_backward,
)
from conformance.adapters._jax_pool import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from conformance.adapters._jax_train import (
    adam_update,
    batch_norm,
    batch_norm_backward,
    dropout,
    dropout_backward,
    local_response_norm,
    local_response_norm_backward,
    momentum_update,
    sgd_update,
)
from conformance.contract import CONVOLUTIONS

# On a GPU cuDNN convolves, which picks among algorithms of which some are Winograd's and the Fourier transform's:
# https://docs.nvidia.com/deeplearning/cudnn/backend/latest/api/cudnn-cnn-library.html
CONVENTIONS = {f"{name}.accuracy": "normwise" for name in CONVOLUTIONS} if default_backend() == "gpu" else {}

__all__ = [
    "CONVENTIONS",
    "adam_update",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "col2im",
    "conv1d",
    "conv1d_backward",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "dropout",
    "dropout_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "im2col",
    "linear",
    "linear_backward",
    "local_response_norm",
    "local_response_norm_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "momentum_update",
    "relu",
    "relu_backward",
    "sgd_update",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
]
