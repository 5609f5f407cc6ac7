"""Mistakes in softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def _weights(x: Any, shift: Any, axis: int) -> Any:
    e = np.exp(x - shift)
    return e / e.sum(axis=axis, keepdims=True)


def _largest(x: Any, axis: int) -> Any:
    return x.max(axis=axis, keepdims=True, initial=-np.inf)


@fault("softmax", "softmax_backward", says="it runs along axis 1, whatever axis says", killed_by="values")
def along_axis_1(right: Right, *arrays: Any, axis: int = -1) -> Any:
    right(*arrays, axis=axis)
    return right(*arrays, axis=min(1, arrays[0].ndim - 1))


@fault("softmax", "softmax_backward", says="it runs along the last axis, whatever axis says", killed_by="values")
def along_last_axis(right: Right, *arrays: Any, axis: int = -1) -> Any:
    right(*arrays, axis=axis)
    return right(*arrays, axis=-1)


@fault(
    "softmax",
    "softmax_backward",
    says="every negative axis is taken for the last one",
    killed_by="values",
    corner="axis below -1",
)
def negative_axis(right: Right, *arrays: Any, axis: int = -1) -> Any:
    right(*arrays, axis=axis)
    return right(*arrays, axis=max(axis, -1))


@fault(
    "softmax",
    "softmax_backward",
    says="the numbers are read in the order in which they lie in memory",
    killed_by="layouts",
    corner="arrays that are not contiguous",
)
def read_as_dense(right: Right, *arrays: Any, axis: int = -1) -> Any:
    return right(*(array.ravel(order="K").reshape(array.shape) for array in arrays), axis=axis)


@fault(
    "softmax",
    says="exp(x) overflows, for the largest logit is not subtracted",
    killed_by="shift_invariance",
    history="softmax_shift",
)
def no_shift(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    return _weights(x, 0, axis)


@fault(
    "softmax",
    says="the largest logit is looked for from 0 on, so that far below 0 all of exp(x) vanishes",
    killed_by="shift_invariance",
    corner="all logits far below 0",
    history="softmax_shift",
)
def maximum_starts_at_0(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    return _weights(x, np.maximum(_largest(x, axis), 0), axis)


@fault(
    "softmax",
    says="the largest number of the whole array is subtracted, so that all of exp(x) vanishes in distant rows",
    killed_by="values",
    corner="rows far apart",
    history="softmax_shift",
)
def maximum_of_all(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    return _weights(x, x.max(initial=-np.inf), axis)


@fault(
    "softmax",
    says="the mean is subtracted where it has to be the largest logit",
    killed_by="values",
    corner="logits far apart",
    history="softmax_shift",
)
def shifted_by_mean(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    return _weights(x, x.mean(axis=axis, keepdims=True), axis)


@fault(
    "softmax",
    says="the largest logit of the last axis is subtracted, not that of axis",
    killed_by="values",
    corner="an axis other than the last, logits far apart",
    history="softmax_shift",
)
def maximum_of_last_axis(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    return _weights(x, _largest(x, -1), axis)


@fault("softmax", says="1e-7 is added to the sum", killed_by="values", corner="float64")
def guarded_sum(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    e = np.exp(x - _largest(x, axis))
    return e / (e.sum(axis=axis, keepdims=True) + np.asarray(1e-7, x.dtype))


@fault("softmax", says="it takes powers of 2, not of e", killed_by="values")
def powers_of_2(right: Right, x: Any, axis: int = -1) -> Any:
    return right(np.log(2).astype(x.dtype) * x, axis=axis)


@fault("softmax", says="what comes back is its logarithm", killed_by="values")
def logarithm(right: Right, x: Any, axis: int = -1) -> Any:
    return np.log(right(x, axis=axis))


@fault(
    "softmax",
    says="the exponentials are added up in single precision",
    killed_by="values",
    corner="float64",
    history="lower_precision",
)
def summed_in_single_precision(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    e = np.exp(x - _largest(x, axis))
    return e / e.sum(axis=axis, keepdims=True, dtype=np.float32).astype(x.dtype)


@fault(
    "softmax",
    says="the sum ends with the eighth class",
    killed_by="values",
    corner="more than 8 classes",
)
def first_8_classes(right: Right, x: Any, axis: int = -1) -> Any:
    y = right(x, axis=axis)
    return y / np.take(y, range(min(8, y.shape[axis])), axis=axis).sum(axis=axis, keepdims=True)


@fault(
    "softmax",
    says="NumPy's error settings are put back only if the call succeeds",
    killed_by="no_global_state",
    corner="a call that is refused",
)
def error_settings_after_refusal(right: Right, x: Any, axis: int = -1) -> Any:
    kept = np.seterr(all="ignore")
    y = right(x, axis=axis)
    np.seterr(**kept)
    return y


@fault("softmax_backward", says="the inner product of grad_output and softmax(x) is not subtracted", killed_by="values")
def no_inner_product(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    return grad_output * right.softmax(x, axis=axis)


@fault("softmax_backward", says="only the diagonal y (1 - y) of its derivative is taken", killed_by="values")
def diagonal(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    y = right.softmax(x, axis=axis)
    return grad_output * y * (1 - y)


@fault(
    "softmax_backward", says="the sum of grad_output is subtracted, without the factor softmax(x)", killed_by="values"
)
def plain_sum(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    return right.softmax(x, axis=axis) * (grad_output - grad_output.sum(axis=axis, keepdims=True))


@fault("softmax_backward", says="the outer factor softmax(x) is left out", killed_by="values")
def outer_factor_left_out(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    return grad_output - (grad_output * right.softmax(x, axis=axis)).sum(axis=axis, keepdims=True)


@fault(
    "softmax_backward",
    says="the inner product runs over the whole array",
    killed_by="values",
    corner="more than one row",
)
def inner_product_of_all(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    y = right.softmax(x, axis=axis)
    return y * (grad_output - (grad_output * y).sum())


@fault(
    "softmax_backward",
    says="the inner product runs along the last axis, not along axis",
    killed_by="values",
    corner="an axis other than the last",
)
def inner_product_of_last_axis(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    y = right.softmax(x, axis=axis)
    return y * (grad_output - (grad_output * y).sum(axis=-1, keepdims=True))


@fault(
    "softmax_backward",
    says="grad_output is read transposed where that fits",
    killed_by="values",
    corner="as many rows as columns",
)
def transposed_square(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    return right(grad_output.T if x.shape == x.T.shape == grad_output.shape else grad_output, x, axis=axis)


@fault("softmax_backward", says="x is taken for softmax(x)", killed_by="values")
def x_for_y(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    return x * (grad_output - (grad_output * x).sum(axis=axis, keepdims=True))


@fault(
    "softmax_backward",
    says="exp(x) overflows, for the softmax in the gradient does not subtract the largest logit",
    killed_by="special_values",
    corner="large logits",
    history="softmax_shift",
)
def no_shift_in_gradient(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    right(grad_output, x, axis=axis)
    y = _weights(x, 0, axis)
    return y * (grad_output - (grad_output * y).sum(axis=axis, keepdims=True))


@fault(
    "softmax_backward",
    says="softmax(x) is kept from the first call with arrays of a shape",
    killed_by="no_state",
    corner="a later call with the same shape",
    remembers=True,
)
def stale_softmax(right: Right, memory: dict[Any, Any], grad_output: Any, x: Any, axis: int) -> Any:
    return right(grad_output, memory.setdefault((x.shape, x.dtype), x.copy()), axis=axis)


@fault(
    "softmax_backward",
    says="grad_output is centred in place",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def centres_its_input(right: Right, grad_output: Any, x: Any, axis: int) -> Any:
    grad_x = right(grad_output, x, axis=axis)
    np.copyto(grad_output if grad_output.flags.writeable else grad_x.copy(), grad_output - grad_output.mean())
    return grad_x
