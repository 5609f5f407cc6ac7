"""Mistakes in batch normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def _axes(x: Any) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _along(vector: Any, x: Any) -> Any:
    return np.expand_dims(vector, _axes(x))


def _one_pass(x: Any) -> Any:
    """Return the mean of the squares less the square of the mean."""
    return np.maximum((x**2).mean(axis=_axes(x)) - x.mean(axis=_axes(x)) ** 2, 0)


def _mixed(old: Any, new: Any, training: bool, momentum: float) -> Any:
    return (1 - momentum) * old + momentum * new if training else old.copy()


def _standardised(x: Any, old: tuple[Any, ...], training: bool, eps: float) -> tuple[Any, Any]:
    """Return (x - mean) / √(variance + eps), and the reciprocal of that root."""
    mean, var = (x.mean(axis=_axes(x)), x.var(axis=_axes(x))) if training else old
    scale = 1 / np.sqrt(_along(var, x) + np.asarray(eps, x.dtype))
    return (x - _along(mean, x)) * scale, scale


@fault(
    "batch_norm",
    says="running_var takes the biased variance of the batch, divided by n",
    killed_by="running_var",
    corner="training",
    history="running_variance",
)
def biased_running_var(right: Right, x: Any, *rest: Any, training: bool, momentum: float = 0.1, **how: Any) -> Any:
    y, mean, _ = right(x, *rest, training=training, momentum=momentum, **how)
    return y, mean, _mixed(rest[3], x.var(axis=_axes(x)), training, momentum)


@fault(
    "batch_norm",
    says="the unbiased running_var is corrected by the number of samples, not of values a channel",
    killed_by="running_var",
    corner="training on images",
    history="running_variance",
)
def corrected_by_samples(right: Right, x: Any, *rest: Any, training: bool, momentum: float = 0.1, **how: Any) -> Any:
    y, mean, _ = right(x, *rest, training=training, momentum=momentum, **how)
    return y, mean, _mixed(rest[3], x.var(axis=_axes(x)) * len(x) / max(1, len(x) - 1), training, momentum)


@fault(
    "batch_norm",
    says="running_var is corrected by n / (n - 1) as a whole, the old one too",
    killed_by="running_var",
    corner="training",
    history="running_variance",
)
def old_variance_corrected(right: Right, x: Any, *rest: Any, training: bool, momentum: float = 0.1, **how: Any) -> Any:
    y, mean, _ = right(x, *rest, training=training, momentum=momentum, **how)
    n = x[:, 0].size
    old = _mixed(rest[3], x.var(axis=_axes(x)), training, momentum)
    return y, mean, old * (n / (n - 1) if training else 1)


@fault("batch_norm", says="eps is added to running_var", killed_by="running_var", corner="training")
def eps_in_running_var(right: Right, *arrays: Any, training: bool, momentum: float = 0.1, eps: float = 1e-5) -> Any:
    y, mean, var = right(*arrays, training=training, momentum=momentum, eps=eps)
    return y, mean, var + training * momentum * eps


@fault(
    "batch_norm",
    says="y is normalised by the unbiased variance, divided by n - 1",
    killed_by="values",
    corner="training",
    history="running_variance",
)
def unbiased_in_y(right: Right, x: Any, gamma: Any, *rest: Any, training: bool, eps: float = 1e-5, **how: Any) -> Any:
    answer = right(x, gamma, *rest, training=training, eps=eps, **how)
    n, var = x[:, 0].size, x.var(axis=_axes(x))
    factor = np.sqrt((var + eps) / (var * (n / (n - 1)) + eps)) if training else 1
    return right(x, gamma * factor, *rest, training=training, eps=eps, **how)[0], *answer[1:]


@fault(
    "batch_norm",
    says="the variance is that of the squares less the square of the mean, two large numbers",
    killed_by="special_values",
    corner="a mean far above the deviation",
    history="one_pass_variance",
)
def one_pass(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, training: bool, **how: Any) -> Any:
    answer = right(x, gamma, beta, *old, training=training, **how)
    statistics = (x.mean(axis=_axes(x)), _one_pass(x)) if training else old
    return right(x, gamma, beta, *statistics, training=False, **how)[0], *answer[1:]


@fault(
    "batch_norm",
    says="running_var takes the mean of the squares less the square of the mean, two large numbers",
    killed_by="running_var",
    corner="a mean far above the deviation",
    history="one_pass_variance",
)
def one_pass_running_var(right: Right, x: Any, *rest: Any, training: bool, momentum: float = 0.1, **how: Any) -> Any:
    y, mean, _ = right(x, *rest, training=training, momentum=momentum, **how)
    n = x[:, 0].size
    return y, mean, _mixed(rest[3], _one_pass(x) * n / max(1, n - 1), training, momentum)


@fault(
    "batch_norm",
    says="the statistics of the batch normalise outside training too",
    killed_by="values",
    corner="outside training",
    history="evaluation_mode",
)
def batch_statistics_always(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, training: bool, **how: Any) -> Any:
    answer = right(x, gamma, beta, *old, training=training, **how)
    return answer if x[:, 0].size < 2 else (right(x, gamma, beta, *old, training=True, **how)[0], *answer[1:])


@fault(
    "batch_norm",
    says="the running statistics normalise in training too",
    killed_by="values",
    corner="training",
    history="evaluation_mode",
)
def running_statistics_always(right: Right, *arrays: Any, training: bool, **how: Any) -> Any:
    answer = right(*arrays, training=training, **how)
    return right(*arrays, training=False, **how)[0], *answer[1:]


@fault(
    "batch_norm",
    says="in training the running statistics are updated first, and then normalise",
    killed_by="values",
    corner="training",
)
def updated_first(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, training: bool, **how: Any) -> Any:
    _, *new = right(x, gamma, beta, *old, training=training, **how)
    return right(x, gamma, beta, *new, training=False, **how)[0], *new


@fault(
    "batch_norm",
    says="the running statistics move outside training too",
    killed_by="running_mean",
    corner="outside training",
    history="evaluation_mode",
)
def moves_outside_training(right: Right, *arrays: Any, training: bool, **how: Any) -> Any:
    answer = right(*arrays, training=training, **how)
    return (answer[0], *right(*arrays, training=True, **how)[1:]) if arrays[0][:, 0].size > 1 else answer


@fault(
    "batch_norm",
    says="the running statistics do not move in training",
    killed_by="running_mean",
    corner="training",
    history="evaluation_mode",
)
def never_moves(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **how)[0], *(each.copy() for each in arrays[3:])


@fault("batch_norm", says="momentum weighs the old statistics, not the new ones", killed_by="running_mean")
def momentum_reversed(right: Right, *arrays: Any, momentum: float = 0.1, **how: Any) -> Any:
    return right(*arrays, momentum=1 - momentum, **how)


@fault(
    "batch_norm",
    says="a momentum of 0 is taken for none given (momentum or 0.1)",
    killed_by="running_mean",
    corner="a momentum of 0",
)
def momentum_of_0(right: Right, *arrays: Any, momentum: float = 0.1, **how: Any) -> Any:
    return right(*arrays, momentum=momentum or 0.1, **how)


@fault(
    "batch_norm",
    "batch_norm_backward",
    says="an eps of 0 is taken for none given (eps or 1e-5)",
    killed_by="special_values",
    corner="outside training, an eps of 0",
)
def eps_of_0(right: Right, *arrays: Any, eps: float = 1e-5, **how: Any) -> Any:
    return right(*arrays, eps=eps or 1e-5, **how)


@fault(
    "batch_norm",
    "batch_norm_backward",
    says="eps is always 1e-5, whatever is passed",
    killed_by="values",
    corner="an eps other than 1e-5",
)
def eps_ignored(right: Right, *arrays: Any, eps: float = 1e-5, **how: Any) -> Any:
    return right(*arrays, eps=min(eps, 1e-5), **how)


@fault("batch_norm", "batch_norm_backward", says="eps is added twice", killed_by="values")
def eps_twice(right: Right, *arrays: Any, eps: float = 1e-5, **how: Any) -> Any:
    return right(*arrays, eps=2 * eps, **how)


@fault("batch_norm", says="eps is added to the deviation, outside the root", killed_by="values")
def eps_outside_root(
    right: Right, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, eps: float = 1e-5, **how: Any
) -> Any:
    answer = right(x, gamma, beta, mean, var, eps=eps, **how)
    variance = x.var(axis=_axes(x)) if how["training"] else var
    factor = np.sqrt(variance + eps) / (np.sqrt(variance) + eps)
    return right(x, gamma * factor, beta, mean, var, eps=eps, **how)[0], *answer[1:]


@fault(
    "batch_norm",
    says="eps is a lower bound of the variance, and not added to it",
    killed_by="values",
)
def eps_as_bound(
    right: Right, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, eps: float = 1e-5, **how: Any
) -> Any:
    answer = right(x, gamma, beta, mean, var, eps=eps, **how)
    variance = x.var(axis=_axes(x)) if how["training"] else var
    factor = np.sqrt((variance + eps) / np.maximum(variance, eps))
    return right(x, gamma * factor, beta, mean, var, eps=eps, **how)[0], *answer[1:]


@fault(
    "batch_norm",
    says="each pixel has statistics of its own over the batch, as if it were a channel",
    killed_by="values",
    corner="training on images",
)
def statistics_by_pixel(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, training: bool, **how: Any) -> Any:
    answer = right(x, gamma, beta, *old, training=training, **how)
    centred = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + np.asarray(how.get("eps", 1e-5), x.dtype))
    return (_along(gamma, x) * centred + _along(beta, x), *answer[1:]) if training else answer


@fault(
    "batch_norm",
    says="each image has statistics of its own (instance normalisation)",
    killed_by="values",
    corner="training on images",
)
def statistics_by_image(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, training: bool, **how: Any) -> Any:
    answer = right(x, gamma, beta, *old, training=training, **how)
    several = training and x[0, 0].size > 1
    parts = (right(x[n : n + 1], gamma, beta, *old, training=True, **how)[0] for n in range(len(x) * several))
    return (np.concatenate([*parts]), *answer[1:]) if several else answer


@fault(
    "batch_norm",
    says="the channels are looked for in the last axis where that fits gamma (NHWC)",
    killed_by="values",
    corner="as wide as there are channels",
)
def channels_last_axis(right: Right, x: Any, gamma: Any, *rest: Any, **how: Any) -> Any:
    square = x.shape[-1] == x.shape[1] and x.ndim == 4
    answer = right(x.swapaxes(1, -1) if square else x, gamma, *rest, **how)
    return answer[0].swapaxes(1, -1) if square else answer[0], *answer[1:]


@fault("batch_norm", says="gamma and beta are swapped", killed_by="values")
def gamma_and_beta_swapped(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, **how: Any) -> Any:
    return right(x, beta, gamma, *old, **how)


@fault("batch_norm", says="gamma multiplies beta too", killed_by="values", corner="gamma other than 1")
def beta_scaled(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, **how: Any) -> Any:
    return right(x, gamma, gamma * beta, *old, **how)


@fault(
    "batch_norm",
    says="a gamma of 0 is taken for none given",
    killed_by="values",
    corner="a gamma of 0",
)
def gamma_of_0(right: Right, x: Any, gamma: Any, *rest: Any, **how: Any) -> Any:
    return right(x, np.where(gamma == 0, 1, gamma).astype(gamma.dtype), *rest, **how)


@fault(
    "batch_norm",
    says="a running_var of 0 is taken for 1",
    killed_by="special_values",
    corner="outside training, a running_var of 0",
)
def variance_of_0(right: Right, *arrays: Any, **how: Any) -> Any:
    answer = right(*arrays, **how)
    safe = np.where(arrays[4] == 0, 1, arrays[4]).astype(arrays[4].dtype)
    return right(*arrays[:4], safe, **how)[0], *answer[1:]


@fault(
    "batch_norm",
    says="y loses the axes of an image of one pixel",
    killed_by="shape",
    corner="images of one pixel",
)
def pixel_squeezed(right: Right, x: Any, *rest: Any, **how: Any) -> Any:
    y, *statistics = right(x, *rest, **how)
    return y.reshape(x.shape if x.shape[2:] != (1, 1) else x.shape[:2]), *statistics


@fault(
    "batch_norm",
    says="the running statistics of the channels behind the last whole block of 16 do not move",
    killed_by="running_mean",
    corner="more than 16 channels",
)
def channels_behind_blocks(right: Right, *arrays: Any, **how: Any) -> Any:
    y, *new = right(*arrays, **how)
    done = len(new[0]) // 16 * 16 or len(new[0])
    return y, *(np.concatenate([b[:done], a[done:]]) for a, b in zip(arrays[3:], new, strict=True))


@fault(
    "batch_norm",
    says="the running statistics come back in float64",
    killed_by="dtype",
    corner="float32",
)
def running_statistics_in_float64(right: Right, *arrays: Any, **how: Any) -> Any:
    y, mean, var = right(*arrays, **how)
    return y, mean.astype(np.float64), var.astype(np.float64)


@fault(
    "batch_norm",
    says="the mean of the batch is worked out in single precision",
    killed_by="special_values",
    corner="float64, a mean far above the deviation",
    history="lower_precision",
)
def mean_in_single_precision(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, training: bool, **how: Any) -> Any:
    answer = right(x, gamma, beta, *old, training=training, **how)
    rough = x.astype(np.float32).mean(axis=_axes(x)).astype(x.dtype)
    statistics = (rough, x.var(axis=_axes(x))) if training else old
    return right(x, gamma, beta, *statistics, training=False, **how)[0], *answer[1:]


@fault(
    "batch_norm",
    says="the old statistics and 0 times the mean of no sample are added up, which is NaN",
    killed_by="empty_batch",
    corner="outside training, an empty batch",
    history="empty_batch",
)
def moved_by_0(right: Right, x: Any, *rest: Any, training: bool, momentum: float = 0.1, **how: Any) -> Any:
    y, mean, var = right(x, *rest, training=training, momentum=momentum, **how)
    return y, mean + 0 * x.mean(axis=_axes(x)), var + 0 * x.var(axis=_axes(x))


@fault(
    "batch_norm_backward",
    says="the sum over no sample is the mean times 0, which is NaN",
    killed_by="empty_batch",
    corner="an empty batch",
    history="empty_batch",
)
def sums_from_means(right: Right, grad_output: Any, x: Any, *rest: Any, **how: Any) -> Any:
    grad_x, grad_gamma, _ = right(grad_output, x, *rest, **how)
    return grad_x, grad_gamma, grad_output.mean(axis=_axes(x)) * x[:, 0].size


@fault(
    "batch_norm_backward",
    says="the mean of grad_output is not subtracted in grad_x",
    killed_by="values",
    corner="training",
)
def mean_term_left_out(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    grad_x, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    _, scale = _standardised(x, old, training, eps)
    return grad_x + training * _along(gamma * sums[1], x) * scale / max(1, x[:, 0].size), *sums


@fault(
    "batch_norm_backward",
    says="the variance is taken for a constant in grad_x",
    killed_by="values",
    corner="training",
)
def variance_term_left_out(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    grad_x, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    h, scale = _standardised(x, old, training, eps)
    return grad_x + training * _along(gamma * sums[0], x) * h * scale / max(1, x[:, 0].size), *sums


@fault(
    "batch_norm_backward",
    says="mean and variance of the batch are both taken for constants in grad_x",
    killed_by="values",
    corner="training",
    history="evaluation_mode",
)
def statistics_constant(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    _, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    return _along(gamma, x) * _standardised(x, old, training, eps)[1] * grad, *sums


@fault(
    "batch_norm_backward",
    says="the sums are divided by the number of samples, not of values a channel",
    killed_by="values",
    corner="training on images",
)
def divided_by_samples(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    _, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    h, scale = _standardised(x, old, training, eps)
    through = (h * _along(sums[0], x) + _along(sums[1], x)) / max(1, len(x))
    return _along(gamma, x) * scale * (grad - training * through), *sums


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
    says="the variance is that of the squares less the square of the mean, two large numbers",
    killed_by="special_values",
    corner="a mean far above the deviation",
    history="one_pass_variance",
)
def one_pass_in_gradient(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
    grad_x, *sums = right(grad, x, gamma, *old, training=training, eps=eps)
    rough = np.sqrt((x.var(axis=_axes(x)) + eps) / (_one_pass(x) + eps)) if training else 1
    return (grad_x * _along(gamma * 0 + rough, x)).astype(x.dtype), *sums


@fault("batch_norm_backward", says="eps is left out", killed_by="values")
def eps_left_out(right: Right, *arrays: Any, training: bool, eps: float) -> Any:
    return right(*arrays, training=training, eps=0 * eps)


@fault("batch_norm_backward", says="grad_gamma is made from x, which is not normalised", killed_by="values")
def gamma_by_x(right: Right, grad: Any, x: Any, *rest: Any, **how: Any) -> Any:
    grad_x, _, grad_beta = right(grad, x, *rest, **how)
    return grad_x, (grad * x).sum(axis=_axes(x)), grad_beta


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
    return grad_x, grad_gamma, grad[..., : width // 4 * 4 or width if x.ndim == 4 else width].sum(axis=_axes(x))


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
    return grad_x, grad_gamma, grad.sum(axis=_axes(x), dtype=np.float32).astype(x.dtype)


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
    says="grad_output is multiplied by gamma in place",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def gradient_scaled_in_place(right: Right, grad: Any, x: Any, gamma: Any, *old: Any, **how: Any) -> Any:
    answer = right(grad, x, gamma, *old, **how)
    np.copyto(grad if grad.flags.writeable else np.array(grad), grad * _along(gamma, x))
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
