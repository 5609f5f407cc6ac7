"""Activations, loss, normalisation and dropout that are PyTorch modules, behind the contract's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from conformance.layers.construction import by_name
from conformance.layers.torch_bridge import answer, gradients, loaded, tensor

Body = Callable[..., Any]


def pointwise(name: str, made: type, **names: str) -> Mapping[str, Body]:
    """Translate a module without parameters whose constructor takes attributes, by the names that it has for them."""

    def module(how: Mapping[str, Any]) -> Any:
        return by_name(made, {names.get(each, each): value for each, value in how.items()}, {})

    def forward(x: Any, **how: Any) -> Any:
        return answer(module(how), x)

    def backward(grad_output: Any, x: Any, **how: Any) -> Any:
        return gradients(module(how), x, grad_output)

    return {name: forward, f"{name}_backward": backward}


def softmax(made: type) -> Mapping[str, Body]:
    """Translate ``Softmax(dim)``."""
    functions = pointwise("softmax", made, axis="dim")

    def forward(x: Any, *, axis: int = -1) -> Any:
        return functions["softmax"](x, axis=axis)

    def backward(grad_output: Any, x: Any, *, axis: int = -1) -> Any:
        return functions["softmax_backward"](grad_output, x, axis=axis)

    return {"softmax": forward, "softmax_backward": backward}


def cross_entropy(made: type) -> Mapping[str, Body]:
    """Translate ``CrossEntropyLoss()``, whose labels are 64-bit."""

    def target_of(target: Any) -> Any:
        return target.astype(np.int64) if target.dtype.kind in "iu" else target

    def forward(logits: Any, target: Any) -> Any:
        return answer(made(), logits, target_of(target))

    def backward(logits: Any, target: Any) -> Any:
        loss = made()
        wanted = tensor(target_of(target))
        with torch.enable_grad():
            leaf = tensor(logits).requires_grad_()
            (grad,) = torch.autograd.grad(loss(leaf, wanted), leaf)
        return np.array(grad)

    return {"cross_entropy": forward, "cross_entropy_backward": backward}


def batch_norm(made: type) -> Mapping[str, Body]:
    """Translate ``BatchNorm2d(num_features, eps, momentum)``, whose running statistics are buffers."""

    def module(
        x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, training: bool, eps: float, momentum: float
    ) -> Any:
        attributes = {"eps": (eps, 1e-5), "momentum": (momentum, 0.1)}
        normal = loaded(by_name(made, {"num_features": len(gamma)}, attributes), x, weight=gamma, bias=beta)
        normal.running_mean, normal.running_var = tensor(mean.copy()), tensor(var.copy())
        return normal.train(training)

    def forward(x: Any, *vectors: Any, training: bool, momentum: float = 0.1, eps: float = 1e-5) -> Any:
        normal = module(x, *vectors, training=training, eps=eps, momentum=momentum)
        y = answer(normal, _image(x)).reshape(x.shape)
        return y, np.array(normal.running_mean), np.array(normal.running_var)

    def backward(grad_output: Any, x: Any, gamma: Any, *old: Any, training: bool, eps: float) -> Any:
        normal = module(x, gamma, np.zeros_like(gamma), *old, training=training, eps=eps, momentum=0.1)
        grad_x, *others = gradients(normal, _image(x), _image(grad_output), "weight", "bias")
        return grad_x.reshape(x.shape), *others

    return {"batch_norm": forward, "batch_norm_backward": backward}


def _image(x: Any) -> Any:
    """Return features as images of one pixel."""
    return x.reshape(*x.shape, 1, 1) if x.ndim == 2 else x


def dropout(made: type) -> Mapping[str, Body]:
    """Translate ``Dropout(p)``, whose mask is the global generator's: another one in float32, and laid out as x."""

    def module(x: Any, p: float, training: bool) -> Any:
        if x.dtype == np.float32:
            raise NotImplementedError("PyTorch's generator gives float32 another mask than float64")
        return by_name(made, {"p": p}, {}).train(training)

    def forward(x: Any, *, p: float, training: bool, seed: int) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return answer(module(x, p, training), np.ascontiguousarray(x))

    def backward(grad_output: Any, x: Any, *, p: float, training: bool, seed: int) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return gradients(module(x, p, training), np.ascontiguousarray(x), grad_output)

    return {"dropout": forward, "dropout_backward": backward}
