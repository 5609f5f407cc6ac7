"""Mistakes in the gradients of batch normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.batch_norm import along, axes_of, variance_in_one_pass
from conformance.faults.fault import Right, fault


def _standardised(x: Any, old: tuple[Any, ...], training: bool, eps: float) -> tuple[Any, Any]:
    """Return (x - mean) / √(variance + eps), and the reciprocal of that root."""
    mean, var = (x.mean(axis=axes_of(x)), x.var(axis=axes_of(x))) if training else old
    scale = 1 / np.sqrt(along(var, x) + np.asarray(eps, x.dtype))
    return (x - along(mean, x)) * scale, scale


@fault(
    "batch_norm_backward",
    says="the sum over no sample is the mean times 0, which is NaN",
    killed_by="empty_batch",
    corner="an empty batch",
    history="empty_batch",
)
def sums_from_means(right: Right, grad_output: Any, x: Any, *rest: Any, **how: Any) -> Any:
    grad_x, grad_gamma, _ = right(grad_output, x, *rest, **how)
    return grad_x, grad_gamma, grad_output.mean(axis=axes_of(x)) * x[:, 0].size


@fault(
    "batch_norm_backward",
    says="the mean of grad_output is not subtracted in grad_x",
    killed_by="values",
    corner="training",
)
def mean_term_left_out(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    grad_x, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    _, scale = _standardised(x, old, training, eps)
    return grad_x + training * along(gamma * sums[1], x) * scale / max(1, x[:, 0].size), *sums


@fault(
    "batch_norm_backward",
    says="the variance is taken for a constant in grad_x",
    killed_by="values",
    corner="training",
)
def variance_term_left_out(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    grad_x, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    h, scale = _standardised(x, old, training, eps)
    return grad_x + training * along(gamma * sums[0], x) * h * scale / max(1, x[:, 0].size), *sums


@fault(
    "batch_norm_backward",
    says="mean and variance of the batch are both taken for constants in grad_x",
    killed_by="values",
    corner="training",
    history="evaluation_mode",
)
def statistics_constant(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    _, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    return along(gamma, x) * _standardised(x, old, training, eps)[1] * grad, *sums


@fault(
    "batch_norm_backward",
    says="the sums are divided by the number of samples, not of values a channel",
    killed_by="values",
    corner="training on images",
)
def divided_by_samples(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    _, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    h, scale = _standardised(x, old, training, eps)
    through = (h * along(sums[0], x) + along(sums[1], x)) / max(1, len(x))
    return along(gamma, x) * scale * (grad - training * through), *sums


@fault(
    "batch_norm_backward",
    says="the gradient of training is returned outside training too",
    killed_by="values",
    corner="outside training",
    history="evaluation_mode",
)
def training_always(right: Right, grad: Any, x: Any, *rest: Any, training: bool, eps: float) -> Any:
    return right(grad, x, *rest, training=training or x[:, 0].size > 1, eps=eps)


@fault(
    "batch_norm_backward",
    says="the running statistics are taken in training too",
    killed_by="values",
    corner="training",
    history="evaluation_mode",
)
def training_never(right: Right, *arrays: Any, training: bool, eps: float) -> Any:
    right(*arrays, training=training, eps=eps)
    return right(*arrays, training=False, eps=eps)


@fault(
    "batch_norm_backward",
    says="outside training, grad_gamma normalises x by the batch",
    killed_by="values",
    corner="outside training",
    history="evaluation_mode",
)
def gamma_by_batch(right: Right, grad: Any, x: Any, *rest: Any, training: bool, eps: float) -> Any:
    grad_x, grad_gamma, grad_beta = right(grad, x, *rest, training=training, eps=eps)
    return grad_x, right(grad, x, *rest, training=True, eps=eps)[1] if x[:, 0].size > 1 else grad_gamma, grad_beta


@fault(
    "batch_norm_backward",
    says="the variance is the mean of the squares less the square of the mean, a difference of two large numbers",
    killed_by="special_values",
    corner="a mean far above the deviation",
    history="one_pass_variance",
)
def one_pass_in_gradient(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    grad_x, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    rough = np.sqrt((x.var(axis=axes_of(x)) + eps) / (variance_in_one_pass(x) + eps)) if training else 1
    return (grad_x * along(gamma * 0 + rough, x)).astype(x.dtype), *sums


@fault("batch_norm_backward", says="eps is left out", killed_by="values")
def eps_left_out(right: Right, *arrays: Any, training: bool, eps: float) -> Any:
    return right(*arrays, training=training, eps=0 * eps)


@fault("batch_norm_backward", says="grad_gamma is made from x, which is not normalised", killed_by="values")
def gamma_by_x(right: Right, grad: Any, x: Any, *rest: Any, **how: Any) -> Any:
    grad_x, _, grad_beta = right(grad, x, *rest, **how)
    return grad_x, (grad * x).sum(axis=axes_of(x)), grad_beta


@fault("batch_norm_backward", says="grad_gamma has the factor gamma in it", killed_by="values")
def gamma_times_gamma(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, **how: Any) -> Any:
    grad_x, grad_gamma, grad_beta = right(grad, x, gamma, *old, **how)
    return grad_x, grad_gamma * gamma, grad_beta


@fault("batch_norm_backward", says="grad_gamma and grad_beta are swapped", killed_by="values")
def gradients_swapped(right: Right, *arrays: Any, **how: Any) -> Any:
    grad_x, grad_gamma, grad_beta = right(*arrays, **how)
    return grad_x, grad_beta, grad_gamma


@fault(
    "batch_norm_backward",
    says="grad_gamma and grad_beta are means, not sums",
    killed_by="values",
    corner="more than one value a channel",
)
def means_for_sums(right: Right, grad: Any, x: Any, *rest: Any, **how: Any) -> Any:
    grad_x, *sums = right(grad, x, *rest, **how)
    return grad_x, *(each / np.asarray(max(1, x[:, 0].size), x.dtype) for each in sums)


@fault("batch_norm_backward", says="gamma is left out of grad_x", killed_by="values", corner="gamma other than 1")
def gamma_left_out(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, **how: Any) -> Any:
    right(grad, x, gamma, *old, **how)
    return right(grad, x, np.ones_like(gamma), *old, **how)


@fault(
    "batch_norm_backward",
    says="the last columns, too few to fill a vector of 4, are left out of grad_beta",
    killed_by="values",
    corner="images wider than 4",
)
def columns_behind_vectors(right: Right, grad: Any, x: Any, *rest: Any, **how: Any) -> Any:
    grad_x, grad_gamma, _ = right(grad, x, *rest, **how)
    width = x.shape[-1]
    return grad_x, grad_gamma, grad[..., : width // 4 * 4 or width if x.ndim == 4 else width].sum(axis=axes_of(x))


@fault(
    "batch_norm_backward",
    says="the channels behind the last whole block of 16 get no gradient of gamma",
    killed_by="values",
    corner="more than 16 channels",
)
def gamma_behind_blocks(right: Right, *arrays: Any, **how: Any) -> Any:
    grad_x, grad_gamma, grad_beta = right(*arrays, **how)
    C = len(grad_gamma)
    return grad_x, grad_gamma * (np.arange(C) < (C // 16 * 16 or C)), grad_beta


@fault(
    "batch_norm_backward",
    says="grad_beta is added up in single precision",
    killed_by="values",
    corner="float64",
    history="lower_precision",
)
def summed_in_single_precision(right: Right, grad: Any, x: Any, *rest: Any, **how: Any) -> Any:
    grad_x, grad_gamma, _ = right(grad, x, *rest, **how)
    return grad_x, grad_gamma, grad.sum(axis=axes_of(x), dtype=np.float32).astype(x.dtype)


@fault(
    "batch_norm_backward",
    says="grad_output is read in the order in which it lies in memory",
    killed_by="layouts",
    corner="a grad_output that is not contiguous",
    history="channels_last",
)
def gradient_read_as_dense(right: Right, grad: Any, *rest: Any, **how: Any) -> Any:
    return right(grad.ravel(order="K").reshape(grad.shape), *rest, **how)


@fault(
    "batch_norm_backward",
    says="grad_output is changed in place, as by multiplying it by gamma",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def gradient_scaled_in_place(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, **how: Any) -> Any:
    answer = right(grad, x, gamma, *old, **how)
    np.copyto(grad if grad.flags.writeable else np.array(grad), grad * along(gamma, x))
    return answer


@fault(
    "batch_norm_backward",
    says="x is kept from the first call with arrays of a shape",
    killed_by="no_state",
    corner="a later call with the same shape",
    remembers=True,
)
def stale_x(right: Right, memory: dict[Any, Any], grad: Any, x: Any, *rest: Any, **how: Any) -> Any:
    return right(grad, memory.setdefault((x.shape, x.dtype), x.copy()), *rest, **how)
