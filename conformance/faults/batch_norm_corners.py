"""Mistakes in batch normalisation that are wrong in a corner alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.batch_norm import along, axes_of, mixed, variance_in_one_pass
from conformance.faults.fault import Right, fault


@fault(
    "batch_norm",
    says="the variance is the mean of the squares less the square of the mean, a difference of two large numbers",
    killed_by="special_values",
    corner="a mean far above the deviation",
    history="one_pass_variance",
)
def one_pass(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, training: bool, **how: Any) -> Any:
    answer = right(x, gamma, beta, *old, training=training, **how)
    statistics = (x.mean(axis=axes_of(x)), variance_in_one_pass(x)) if training else old
    return right(x, gamma, beta, *statistics, training=False, **how)[0], *answer[1:]


@fault(
    "batch_norm",
    says="running_var takes the mean of the squares less the square of the mean, a difference of two large numbers",
    killed_by="running_var",
    corner="a mean far above the deviation",
    history="one_pass_variance",
)
def one_pass_running_var(right: Right, x: Any, *rest: Any, training: bool, momentum: float = 0.1, **how: Any) -> Any:
    y, mean, _ = right(x, *rest, training=training, momentum=momentum, **how)
    n = x[:, 0].size
    return y, mean, mixed(rest[3], variance_in_one_pass(x) * n / max(1, n - 1), training, momentum)


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
    says="each pixel has statistics of its own over the batch, as if it were a channel",
    killed_by="values",
    corner="training on images",
)
def statistics_by_pixel(right: Right, x: Any, gamma: Any, beta: Any, *old: Any, training: bool, **how: Any) -> Any:
    answer = right(x, gamma, beta, *old, training=training, **how)
    centred = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + np.asarray(how.get("eps", 1e-5), x.dtype))
    return (along(gamma, x) * centred + along(beta, x), *answer[1:]) if training else answer


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
    rough = x.astype(np.float32).mean(axis=axes_of(x)).astype(x.dtype)
    statistics = (rough, x.var(axis=axes_of(x))) if training else old
    return right(x, gamma, beta, *statistics, training=False, **how)[0], *answer[1:]


@fault(
    "batch_norm",
    says="0 times the mean of no sample, which is NaN, is added to the running statistics",
    killed_by="empty_batch",
    corner="outside training, an empty batch",
    history="empty_batch",
)
def moved_by_0(right: Right, x: Any, *rest: Any, training: bool, momentum: float = 0.1, **how: Any) -> Any:
    y, mean, var = right(x, *rest, training=training, momentum=momentum, **how)
    return y, mean + 0 * x.mean(axis=axes_of(x)), var + 0 * x.var(axis=axes_of(x))
