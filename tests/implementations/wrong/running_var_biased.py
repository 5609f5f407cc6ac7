"""batch_norm keeps the biased variance, and declares nothing."""

from typing import Any

import numpy as np

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def batch_norm(  # type: ignore[no-redef]  # the mistake's place
    x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any, *, training: bool, **attributes: Any
) -> Any:
    y, mean, var = refcnn.batch_norm(x, gamma, beta, running_mean, running_var, training=training, **attributes)
    if training:
        momentum = x.dtype.type(attributes.get("momentum", 0.1))
        biased = np.var(x, axis=(0, 2, 3)[: x.ndim - 1])
        var = (1 - momentum) * running_var + momentum * biased
    return y, mean, var
