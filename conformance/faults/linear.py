"""Mistakes in the linear map."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def _whole_blocks(count: int, block: int) -> int:
    """Return how many of a count fill blocks, or all of them where they fill none."""
    return count // block * block or count


@fault("linear", says="the bias is added twice", killed_by="values")
def bias_twice(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    return right(x, weight) if bias is None else right(x, weight, 2 * bias)


@fault("linear", says="the last feature takes no part", killed_by="values")
def last_feature_lost(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    right(x, weight, bias)
    return right(x[:, :-1], weight[:, :-1], bias)


@fault(
    "linear",
    says="the weight is not transposed",
    killed_by="values",
    corner="only with as many outputs as inputs",
)
def weight_as_it_is(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    right(x, weight, bias)
    return right(x, weight.T if weight.shape[0] == weight.shape[1] else weight, bias)


@fault(
    "linear",
    says="x is transposed",
    killed_by="values",
    corner="only with as many samples as inputs",
)
def image_transposed(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    right(x, weight, bias)
    return right(x.T if x.shape[0] == x.shape[1] else x, weight, bias)


@fault(
    "linear",
    says="each sample gets one number of the bias instead of each output",
    killed_by="values",
    corner="only with as many samples as outputs",
)
def bias_by_sample(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    y, plain = right(x, weight, bias), right(x, weight)
    shift = np.zeros_like(plain) if bias is None else np.broadcast_to(bias, plain.shape)
    return plain + shift.T if len(x) == len(weight) else y


@fault(
    "linear",
    says="a product of the weight with one vector forgets the bias",
    killed_by="values",
    corner="only in a batch of one",
)
def bias_not_for_one(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    y = right(x, weight, bias)
    return right(x, weight) if len(x) == 1 else y


@fault(
    "linear",
    says="the features past the last whole block of 8 are left out of the sum",
    killed_by="values",
    corner="only with more than 8 features, and no multiple of 8",
)
def feature_block(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    right(x, weight, bias)
    kept = _whole_blocks(x.shape[1], 8)
    return right(x[:, :kept], weight[:, :kept], bias)


@fault(
    "linear",
    says="the samples past the last whole block of 32 are left at 0",
    killed_by="values",
    corner="only in the last samples of more than 32",
)
def sample_block(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    y = right(x, weight, bias)
    y[_whole_blocks(len(y), 32) :] = 0
    return y


@fault(
    "linear",
    says="the outputs past the last whole block of 64 get no bias",
    killed_by="values",
    corner="only in the last outputs of more than 64",
)
def output_block(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    y, kept = right(x, weight, bias), _whole_blocks(len(weight), 64)
    return np.concatenate([y[:, :kept], right(x, weight)[:, kept:]], axis=1)


@fault(
    "linear",
    says="float64 is multiplied in float32",
    killed_by="values",
    corner="only in float64",
    history="lower_precision",
)
def single_precision(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    y = right(x, weight, bias)
    return right(x.astype(np.float32), weight.astype(np.float32), bias).astype(y.dtype)


@fault(
    "linear",
    says="a weight that is not contiguous is read as if it were",
    killed_by="layouts",
    corner="only with a weight that is not contiguous",
    history="strided_weight",
)
def weight_as_in_memory(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    return right(x, weight.ravel("K").reshape(weight.shape), bias)


@fault(
    "linear",
    says="with a bias the result is float64",
    killed_by="dtype",
    corner="only in float32 with a bias",
)
def bias_in_double(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    y = right(x, weight, bias)
    return y if bias is None else y.astype(np.float64)


@fault(
    "linear",
    says="the axis of the outputs is dropped",
    killed_by="shape",
    corner="only with one output",
)
def output_squeezed(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    y = right(x, weight, bias)
    return y[:, 0] if len(weight) == 1 else y


@fault(
    "linear",
    says="a NaN in x counts as 0",
    killed_by="not_a_number",
    corner="only where x is NaN",
)
def nan_is_nothing(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    right(x, weight, bias)
    return right(np.where(np.isnan(x), 0, x), weight, bias)


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
    kept = _whole_blocks(len(x), 32)
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
    says="grad_output is set to 0 once it has been used",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def gradient_used_up(right: Right, g: Any, x: Any, weight: Any) -> Any:
    gradients = right(g, x, weight)
    # What a read-only array raises would be another mistake.
    np.copyto(g if g.flags.writeable else g.copy(), 0)
    return gradients
