"""Mistakes in dropout other than in its mask."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


@fault("dropout", says="kept cells are not scaled up", killed_by="scale", history="dropout_scale")
def scale_missing(right: Right, x: Any, *, p: float, training: bool, seed: int) -> Any:
    return right(x, p=p, training=training, seed=seed) * (1 - p if training else 1)


@fault(
    "dropout_backward",
    says="gradients are not multiplied by 1 / (1 - p), but by another number, or not at all",
    killed_by="scale",
    history="dropout_scale",
)
def wrong_scale(right: Right, *arrays: Any, p: float, training: bool, seed: int) -> Any:
    return right(*arrays, p=p, training=training, seed=seed) * (1 - p if training else 1)


@fault(
    "dropout",
    "dropout_backward",
    says="kept cells are divided by p instead of 1 - p",
    killed_by="scale",
    history="dropout_scale",
)
def scale_by_p(right: Right, *arrays: Any, p: float, training: bool, seed: int) -> Any:
    return right(*arrays, p=p, training=training, seed=seed) * ((1 - p) / p if training and p else 1)


@fault(
    "dropout",
    "dropout_backward",
    says="cells are dropped or scaled outside training too",
    killed_by="scale",
    history="dropout_scale",
)
def active_outside_training(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **how | {"training": True})


@fault("dropout", says="it is stuck off: nothing is ever dropped", killed_by="scale", history="dropout_scale")
def stuck_off(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **how | {"training": False})


@fault("dropout", says="kept cells are scaled by the share that was in fact kept", killed_by="scale")
def scale_by_count(right: Right, x: Any, *, p: float, training: bool, seed: int) -> Any:
    y = right(x, p=p, training=training, seed=seed)
    return y * ((1 - p) * x.size / max(1, np.count_nonzero(y)) if training else 1)


@fault("dropout", says="a p of 0 is taken as not given", killed_by="scale", corner="only with p = 0")
def zero_as_missing(right: Right, x: Any, *, p: float, **how: Any) -> Any:
    return right(x, p=p or 0.5, **how)


@fault("dropout", says="a p above one half is cut down to it", killed_by="scale", corner="only above p = 0.5")
def half_at_most(right: Right, x: Any, *, p: float, **how: Any) -> Any:
    return right(x, p=min(p, 0.5 if p < 1 else p), **how)


@fault("dropout", "dropout_backward", says="the result is float64 whatever the inputs are", killed_by="dtype")
def widened(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **how).astype(np.float64)


@fault("dropout", says="x itself comes back outside training", killed_by="no_alias", corner="only outside training")
def x_itself(right: Right, x: Any, *, training: bool, **how: Any) -> Any:
    answer = right(x, training=training, **how)
    return answer if training else x


@fault(
    "dropout_backward",
    says="grad_output itself comes back outside training",
    killed_by="no_alias",
    corner="only outside training",
)
def gradient_itself(right: Right, grad: Any, x: Any, *, training: bool, **how: Any) -> Any:
    answer = right(grad, x, training=training, **how)
    return answer if training else grad


@fault(
    "dropout",
    "dropout_backward",
    says="cells are dropped in place",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def in_place(right: Right, values: Any, *arrays: Any, **how: Any) -> Any:
    answer = right(values, *arrays, **how)
    np.copyto(values if values.flags.writeable else answer, answer)
    return answer


@fault("dropout", says="an empty batch becomes one sample", killed_by="empty_batch", corner="only for an empty batch")
def empty_batch_filled(right: Right, x: Any, **how: Any) -> Any:
    answer = right(x, **how)
    return answer if math.prod(x.shape) else np.zeros((1, *x.shape[1:]), x.dtype)
