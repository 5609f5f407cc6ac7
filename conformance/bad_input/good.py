"""One good case an operator: what a bad call is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from conformance.case import Case


def _good() -> Iterator[Case]:
    """One good case an operator, which each bad one spoils in one place."""
    kernel = {"kernel_size": (2, 3)}
    yield Case("im2col", {"x": (2, 2, 4, 5)}, kernel)
    yield Case("col2im", {"cols": (18, 12)}, {"input_shape": (2, 2, 4, 5), **kernel})
    yield Case("conv1d", {"x": (2, 4, 6), "weight": (6, 2, 3), "bias": (6,)}, {"groups": 2})
    yield Case("conv2d", {"x": (2, 4, 5, 7), "weight": (6, 2, 2, 3), "bias": (6,)}, {"groups": 2})
    yield Case("conv_transpose2d", {"x": (2, 4, 3, 4), "weight": (4, 3, 2, 3), "bias": (6,)}, {"groups": 2})
    yield Case("max_pool2d", {"x": (2, 2, 4, 5)}, kernel)
    yield Case("avg_pool2d", {"x": (2, 2, 4, 5)}, kernel)
    yield Case("global_avg_pool2d", {"x": (2, 3, 4, 5)})
    yield Case("linear", {"x": (2, 3), "weight": (4, 3), "bias": (4,)})
    for name in ("relu", "sigmoid", "tanh", "softmax"):
        yield Case(name, {"x": (2, 3)})
    yield Case("cross_entropy", {"logits": (3, 4), "target": (3,)})
    vectors = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (3,))
    yield Case("batch_norm", {"x": (4, 3), **vectors}, {"training": True})
    yield Case("local_response_norm", {"x": (2, 3, 2, 2)}, {"size": 3})
    yield Case("dropout", {"x": (4, 5)}, {"p": 0.5, "training": True, "seed": 0})
    yield Case("sgd_update", {"param": (2, 3), "grad": (2, 3)}, {"lr": 0.1})
    shapes = dict.fromkeys(("param", "grad", "velocity"), (2, 3))
    yield Case("momentum_update", shapes, {"lr": 0.1, "momentum": 0.9})
    yield Case("adam_update", dict.fromkeys(("param", "grad", "m", "v"), (2, 3)), {"step": 1, "lr": 0.1})


GOOD: Mapping[str, Case] = MappingProxyType({case.operator: case for case in _good()})
