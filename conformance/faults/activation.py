"""Mistakes in activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


@fault("relu", says="NaN becomes 0, as where(x > 0, x, 0) makes it", killed_by="special_values", history="relu_nan")
def nan_becomes_zero(right: Right, x: Any) -> Any:
    return np.where(x > 0, right(x), 0)


@fault(
    "relu",
    says="the fast path for float32 makes NaN a 0",
    killed_by="special_values",
    corner="NaN in float32",
    history="relu_nan",
)
def nan_becomes_zero_in_float32(right: Right, x: Any) -> Any:
    return np.fmax(right(x), 0) if x.dtype == np.float32 else right(x)


@fault(
    "relu",
    says="NaN becomes 0 in whole vectors of 4 and stays NaN behind the last one",
    killed_by="special_values",
    corner="NaN in the cells of whole vectors",
    history="relu_nan",
)
def nan_becomes_zero_in_vectors(right: Right, x: Any) -> Any:
    y = np.array(right(x), order="C")
    y.reshape(-1)[: y.size // 4 * 4] = np.fmax(y.reshape(-1)[: y.size // 4 * 4], 0)
    return y


@fault(
    "relu",
    says="x is multiplied by (x > 0), which turns minus infinity into NaN",
    killed_by="special_values",
    corner="minus infinity",
)
def masked_product(right: Right, x: Any) -> Any:
    return np.where(np.isneginf(x), np.nan, right(x)).astype(x.dtype)


@fault(
    "relu",
    says="(x + abs(x)) / 2 overflows",
    killed_by="values",
    corner="above half of the largest number",
)
def half_of_x_and_its_size(right: Right, x: Any) -> Any:
    return np.where(x > np.finfo(x.dtype).max / 2, np.inf, right(x)).astype(x.dtype)


@fault("relu", says="what is above 6 is cut off (relu6)", killed_by="values", corner="above 6")
def clipped_at_6(right: Right, x: Any) -> Any:
    return np.minimum(right(x), 6)


@fault("relu", says="a hundredth of what is negative is kept (leaky relu)", killed_by="values")
def leaky(right: Right, x: Any) -> Any:
    return right(x) + 0.01 * np.minimum(x, 0)


@fault(
    "relu",
    says="x itself comes back where there is nothing to cut off",
    killed_by="no_alias",
    corner="nothing is negative",
)
def returns_what_is_positive(right: Right, x: Any) -> Any:
    return x if np.all(x > 0) else right(x)


@fault("relu", "tanh", says="the result is written over x", killed_by="inputs_unchanged", history="mutated_input")
def in_place(right: Right, x: Any) -> Any:
    y = right(x)
    np.copyto(x if x.flags.writeable else y, y)
    return y


@fault(
    "sigmoid",
    "tanh",
    says="every result of a shape is written into the same buffer",
    killed_by="no_alias",
    corner="an earlier result is still in use",
    remembers=True,
)
def reused_buffer(right: Right, memory: dict[Any, Any], x: Any) -> Any:
    y = memory.setdefault((x.shape, x.dtype), np.empty(x.shape, x.dtype))
    np.copyto(y, right(x))
    return y


@fault("sigmoid", says="exp(x) / (1 + exp(x)) overflows", killed_by="values", corner="large x")
def overflow_of_exp(right: Right, x: Any) -> Any:
    right(x)
    return np.exp(x) / (1 + np.exp(x))


@fault("sigmoid", says="it is the hard sigmoid, 0.2 x + 0.5 between 0 and 1", killed_by="values")
def hard_sigmoid(right: Right, x: Any) -> Any:
    right(x)
    return np.clip(0.2 * x + 0.5, 0, 1)


@fault("sigmoid", says="it is x / (1 + abs(x)), moved and scaled to lie between 0 and 1", killed_by="values")
def softsign(right: Right, x: Any) -> Any:
    right(x)
    return 0.5 + 0.5 * (x / (1 + np.abs(x)))


@fault("sigmoid", says="it is (1 + tanh(x)) / 2, without x being halved", killed_by="values")
def tanh_of_x(right: Right, x: Any) -> Any:
    return right(2 * x)


@fault("sigmoid", says="it is looked up in a table of 4096 numbers between -8 and 8", killed_by="values")
def looked_up(right: Right, x: Any) -> Any:
    table = np.linspace(-8, 8, 4096)
    return np.interp(right(x) * 0 + x, table, right(table)).astype(x.dtype)


@fault("sigmoid", says="x is first clipped to ±15", killed_by="values", corner="beyond ±15, in float64")
def clipped_argument(right: Right, x: Any) -> Any:
    return right(np.clip(x, -15, 15))


@fault(
    "sigmoid",
    says="the result is kept between 1e-7 and 1 - 1e-7",
    killed_by="values",
    corner="beyond ±16, in float64",
)
def clipped_result(right: Right, x: Any) -> Any:
    return np.clip(right(x), 1e-7, 1 - 1e-7)


@fault(
    "sigmoid",
    "tanh",
    says="it is worked out in single precision",
    killed_by="values",
    corner="float64",
    history="lower_precision",
)
def single_precision(right: Right, x: Any) -> Any:
    right(x)
    return right(x.astype(np.float32)).astype(x.dtype)


@fault(
    "sigmoid",
    "relu",
    says="the cells behind the last whole vector of 4 are never written",
    killed_by="values",
    corner="the last 1 to 3 cells",
)
def tail_left_out(right: Right, x: Any) -> Any:
    y = np.array(right(x), order="C")
    y.reshape(-1)[y.size // 4 * 4 :] = 0
    return y


@fault(
    "tanh",
    "relu",
    says="the numbers are read in the order in which they lie in memory",
    killed_by="layouts",
    corner="arrays that are not contiguous",
)
def read_as_dense(right: Right, x: Any) -> Any:
    return right(x.ravel(order="K").reshape(x.shape))


@fault("sigmoid", says="NumPy is told to ignore overflows from now on", killed_by="no_global_state")
def error_settings(right: Right, x: Any) -> Any:
    np.seterr(over="ignore")
    return right(x)


@fault("tanh", says="(exp(2 x) - 1) / (exp(2 x) + 1) overflows", killed_by="values", corner="large x")
def overflow_of_exp_2x(right: Right, x: Any) -> Any:
    right(x)
    return np.expm1(2 * x) / (np.exp(2 * x) + 1)


@fault("tanh", says="sinh(x) / cosh(x) overflows on either side", killed_by="values", corner="large x of either sign")
def sinh_by_cosh(right: Right, x: Any) -> Any:
    right(x)
    return np.sinh(x) / np.cosh(x)


@fault("tanh", says="it is the rational function x (27 + x²) / (27 + 9 x²), cut off at ±1", killed_by="values")
def rational(right: Right, x: Any) -> Any:
    right(x)
    near = np.clip(x, -3, 3)
    return near * (27 + near**2) / (27 + 9 * near**2)


@fault("tanh", says="it is 2 sigmoid(x) - 1, without x being doubled", killed_by="values")
def sigmoid_of_x(right: Right, x: Any) -> Any:
    right(x)
    return right(x / 2)


@fault("tanh", says="it is LeCun's scaled tanh, 1.7159 tanh(2 x / 3)", killed_by="values")
def scaled(right: Right, x: Any) -> Any:
    right(x)
    return (1.7159 * right(2 / 3 * x)).astype(x.dtype)


@fault("tanh", says="it is ±1 from ±9 on", killed_by="values", corner="beyond ±9, in float64")
def saturates_early(right: Right, x: Any) -> Any:
    return np.where(np.abs(x) > 9, np.sign(x), right(x))
