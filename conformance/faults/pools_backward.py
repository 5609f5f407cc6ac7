"""Mistakes that the gradients of max pooling and average pooling share."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.pool_windows import as_it_lies, axes_of, writable
from conformance.oracle.geometry import pair

_BOTH = ("max_pool2d_backward", "avg_pool2d_backward")


@fault(
    *_BOTH,
    says="the gradient of a window that overhangs is lost",
    killed_by="values",
    corner="in the windows of ceil_mode that overhang",
)
def overhang_loses_gradient(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(grad_output, x, kernel_size, **how)
    rows, columns = (axis.inside_padded[:, -1] for axis in axes_of(x, kernel_size, **how))
    return right(np.where(np.outer(rows, columns), grad_output, 0), x, kernel_size, **how)


@fault(
    *_BOTH,
    says="gradients in float64 are rounded to float32",
    killed_by="values",
    corner="in float64",
    history="lower_precision",
)
def float64_in_float32(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    dtype = right(grad_output, x, kernel_size, **how).dtype
    rounded = grad_output.astype(np.float32).astype(dtype)
    return right(rounded, x, kernel_size, **how)


@fault(
    *_BOTH,
    says="a gradient of another memory layout is read as if its rows lay one after the other",
    killed_by="layouts",
    corner="where grad_output is not C-contiguous",
    history="channels_last",
)
def gradient_layout_ignored(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(as_it_lies(grad_output), x, kernel_size, **how)


@fault(
    *_BOTH,
    says="grad_output is changed in place, as by clearing or dividing it",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def gradient_cleared(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad_output, x, kernel_size, **how)
    writable(grad_output)[...] = 0
    return grad_x


@fault(
    *_BOTH,
    says="grad_output itself is returned where nothing is to be done",
    killed_by="no_alias",
    corner="with windows of one pixel side by side",
)
def gradient_returned(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad_output, x, kernel_size, **how)
    return grad_output if pair(kernel_size) == (1, 1) and grad_output.shape == x.shape else grad_x


@fault(*_BOTH, says="the gradient is float64 whatever the image is", killed_by="dtype")
def always_float64(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(grad_output, x, kernel_size, **how).astype(np.float64)


@fault(
    *_BOTH,
    says="gradients are added onto those of an earlier call, for their buffer is never cleared",
    killed_by="no_state",
    corner="from the second call of a shape on",
    remembers=True,
)
def gradients_accumulate(right: Right, memory: Any, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad_output, x, kernel_size, **how)
    buffer = memory.setdefault((x.shape, x.dtype), np.zeros_like(grad_x))
    buffer += grad_x
    return buffer.copy()


@fault(
    *_BOTH,
    says="the last column gets no gradient where the width is odd",
    killed_by="values",
    corner="in the last column of images of odd width",
)
def last_odd_column_lost(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad_output, x, kernel_size, **how)
    width = x.shape[3]
    return np.where((width % 2 == 1) & (np.arange(width) == width - 1), 0, grad_x)
