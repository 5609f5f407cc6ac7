"""Mistakes in softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def weights_of(x: Any, shift: Any, axis: int) -> Any:
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
    return weights_of(x, 0, axis)


@fault(
    "softmax",
    says="the largest logit is looked for from 0 on, so that far below 0 all of exp(x) vanishes",
    killed_by="shift_invariance",
    corner="all logits far below 0",
    history="softmax_shift",
)
def maximum_starts_at_0(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    return weights_of(x, np.maximum(_largest(x, axis), 0), axis)


@fault(
    "softmax",
    says="the largest number of the whole array is subtracted, so that all of exp(x) vanishes in distant rows",
    killed_by="values",
    corner="rows far apart",
    history="softmax_shift",
)
def maximum_of_all(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    return weights_of(x, x.max(initial=-np.inf), axis)


@fault(
    "softmax",
    says="the mean is subtracted where it has to be the largest logit",
    killed_by="values",
    corner="logits far apart",
    history="softmax_shift",
)
def shifted_by_mean(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    return weights_of(x, x.mean(axis=axis, keepdims=True), axis)


@fault(
    "softmax",
    says="the largest logit of the last axis is subtracted, not that of axis",
    killed_by="values",
    corner="an axis other than the last, logits far apart",
    history="softmax_shift",
)
def maximum_of_last_axis(right: Right, x: Any, axis: int = -1) -> Any:
    right(x, axis=axis)
    return weights_of(x, _largest(x, -1), axis)


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
