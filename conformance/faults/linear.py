"""Mistakes in the linear map."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def whole_blocks(count: int, block: int) -> int:
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
    kept = whole_blocks(x.shape[1], 8)
    return right(x[:, :kept], weight[:, :kept], bias)


@fault(
    "linear",
    says="the samples past the last whole block of 32 are left at 0",
    killed_by="values",
    corner="only in the last samples of more than 32",
)
def sample_block(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    y = right(x, weight, bias)
    y[whole_blocks(len(y), 32) :] = 0
    return y


@fault(
    "linear",
    says="the outputs past the last whole block of 64 get no bias",
    killed_by="values",
    corner="only in the last outputs of more than 64",
)
def output_block(right: Right, x: Any, weight: Any, bias: Any = None) -> Any:
    y, kept = right(x, weight, bias), whole_blocks(len(weight), 64)
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
