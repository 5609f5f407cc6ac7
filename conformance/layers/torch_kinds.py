"""What translates each kind of PyTorch module into functions of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from conformance.layers import torch_dense, torch_windows

Translate = Callable[[type], Mapping[str, Callable[..., Any]]]

KINDS: Mapping[str, Translate] = MappingProxyType(
    {
        "Conv1d": partial(torch_windows.convolution, "conv1d"),
        "Conv2d": partial(torch_windows.convolution, "conv2d"),
        "ConvTranspose2d": partial(torch_windows.convolution, "conv_transpose2d"),
        "MaxPool2d": partial(torch_windows.pool, "max_pool2d", dilation=1, ceil_mode=False),
        "AvgPool2d": partial(torch_windows.pool, "avg_pool2d", ceil_mode=False, count_include_pad=True),
        "Linear": torch_windows.linear,
        "ReLU": partial(torch_dense.pointwise, "relu"),
        "Sigmoid": partial(torch_dense.pointwise, "sigmoid"),
        "Tanh": partial(torch_dense.pointwise, "tanh"),
        "Softmax": torch_dense.softmax,
        "CrossEntropyLoss": torch_dense.cross_entropy,
        "BatchNorm2d": torch_dense.batch_norm,
        "LocalResponseNorm": partial(torch_dense.pointwise, "local_response_norm"),
        "Dropout": torch_dense.dropout,
    }
)
