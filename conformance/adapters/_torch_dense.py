"""Linear layer, activations and the loss on PyTorch's kernels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from conformance.adapters._torch_bridge import (
    Array,
    array,
    gradients,
    integer,
    rank,
    require,
    shape,
    tensor,
    tensors,
)


def _linear(operator: str, x: Tensor, weight: Tensor) -> None:
    rank(operator, "x", x, 2)
    rank(operator, "weight", weight, 2)
    shape(operator, "weight", weight, (weight.shape[0], x.shape[1]))


def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    """functional.linear."""
    given = {"x": x, "weight": weight} | ({} if bias is None else {"bias": bias})
    operands = tensors("linear", **given)
    _linear("linear", operands[0], operands[1])
    if bias is not None:
        shape("linear", "bias", operands[2], operands[1].shape[:1])
    return array(functional.linear(*operands))


def linear_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Array, ...]:
    """functional.linear by autograd."""
    features, matrix = tensors("linear_backward", x=x, weight=weight)
    _linear("linear_backward", features, matrix)
    bias = features.new_zeros(matrix.shape[0])
    return gradients("linear_backward", functional.linear, (features, matrix, bias), grad_output)


def relu(x: npt.ArrayLike) -> Array:
    """Rectify by torch.relu."""
    return array(torch.relu(tensor("relu", "x", x)))


def relu_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """Differentiate torch.relu by autograd."""
    return gradients("relu_backward", torch.relu, (tensor("relu_backward", "x", x),), grad_output)[0]


def sigmoid(x: npt.ArrayLike) -> Array:
    """Squash by torch.sigmoid."""
    return array(torch.sigmoid(tensor("sigmoid", "x", x)))


def sigmoid_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """Differentiate torch.sigmoid by autograd."""
    return gradients("sigmoid_backward", torch.sigmoid, (tensor("sigmoid_backward", "x", x),), grad_output)[0]


def tanh(x: npt.ArrayLike) -> Array:
    """Squash by torch.tanh."""
    return array(torch.tanh(tensor("tanh", "x", x)))


def tanh_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """Differentiate torch.tanh by autograd."""
    return gradients("tanh_backward", torch.tanh, (tensor("tanh_backward", "x", x),), grad_output)[0]


def _axis(operator: str, x: Tensor, axis: object) -> int:
    # PyTorch takes axis -1 of a scalar, and answers a wrong one with an IndexError
    number = integer(operator, "axis", axis, -x.ndim)
    require(number < x.ndim, operator, "axis", f"an axis of {tuple(x.shape)}", number)
    return number


def softmax(x: npt.ArrayLike, *, axis: int = -1) -> Array:
    """Normalise by torch.softmax."""
    scores = tensor("softmax", "x", x)
    return array(torch.softmax(scores, _axis("softmax", scores, axis)))


def softmax_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike, *, axis: int = -1) -> Array:
    """Differentiate torch.softmax by autograd."""
    scores = tensor("softmax_backward", "x", x)
    number = _axis("softmax_backward", scores, axis)
    return gradients("softmax_backward", lambda x: torch.softmax(x, number), (scores,), grad_output)[0]


def _target(operator: str, logits: Tensor, target: npt.ArrayLike) -> Tensor:
    """Check logits and target; labels come back as int64, which is all that PyTorch takes."""
    rank(operator, "logits", logits, 2)
    N, K = logits.shape
    require(N >= 1, operator, "logits", "a batch of at least 1", f"shape {(N, K)}")
    given = np.asarray(target)
    if given.dtype.kind == "f":
        weights = tensor(operator, "target", given)
        shape(operator, "target", weights, (N, K))
        if weights.dtype != logits.dtype:
            raise TypeError(f"{operator}: target must be of dtype {logits.dtype}, got {weights.dtype}")
        return weights
    if given.dtype.kind not in "iu":
        raise TypeError(f"{operator}: target must be integer labels or floating weights, got {given.dtype}")
    require(given.shape == (N,), operator, "target", f"of shape {(N,)}", f"shape {given.shape}")
    # PyTorch leaves out labels of -100 without a word
    wrong = given[(given < 0) | (given >= K)]
    require(wrong.size == 0, operator, "target", f"labels from 0 to {K - 1}", wrong[:3].tolist())
    return torch.from_numpy(given.astype(np.int64))


def cross_entropy(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    """functional.cross_entropy."""
    scores = tensor("cross_entropy", "logits", logits)
    wanted = _target("cross_entropy", scores, target)
    logarithms = functional.log_softmax(scores, 1)
    if wanted.is_floating_point() and logarithms.isinf().any():
        # functional.cross_entropy multiplies these infinities by weights of 0 too, and answers NaN
        terms = torch.where(wanted == 0, 0.0, wanted * logarithms)
        return array(-terms.sum() / scores.shape[0])
    return array(functional.cross_entropy(scores, wanted))


def cross_entropy_backward(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    """functional.cross_entropy by autograd."""
    scores = tensor("cross_entropy_backward", "logits", logits)
    wanted = _target("cross_entropy_backward", scores, target)

    def forward(logits: Tensor) -> Tensor:
        return functional.cross_entropy(logits, wanted)

    return gradients("cross_entropy_backward", forward, (scores,), array(scores.new_ones(())))[0]
