"""Normalisation, dropout and the optimizers on PyTorch's kernels."""

from __future__ import annotations

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from conformance.adapters._arguments import Array, channels, integer, parameters, probability, rank
from conformance.adapters._torch_bridge import DEVICE, array, gradients, tensor, tensors

# functional.batch_norm is torch.batch_norm behind checks, which in 2.10 and 2.11 refuse eps = 0 in evaluation as well:
# https://github.com/pytorch/pytorch/issues/173337
_CUDNN = torch.backends.cudnn.enabled


def batch_norm(
    x: npt.ArrayLike,
    gamma: npt.ArrayLike,
    beta: npt.ArrayLike,
    running_mean: npt.ArrayLike,
    running_var: npt.ArrayLike,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """torch.batch_norm, which writes the running statistics in place: here into copies."""
    image, scale, shift, mean, var = tensors(
        "batch_norm", x=x, gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var
    )
    channels("batch_norm", image, training, gamma=scale, beta=shift, running_mean=mean, running_var=var)
    y = torch.batch_norm(image, scale, shift, mean, var, training, momentum, eps, _CUDNN)
    return array(y), array(mean), array(var)


def batch_norm_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    gamma: npt.ArrayLike,
    running_mean: npt.ArrayLike,
    running_var: npt.ArrayLike,
    *,
    training: bool,
    eps: float,
) -> tuple[Array, ...]:
    """torch.batch_norm by autograd."""
    operator = "batch_norm_backward"
    image, scale, mean, var = tensors(operator, x=x, gamma=gamma, running_mean=running_mean, running_var=running_var)
    channels(operator, image, training, gamma=scale, running_mean=mean, running_var=var)

    def forward(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        return torch.batch_norm(x, gamma, beta, mean, var, training, 0.0, eps, _CUDNN)

    return gradients(operator, forward, (image, scale, torch.zeros_like(scale)), grad_output)


def local_response_norm(
    x: npt.ArrayLike, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """functional.local_response_norm: a window of even size leans to lower channels, as the contract's."""
    (image,) = tensors("local_response_norm", x=x)
    rank("local_response_norm", "x", image, 4)
    integer("local_response_norm", "size", size, 1)
    return array(functional.local_response_norm(image, size, alpha, beta, k))


def local_response_norm_backward(
    grad_output: npt.ArrayLike, x: npt.ArrayLike, *, size: int, alpha: float, beta: float, k: float
) -> Array:
    """functional.local_response_norm by autograd."""
    operator = "local_response_norm_backward"
    (image,) = tensors(operator, x=x)
    rank(operator, "x", image, 4)
    integer(operator, "size", size, 1)
    # of an empty batch PyTorch answers with its input, whose gradient autograd knows as well
    return gradients(
        operator, lambda x: functional.local_response_norm(x, size, alpha, beta, k), (image,), grad_output
    )[0]


def _dropped(operator: str, x: Tensor, p: float, training: bool, seed: int) -> Tensor:
    # functional.dropout draws from PyTorch's global generator, and other numbers for float32 than for float64
    probability(operator, p)
    generator = torch.Generator().manual_seed(integer(operator, "seed", seed, 0))
    if not training:
        return torch.zeros_like(x, dtype=torch.bool)
    return torch.rand(x.shape, generator=generator, dtype=torch.float64).to(DEVICE) < p


def dropout(x: npt.ArrayLike, *, p: float, training: bool, seed: int) -> Array:
    """Drop cells by a generator of PyTorch that belongs to this call alone."""
    (values,) = tensors("dropout", x=x)
    mask = _dropped("dropout", values, p, training, seed)
    return array(torch.where(mask, 0.0, values / (1 - p)) if training else values)


def dropout_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, *, p: float, training: bool, seed: int) -> Array:
    """Differentiate by autograd, through the same mask."""
    (values,) = tensors("dropout_backward", x=x)
    mask = _dropped("dropout_backward", values, p, training, seed)

    def forward(x: Tensor) -> Tensor:
        return torch.where(mask, 0.0, x / (1 - p)) if training else x.clone()

    return gradients("dropout_backward", forward, (values,), grad_output)[0]


def _parameters(operator: str, param: npt.ArrayLike, **like_param: npt.ArrayLike) -> list[Tensor]:
    """Copy the arrays of an update, with the gradient in its place."""
    copies = [tensor(copy) for copy in parameters(operator, param, **like_param)]
    copies[0].grad = copies[1]
    return copies


def sgd_update(param: npt.ArrayLike, grad: npt.ArrayLike, *, lr: float) -> Array:
    """torch.optim.SGD."""
    weights, _ = _parameters("sgd_update", param, grad=grad)
    torch.optim.SGD([weights], lr=lr).step()
    return array(weights)


def momentum_update(
    param: npt.ArrayLike, grad: npt.ArrayLike, velocity: npt.ArrayLike, *, lr: float, momentum: float
) -> tuple[Array, Array]:
    """torch.optim.SGD with its buffer set."""
    weights, slope, buffer = _parameters("momentum_update", param, grad=grad, velocity=velocity)
    optimizer = torch.optim.SGD([weights], lr=lr, momentum=momentum)
    optimizer.state[weights]["momentum_buffer"] = buffer
    optimizer.step()
    # without momentum PyTorch leaves the buffer as it was
    return array(weights), array(buffer if momentum else slope)


def adam_update(
    param: npt.ArrayLike,
    grad: npt.ArrayLike,
    m: npt.ArrayLike,
    v: npt.ArrayLike,
    *,
    step: int,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    """torch.optim.Adam with its moments set."""
    weights, _, first, second = _parameters("adam_update", param, grad=grad, m=m, v=v)
    done = integer("adam_update", "step", step, 1) - 1
    optimizer = torch.optim.Adam([weights], lr=lr, betas=(beta1, beta2), eps=eps)
    optimizer.state[weights] = {
        "step": torch.tensor(float(done), dtype=torch.float64),
        "exp_avg": first,
        "exp_avg_sq": second,
    }
    optimizer.step()
    return array(weights), array(first), array(second)
