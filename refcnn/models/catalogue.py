"""The models by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from refcnn._checks import require
from refcnn.models.alexnet import AlexNet, small_alexnet
from refcnn.models.all_convolutional import AllConvolutionalNet
from refcnn.models.deep import DeepConvNet
from refcnn.models.lenet5 import LeNet5
from refcnn.models.network import Network
from refcnn.models.simple import SimpleConvNet

MODELS: dict[str, Callable[..., Network]] = {
    "simple": SimpleConvNet,
    "lenet5": LeNet5,
    "alexnet": AlexNet,
    "small_alexnet": small_alexnet,
    "deep": DeepConvNet,
    "all_convolutional": AllConvolutionalNet,
}


def build(name: str, *, seed: np.random.Generator | int = 0, **settings: Any) -> Network:
    """Build one of `MODELS`.

    Parameters
    ----------
    name : one of the names in `MODELS`
    seed : the seed of the weights, or a generator to draw them from
    settings : what the model of that name takes, `input_shape` among it

    Raises
    ------
    TypeError
        A setting that the model does not have.
    ValueError
        A name that is not in `MODELS`.
    TypeError, ValueError
        Whatever the model refuses.

    Examples
    --------
    >>> build("simple", seed=1, hidden=50).parameter_count
    217340
    """
    require(name in MODELS, "build", "name", f"one of {', '.join(MODELS)}", repr(name))
    return MODELS[name](rng=seed, **settings)
