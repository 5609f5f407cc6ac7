"""Mistakes of functions that are not pure: they write into arguments, share memory, remember, or leave traces."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def _overwrite(array: Any, values: Any) -> None:
    """Write into an argument, unless it is read-only: what that raises would be another mistake."""
    np.copyto(array if array.flags.writeable else np.array(array), values)


@fault("sigmoid", says="x is overwritten with y", killed_by="inputs_unchanged", history="mutated_input")
def in_place(right: Right, x: Any) -> Any:
    y = right(x)
    _overwrite(x, y)
    return y


@fault(
    "relu_backward",
    "tanh_backward",
    "global_avg_pool2d_backward",
    says="grad_output is scaled in place",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def gradient_in_place(right: Right, grad: Any, x: Any) -> Any:
    grad_x = right(grad, x)
    _overwrite(grad, grad / 2)
    return grad_x


@fault("softmax", says="the maximum is subtracted in place", killed_by="inputs_unchanged", history="mutated_input")
def shifted_in_place(right: Right, x: Any, **how: Any) -> Any:
    y = right(x, **how)
    _overwrite(x, x - np.max(x, initial=0))
    return y


@fault(
    "max_pool2d",
    says="NaN is replaced in x itself",
    killed_by="inputs_unchanged",
    corner="where x holds NaN",
    history="mutated_input",
)
def nan_replaced(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    _overwrite(x, np.where(np.isnan(x), np.inf, x))
    return y


@fault(
    "max_pool2d_backward",
    says="the maxima are struck out in x itself",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def maxima_struck_out(right: Right, grad: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad, x, kernel_size, **how)
    _overwrite(x, np.where(grad_x == 0, x, -np.inf))
    return grad_x


@fault(
    "avg_pool2d_backward",
    says="grad_output is divided in place",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def divided_in_place(right: Right, grad: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad, x, kernel_size, **how)
    _overwrite(grad, grad / 2)
    return grad_x


@fault("col2im", says="cols is cleared after it was read", killed_by="inputs_unchanged", history="mutated_input")
def cols_cleared(right: Right, cols: Any, *sizes: Any, **how: Any) -> Any:
    image = right(cols, *sizes, **how)
    _overwrite(cols, 0)
    return image


@fault(
    "batch_norm",
    says="the running statistics are written in place",
    killed_by="inputs_unchanged",
    corner="only in training",
    history="mutated_input",
)
def statistics_in_place(right: Right, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, **how: Any) -> Any:
    answer = right(x, gamma, beta, mean, var, **how)
    _overwrite(mean, answer[1])
    _overwrite(var, answer[2])
    return answer


@fault(
    "batch_norm",
    says="eps is added to running_var in place",
    killed_by="inputs_unchanged",
    corner="only outside training",
    history="mutated_input",
)
def eps_in_place(right: Right, *arrays: Any, training: bool, **how: Any) -> Any:
    answer = right(*arrays, training=training, **how)
    _overwrite(arrays[4], arrays[4] + (0 if training else 1e-3))
    return answer


@fault(
    "cross_entropy_backward",
    says="1 is subtracted from the probabilities in logits itself",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def logits_in_place(right: Right, logits: Any, target: Any) -> Any:
    grad = right(logits, target)
    _overwrite(logits, grad)
    return grad


@fault(
    "cross_entropy",
    says="the weights are normalised in place",
    killed_by="inputs_unchanged",
    corner="only with weights",
    history="mutated_input",
)
def weights_in_place(right: Right, logits: Any, target: Any) -> Any:
    loss = right(logits, target)
    _overwrite(target, target / 2 if target.ndim > 1 else target)
    return loss


@fault("linear", says="weight is transposed in place", killed_by="inputs_unchanged", history="mutated_input")
def weight_transposed(right: Right, x: Any, weight: Any, *bias: Any) -> Any:
    y = right(x, weight, *bias)
    _overwrite(weight, weight.T.reshape(weight.shape))
    return y


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
