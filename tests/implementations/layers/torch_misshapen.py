"""Modules on PyTorch whose kernels have the wrong shape, or whose answer has the wrong type."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional


class SquareConv2d(nn.Module):
    """Makes its kernels square, and for all the input's channels."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> None:
        super().__init__()
        height, _ = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
        self.weight = nn.Parameter(torch.zeros(out_channels, in_channels, height, height))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups

    def forward(self, x: Any) -> Any:
        return functional.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation)


class DoubleTanh(nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.tanh(x.double())
