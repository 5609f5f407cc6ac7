"""What every PyTorch operator here needs: tensors in and arrays out, on one device, and gradients by autograd."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from conformance.adapters._arguments import Array, Sides, cotangent, floats
from conformance.device import VARIABLE

# The judge's problems are small: threads that wait for one another on a busy machine cost ten times what they save.
torch.set_num_threads(1)

_GPUS = torch.cuda.device_count()
DEVICES = (
    "cpu",
    *(["cuda"] if _GPUS else []),
    *(f"cuda:{number}" for number in range(_GPUS)),
    *(["mps"] if torch.backends.mps.is_available() else []),
)
# One that is not there has been refused by the command that set the variable.
DEVICE = next((name for name in DEVICES if name == os.environ.get(VARIABLE)), "cpu")

# TensorFloat-32 keeps 10 bits of a float32's 23, which no bound for float32 allows; cuDNN's convolutions use it unless
# told not to. https://docs.pytorch.org/docs/stable/notes/cuda.html#tensorfloat-32-tf32-on-ampere-and-later-devices
torch.backends.cudnn.allow_tf32 = False


def tensors(operator: str, **arrays: npt.ArrayLike | None) -> list[Tensor]:
    """Copy arrays that must share one floating dtype; None is left out."""
    return [tensor(copy) for copy in floats(operator, **arrays)]


def tensor(own: Array) -> Tensor:
    """Move an array that nobody else holds to the device."""
    if DEVICE == "mps" and own.dtype == np.float64:
        raise NotImplementedError("Apple's Metal has no float64: https://docs.pytorch.org/docs/stable/notes/mps.html")
    return torch.from_numpy(own).to(DEVICE)


def array(result: Tensor) -> Array:
    """Copy a tensor out, for PyTorch may answer with a view or an expanded tensor."""
    return np.array(result.detach().cpu().numpy(), order="C")


def last_axis_first(padding: Sides) -> list[int]:
    """Order padding as torch.nn.functional.pad wants it."""
    return [side for pair in reversed(padding) for side in pair]


def gradients(
    operator: str, forward: Callable[..., Tensor], inputs: Sequence[Tensor], grad_output: npt.ArrayLike
) -> tuple[Array, ...]:
    """Differentiate `forward` with respect to all of its inputs."""
    with torch.enable_grad():
        leaves = [value.requires_grad_() for value in inputs]
        output = forward(*leaves)
        dtype = str(output.dtype).removeprefix("torch.")
        pulled = tensor(cotangent(operator, grad_output, dtype, output.shape))
        return tuple(array(grad) for grad in torch.autograd.grad(output, leaves, pulled))
