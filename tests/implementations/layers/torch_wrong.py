"""A convolution on PyTorch that takes the vertical stride for both axes, and an activation that works in place."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn import functional


class MyConv2d(nn.Conv2d):
    def forward(self, input: Any) -> Any:  # noqa: A002 - the name that PyTorch has
        stride = (self.stride[0], self.stride[0])
        return functional.conv2d(input, self.weight, self.bias, stride, self.padding, self.dilation, self.groups)


class MyReLU(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.clamp_(min=0)


class OtherReLU(nn.ReLU):
    """Makes the kind ambiguous where the file is the target."""
