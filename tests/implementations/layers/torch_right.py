"""Modules of one's own on PyTorch, all right: one inherits, one is written out, one borrows a name."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional


class MyConv2d(nn.Conv2d):
    """Counts its calls, and nothing else."""

    calls = 0

    def forward(self, input: Any) -> Any:  # noqa: A002 - the name that PyTorch has
        self.calls += 1
        return super().forward(input)


class Linear(nn.Module):
    """The map written out."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(out_features, in_features))
        self.bias = nn.Parameter(torch.zeros(out_features)) if bias else None

    def forward(self, x: Any) -> Any:
        return functional.linear(x, self.weight, self.bias)


class SquarePool(nn.Module):
    """Not an operator of the contract by its name."""

    def forward(self, x: Any) -> Any:
        return functional.max_pool2d(x, 2)


class TinyMaxPool2d(nn.Module):
    """A pool that knows windows and strides alone."""

    def __init__(self, kernel_size: Any, stride: Any = None) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x: Any) -> Any:
        return functional.max_pool2d(x, self.kernel_size, self.stride)
