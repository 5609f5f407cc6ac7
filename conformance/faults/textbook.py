"""Mistakes of layers as they stand in textbooks, and in all that was written after them."""

from __future__ import annotations

from typing import Any

from conformance.faults.fault import Right, fault
from conformance.faults.pool_windows import axes_of


def _unpadded(x: Any, kernel_size: Any, **how: Any) -> list[int]:
    """Return the output's size as int(1 + (H - KH) / stride) gives it, whatever the padding is."""
    return [
        int(1 + (axis.size - axis.dilation * (axis.kernel - 1) - 1) / axis.stride)
        for axis in axes_of(x, kernel_size, **how)
    ]


@fault(
    "max_pool2d",
    says="the output's size is worked out without the padding, so that the maxima do not fit into it",
    killed_by="values",
    corner="where padding adds windows",
)
def size_without_padding(right: Right, x: Any, kernel_size: Any, *, ceil_mode: Any = False, **how: Any) -> Any:
    y = right(x, kernel_size, ceil_mode=ceil_mode, **how)
    if ceil_mode:
        return y
    N, C = x.shape[:2]
    rows = y.transpose(0, 2, 3, 1)  # as im2col has them; reshape raises ValueError where they do not fit
    return rows.reshape(N, *_unpadded(x, kernel_size, **how), C).transpose(0, 3, 1, 2)


@fault(
    "max_pool2d",
    says="the output is as large as it would be without padding, and the last windows are missing",
    killed_by="shape",
    corner="where padding adds windows",
)
def last_windows_missing(right: Right, x: Any, kernel_size: Any, *, ceil_mode: Any = False, **how: Any) -> Any:
    y = right(x, kernel_size, ceil_mode=ceil_mode, **how)
    height, width = y.shape[2:] if ceil_mode else _unpadded(x, kernel_size, **how)
    return y[..., : max(0, height), : max(0, width)].copy()


@fault(
    "relu_backward",
    says="the mask is written into grad_output, which is then returned itself",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def written_into_gradient(right: Right, grad_output: Any, x: Any) -> Any:
    right(grad_output, x)
    grad_output[x <= 0] = 0
    return grad_output


@fault(
    "dropout",
    says="kept cells are not scaled up in training; everything is multiplied by 1 - p outside it instead",
    killed_by="scale",
    history="dropout_scale",
)
def scaled_outside_training(right: Right, x: Any, *, p: float, **how: Any) -> Any:
    return right(x, p=p, **how) * (1 - p)
