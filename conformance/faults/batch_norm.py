"""Mistakes in batch normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def axes_of(x: Any) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def along(vector: Any, x: Any) -> Any:
    return np.expand_dims(vector, axes_of(x))


def variance_in_one_pass(x: Any) -> Any:
    """Return the mean of the squares less the square of the mean."""
    return np.maximum((x**2).mean(axis=axes_of(x)) - x.mean(axis=axes_of(x)) ** 2, 0)


def mixed(old: Any, new: Any, training: bool, momentum: float) -> Any:
    return (1 - momentum) * old + momentum * new if training else old.copy()


@fault(
    "batch_norm",
    says="running_var takes the biased variance of the batch, divided by n",
    killed_by="running_var",
    corner="training",
    history="running_variance",
)
def biased_running_var(right: Right, x: Any, *rest: Any, training: bool, momentum: float = 0.1, **how: Any) -> Any:
    y, mean, _ = right(x, *rest, training=training, momentum=momentum, **how)
    return y, mean, mixed(rest[3], x.var(axis=axes_of(x)), training, momentum)


@fault(
    "batch_norm",
    says="the unbiased running_var is corrected by the number of samples, not of values a channel",
    killed_by="running_var",
    corner="training on images",
    history="running_variance",
)
def corrected_by_samples(right: Right, x: Any, *rest: Any, training: bool, momentum: float = 0.1, **how: Any) -> Any:
    y, mean, _ = right(x, *rest, training=training, momentum=momentum, **how)
    return y, mean, mixed(rest[3], x.var(axis=axes_of(x)) * len(x) / max(1, len(x) - 1), training, momentum)


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
    old = mixed(rest[3], x.var(axis=axes_of(x)), training, momentum)
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
    n, var = x[:, 0].size, x.var(axis=axes_of(x))
    factor = np.sqrt((var + eps) / (var * (n / (n - 1)) + eps)) if training else 1
    return right(x, gamma * factor, *rest, training=training, eps=eps, **how)[0], *answer[1:]


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
    variance = x.var(axis=axes_of(x)) if how["training"] else var
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
    variance = x.var(axis=axes_of(x)) if how["training"] else var
    factor = np.sqrt((variance + eps) / np.maximum(variance, eps))
    return right(x, gamma * factor, beta, mean, var, eps=eps, **how)[0], *answer[1:]


@fault("batch_norm", says="gamma and beta are swapped", killed_by="values")
def gamma_and_beta_swapped(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, **how: Any) -> Any:
    return right(x, beta, gamma, *old, **how)


@fault("batch_norm", says="gamma multiplies beta too", killed_by="values", corner="gamma other than 1")
def beta_scaled(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, **how: Any) -> Any:
    return right(x, gamma, gamma * beta, *old, **how)
