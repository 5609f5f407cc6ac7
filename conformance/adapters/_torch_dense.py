"""Linear layer, activations and the loss on PyTorch's kernels."""

from __future__ import annotations

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from conformance.adapters._arguments import Array, axis_of, features, floats, labels_or_weights
from conformance.adapters._torch_bridge import array, gradients, tensor, tensors


def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    """functional.linear."""
    operands = tensors("linear", x=x, weight=weight, bias=bias)
    features("linear", *operands)
    return array(functional.linear(*operands))


def linear_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Array, ...]:
    """functional.linear by autograd."""
    samples, matrix = tensors("linear_backward", x=x, weight=weight)
    features("linear_backward", samples, matrix)
    bias = samples.new_zeros(matrix.shape[0])
    return gradients("linear_backward", functional.linear, (samples, matrix, bias), grad_output)


def relu(x: npt.ArrayLike) -> Array:
    """Rectify by torch.relu."""
    return array(torch.relu(*tensors("relu", x=x)))


def relu_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """Differentiate torch.relu by autograd."""
    return gradients("relu_backward", torch.relu, tensors("relu_backward", x=x), grad_output)[0]


def sigmoid(x: npt.ArrayLike) -> Array:
    """Squash by torch.sigmoid."""
    return array(torch.sigmoid(*tensors("sigmoid", x=x)))


def sigmoid_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """Differentiate torch.sigmoid by autograd."""
    return gradients("sigmoid_backward", torch.sigmoid, tensors("sigmoid_backward", x=x), grad_output)[0]


def tanh(x: npt.ArrayLike) -> Array:
    """Squash by torch.tanh."""
    return array(torch.tanh(*tensors("tanh", x=x)))


def tanh_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """Differentiate torch.tanh by autograd."""
    return gradients("tanh_backward", torch.tanh, tensors("tanh_backward", x=x), grad_output)[0]


def softmax(x: npt.ArrayLike, *, axis: int = -1) -> Array:
    """Normalise by torch.softmax."""
    (scores,) = tensors("softmax", x=x)
    return array(torch.softmax(scores, axis_of("softmax", scores, axis)))


def softmax_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, *, axis: int = -1) -> Array:
    """Differentiate torch.softmax by autograd."""
    (scores,) = tensors("softmax_backward", x=x)
    number = axis_of("softmax_backward", scores, axis)
    return gradients("softmax_backward", lambda x: torch.softmax(x, number), (scores,), grad_output)[0]


def _scores_and_target(operator: str, logits: npt.ArrayLike, target: npt.ArrayLike) -> tuple[Tensor, Tensor]:
    (scores,) = floats(operator, logits=logits)
    return tensor(scores), tensor(labels_or_weights(operator, scores, target))


def cross_entropy(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    """functional.cross_entropy."""
    scores, wanted = _scores_and_target("cross_entropy", logits, target)
    logarithms = functional.log_softmax(scores, 1)
    if wanted.is_floating_point() and logarithms.isinf().any():
        # functional.cross_entropy multiplies these infinities by weights of 0 too, and answers NaN
        terms = torch.where(wanted == 0, 0.0, wanted * logarithms)
        return array(-terms.sum() / scores.shape[0])
    return array(functional.cross_entropy(scores, wanted))


def cross_entropy_backward(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    """functional.cross_entropy by autograd."""
    scores, wanted = _scores_and_target("cross_entropy_backward", logits, target)

    def forward(logits: Tensor) -> Tensor:
        return functional.cross_entropy(logits, wanted)

    return gradients("cross_entropy_backward", forward, (scores,), array(scores.new_ones(())))[0]
