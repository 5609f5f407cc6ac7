"""A PyTorch module between arrays: its parameters set by name, its gradients by autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from conformance.adapters._torch_bridge import array


def tensor(value: Any) -> Tensor:
    """Return a tensor that shares the array's memory where PyTorch can, so that what is written into it is seen."""
    native = value.dtype.isnative and all(stride >= 0 and stride % value.itemsize == 0 for stride in value.strides)
    if value.flags.writeable and native:
        return torch.from_numpy(value)
    return torch.from_numpy(np.array(value, dtype=value.dtype.newbyteorder("="), order="C"))


def loaded(module: nn.Module, x: Any, **parameters: Any) -> nn.Module:
    """Set a module's parameters by name, in the type of `x`; one that is None becomes 0 if there is one."""
    held = dict(module.named_parameters())
    for name, value in parameters.items():
        if value is None and name not in held:
            continue
        if name not in held:
            others = ", ".join(held) or "none"
            raise NotImplementedError(f"{type(module).__name__} has no parameter {name}, but {others}")
        given = tensor(np.zeros(held[name].shape, x.dtype) if value is None else value)
        if given.shape != held[name].shape:
            shapes = f"{tuple(given.shape)}, got {tuple(held[name].shape)}"
            raise ValueError(f"{type(module).__name__}: {name} must have the shape {shapes}")
        held[name].data = given
    return module.to(tensor(x).dtype)


def answer(module: nn.Module, *arrays: Any) -> Any:
    """Call a module without gradients."""
    with torch.no_grad():
        return array(module(*map(tensor, arrays)))


def gradients(module: nn.Module, x: Any, grad_output: Any, *names: str) -> Any:
    """Differentiate a module in its input and in the parameters of those names; one gradient alone is no tuple."""
    held = dict(module.named_parameters())
    with torch.enable_grad():
        leaf = tensor(x).requires_grad_()
        wanted = [leaf, *(held[name] for name in names)]
        found = torch.autograd.grad(module(leaf), wanted, tensor(grad_output))
    arrays = tuple(map(array, found))
    return arrays if names else arrays[0]
