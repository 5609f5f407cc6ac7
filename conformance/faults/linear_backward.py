"""Mistakes in the gradients of the linear map."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.linear import whole_blocks


@fault("linear_backward", says="grad_weight is the mean over the samples", killed_by="values")
def grad_weight_mean(right: Right, g: Any, x: Any, weight: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight)
    return grad_x, grad_weight / max(len(x), 1), grad_bias


@fault("linear_backward", says="grad_bias is the mean over the samples", killed_by="values")
def grad_bias_mean(right: Right, g: Any, x: Any, weight: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight)
    return grad_x, grad_weight, grad_bias / max(len(x), 1)


@fault("linear_backward", says="grad_weight is that of the last sample alone", killed_by="values")
def grad_weight_of_last(right: Right, g: Any, x: Any, weight: Any) -> Any:
    grad_x, _, grad_bias = right(g, x, weight)
    return grad_x, right(g[-1:], x[-1:], weight)[1], grad_bias


@fault(
    "linear_backward",
    says="grad_bias is grad_output, not summed over the samples",
    killed_by="shape",
    corner="only in a batch of one",
)
def grad_bias_not_summed(right: Right, g: Any, x: Any, weight: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight)
    return grad_x, grad_weight, g.copy() if len(g) == 1 else grad_bias


@fault(
    "linear_backward",
    says="grad_bias sums over the outputs instead of the samples",
    killed_by="values",
    corner="only with as many samples as outputs",
)
def grad_bias_by_sample(right: Right, g: Any, x: Any, weight: Any) -> Any:
    grad_x, grad_weight, _ = right(g, x, weight)
    return grad_x, grad_weight, g.sum(1 if g.shape[0] == g.shape[1] else 0)


@fault(
    "linear_backward",
    says="grad_x is taken with the transposed weight",
    killed_by="values",
    corner="only with as many outputs as inputs",
)
def grad_x_transposed(right: Right, g: Any, x: Any, weight: Any) -> Any:
    _, grad_weight, grad_bias = right(g, x, weight)
    square = weight.shape[0] == weight.shape[1]
    return right(g, x, weight.T if square else weight)[0], grad_weight, grad_bias


@fault(
    "linear_backward",
    says="grad_weight is laid out as (D_in, D_out)",
    killed_by="values",
    corner="only with as many outputs as inputs",
)
def grad_weight_transposed(right: Right, g: Any, x: Any, weight: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight)
    return grad_x, grad_weight.T if weight.shape[0] == weight.shape[1] else grad_weight, grad_bias


@fault(
    "linear_backward",
    says="the samples past the last whole block of 32 do not count in grad_weight",
    killed_by="values",
    corner="only with more than 32 samples",
)
def grad_weight_block(right: Right, g: Any, x: Any, weight: Any) -> Any:
    grad_x, _, grad_bias = right(g, x, weight)
    kept = whole_blocks(len(x), 32)
    return grad_x, right(g[:kept], x[:kept], weight)[1], grad_bias


@fault(
    "linear_backward",
    says="grad_bias is summed in float32",
    killed_by="values",
    corner="only in float64",
    history="lower_precision",
)
def grad_bias_single(right: Right, g: Any, x: Any, weight: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight)
    return grad_x, grad_weight, g.sum(0, dtype=np.float32).astype(grad_bias.dtype)


@fault(
    "linear_backward",
    says="a grad_output that is not contiguous is read as if it were",
    killed_by="layouts",
    corner="only with a grad_output that is not contiguous",
)
def gradient_as_in_memory(right: Right, g: Any, x: Any, weight: Any) -> Any:
    return right(g.ravel("K").reshape(g.shape), x, weight)


@fault(
    "linear_backward",
    says="0 is divided by 0 for the mean of an empty batch, so that grad_bias is NaN",
    killed_by="empty_batch",
    corner="only in an empty batch",
    history="empty_batch",
)
def mean_of_nothing(right: Right, g: Any, x: Any, weight: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(g, x, weight)
    return grad_x, grad_weight, np.where(len(x), grad_bias, np.nan).astype(grad_bias.dtype)


@fault(
    "linear_backward",
    says="grad_output is changed in place, as by clearing it once it has been used",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def gradient_used_up(right: Right, g: Any, x: Any, weight: Any) -> Any:
    gradients = right(g, x, weight)
    # What a read-only array raises would be another mistake.
    np.copyto(g if g.flags.writeable else g.copy(), 0)
    return gradients
