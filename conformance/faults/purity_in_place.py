"""Mistakes of functions that write into their arguments."""

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
    says="grad_output is changed in place, as by scaling it",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def gradient_in_place(right: Right, grad: Any, x: Any) -> Any:
    grad_x = right(grad, x)
    _overwrite(grad, grad / 2)
    return grad_x


@fault(
    "softmax",
    says="x is changed in place, as by subtracting the maximum",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
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
    says="x is changed in place, as by striking out the maxima that were found",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def maxima_struck_out(right: Right, grad: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad, x, kernel_size, **how)
    _overwrite(x, np.where(grad_x == 0, x, -np.inf))
    return grad_x


@fault(
    "col2im",
    says="cols is changed in place, as by clearing it after it was read",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
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
    says="logits is changed in place, as by subtracting 1 from the probabilities",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def logits_in_place(right: Right, logits: Any, target: Any) -> Any:
    grad = right(logits, target)
    _overwrite(logits, grad)
    return grad


@fault(
    "cross_entropy",
    says="the weights are changed in place, as by normalising them",
    killed_by="inputs_unchanged",
    corner="only with weights",
    history="mutated_input",
)
def weights_in_place(right: Right, logits: Any, target: Any) -> Any:
    loss = right(logits, target)
    _overwrite(target, target / 2 if target.ndim > 1 else target)
    return loss


@fault(
    "linear",
    says="weight is changed in place, as by transposing it",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def weight_transposed(right: Right, x: Any, weight: Any, *bias: Any) -> Any:
    y = right(x, weight, *bias)
    _overwrite(weight, weight.T.reshape(weight.shape))
    return y
