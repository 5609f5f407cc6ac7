"""Mistakes of functions that share memory, remember, or leave traces."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


@fault(
    "im2col",
    "max_pool2d",
    "global_avg_pool2d",
    says="a view of x comes back",
    killed_by="no_alias",
    corner="only with windows of one pixel",
)
def view_of_x(right: Right, x: Any, *sizes: Any, **how: Any) -> Any:
    y = right(x, *sizes, **how)
    view = x.reshape(y.shape if x.size == y.size else x.shape)
    return view if np.array_equal(view, y) else y


@fault(
    "batch_norm", says="the running statistics themselves come back", killed_by="no_alias", corner="outside training"
)
def statistics_themselves(right: Right, *arrays: Any, training: bool, **how: Any) -> Any:
    answer = right(*arrays, training=training, **how)
    return answer if training else (answer[0], *arrays[3:])


@fault("linear_backward", says="grad_bias is a view of grad_output", killed_by="no_alias", corner="in a batch of one")
def bias_view(right: Right, grad: Any, x: Any, weight: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(grad, x, weight)
    return grad_x, grad_weight, grad[0] if len(grad) == 1 else grad_bias


@fault(
    "linear",
    "softmax",
    "local_response_norm",
    says="every result of a shape is written into the same buffer",
    killed_by="no_alias",
    remembers=True,
)
def reused_buffer(right: Right, kept: Any, *arrays: Any, **how: Any) -> Any:
    y = right(*arrays, **how)
    buffer = kept.setdefault((y.shape, y.dtype), np.empty_like(y))
    buffer[...] = y
    return buffer


@fault(
    "linear",
    "conv1d",
    "conv_transpose2d",
    says="the first weight of a shape is used for good",
    killed_by="no_state",
    remembers=True,
)
def stale_weight(right: Right, kept: Any, x: Any, weight: Any, *bias: Any, **how: Any) -> Any:
    right(x, weight, *bias, **how)
    return right(x, kept.setdefault((weight.shape, weight.dtype), weight.copy()), *bias, **how)


@fault(
    "sigmoid",
    "softmax",
    "avg_pool2d",
    says="an array that was seen before gets its old answer",
    killed_by="no_state",
    corner="only for an array that was filled anew",
    remembers=True,
)
def known_by_identity(right: Right, kept: Any, x: Any, *sizes: Any, **how: Any) -> Any:
    return kept.setdefault((id(x), *sizes, str(how)), (x, right(x, *sizes, **how)))[1].copy()


@fault(
    "linear_backward",
    says="grad_weight is added to that of earlier calls",
    killed_by="no_state",
    corner="from the second call on",
    remembers=True,
)
def accumulated(right: Right, kept: Any, *arrays: Any, **how: Any) -> Any:
    grad_x, grad_weight, grad_bias = right(*arrays, **how)
    key = (grad_x.shape, grad_weight.shape, grad_weight.dtype)
    kept[key] = kept.get(key, 0) + grad_weight
    return grad_x, kept[key].copy(), grad_bias


@fault(
    "col2im",
    says="the image is added to a buffer that is not cleared",
    killed_by="no_state",
    corner="from the second call on",
    remembers=True,
)
def uncleared_buffer(right: Right, kept: Any, *arrays: Any, **how: Any) -> Any:
    image = right(*arrays, **how)
    kept[image.shape] = kept.get(image.shape, 0) + image.astype(np.float64)
    return kept[image.shape].astype(image.dtype)


@fault(
    "batch_norm",
    says="the running statistics are kept by the function instead of passed",
    killed_by="no_state",
    corner="from the second call on",
    remembers=True,
)
def statistics_kept(right: Right, kept: Any, x: Any, gamma: Any, beta: Any, *statistics: Any, **how: Any) -> Any:
    right(x, gamma, beta, *statistics, **how)
    key = (x.shape, x.dtype)
    y, *kept[key] = right(x, gamma, beta, *kept.get(key, statistics), **how)
    return y, *(each.copy() for each in kept[key])


@fault(
    "softmax",
    "cross_entropy",
    says="NumPy's error settings are changed for good",
    killed_by="no_global_state",
)
def settings_left(right: Right, *arrays: Any, **how: Any) -> Any:
    np.seterr(all="ignore")
    return right(*arrays, **how)


@fault(
    "local_response_norm",
    says="NumPy's error settings are put to warn instead of back to what they were",
    killed_by="no_global_state",
)
def settings_put_to_default(right: Right, x: Any, **how: Any) -> Any:
    np.seterr(all="ignore")
    y = right(x, **how)
    np.seterr(all="warn")
    return y


@fault("max_pool2d_backward", says="ties are broken by NumPy's global generator", killed_by="no_global_state")
def ties_by_chance(right: Right, *arrays: Any, **how: Any) -> Any:
    np.random.random()  # noqa: NPY002 - the mistake
    return right(*arrays, **how)
