"""What the benchmark compares: the reference, PyTorch and the textbook, doing the same work on the same numbers.

All get float32 images; the reference and PyTorch compute in float32, the textbook in float64, as it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import textbook
import torch
from numpy.typing import NDArray
from torch.nn import functional

import refcnn
from refcnn.layers import SoftmaxCrossEntropy
from refcnn.models import SimpleConvNet
from refcnn.training.optimiser import Optimiser

Array = NDArray[Any]
Work = Callable[[], Any]
Parameters = dict[str, Array]

REFERENCE, TORCH, TEXTBOOK = "refcnn", "PyTorch", "textbook"
FORWARD, BACKWARD, BOTH = "forward", "backward", "both"
LR = 1e-3


def draw(*shape: int, seed: int = 0) -> Array:
    """Return normal numbers in float32."""
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def training_steps(batch: int) -> dict[str, Work]:
    """Return a training step by contender: forward, loss, backward and Adam, which answers the loss.

    The network is SimpleConvNet on images of 28×28: convolution with 30 filters of 5×5, relu, max pooling over
    2×2, affine to 100, relu, affine to 10, softmax and cross-entropy. All begin with the same weights.
    """
    x = draw(batch, 1, 28, 28)
    labels = np.random.default_rng(1).integers(10, size=batch)
    network = SimpleConvNet()
    parameters = {name: array.copy() for name, array in network.parameters.items()}
    return {
        REFERENCE: _reference_step(network, x, labels),
        TORCH: _torch_step(parameters, x, labels),
        TEXTBOOK: _textbook_step(parameters, x, labels),
    }


def _reference_step(network: SimpleConvNet, x: Array, labels: Array) -> Work:
    loss, adam = SoftmaxCrossEntropy(), Optimiser("adam", lr=LR)

    def work() -> float:
        value = loss.forward(network.forward(x, training=True), labels)
        network.backward(loss.backward())
        adam.update(network)
        return value

    return work


def _torch_step(parameters: Parameters, x: Array, labels: Array) -> Work:
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 30, 5),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(30 * 12 * 12, 100),
        torch.nn.ReLU(),
        torch.nn.Linear(100, 10),
    )
    with torch.no_grad():
        for mine, given in zip(network.parameters(), parameters.values(), strict=True):
            mine.copy_(torch.from_numpy(given))
    loss = torch.nn.CrossEntropyLoss()
    adam = torch.optim.Adam(network.parameters(), lr=LR)
    images, targets = torch.from_numpy(x), torch.from_numpy(labels)

    def work() -> float:
        adam.zero_grad()
        value = loss(network(images), targets)
        value.backward()
        adam.step()
        return float(value.item())

    return work


def _textbook_step(parameters: Parameters, x: Array, labels: Array) -> Work:
    network, adam = textbook.SimpleConvNet(parameters), textbook.Adam(LR)
    return lambda: network.train(x, labels, adam)


def convolution(name: str, x_shape: tuple[int, ...], weight_shape: tuple[int, ...]) -> dict[str, Work]:
    """Return forward, backward and both in one of a convolution of stride 1 without padding.

    Backward answers the gradients in the images, the filters and the biases.
    """
    (N, _, H, W), (F, _, KH, KW) = x_shape, weight_shape
    x, weight, bias = draw(*x_shape), draw(*weight_shape, seed=1), draw(F, seed=2)
    g = draw(N, F, H - KH + 1, W - KW + 1, seed=3)
    works = _CONVOLUTIONS[name](x, weight, bias, g)
    return dict(zip((FORWARD, BACKWARD, BOTH), works, strict=True))


def _reference_convolution(x: Array, weight: Array, bias: Array, g: Array) -> tuple[Work, Work, Work]:
    def forward() -> Any:
        return refcnn.conv2d(x, weight, bias)

    def backward() -> Any:
        return refcnn.conv2d_backward(g, x, weight, stride=1, padding=0, dilation=1, groups=1)

    return forward, backward, lambda: (forward(), *backward())


def _torch_convolution(x: Array, weight: Array, bias: Array, g: Array) -> tuple[Work, Work, Work]:
    leaves = tuple(torch.from_numpy(array).requires_grad_() for array in (x, weight, bias))
    grad_output = torch.from_numpy(g)

    def convolve() -> torch.Tensor:
        return functional.conv2d(leaves[0], leaves[1], leaves[2])

    kept = convolve()

    def forward() -> Any:
        with torch.no_grad():
            return convolve()

    def backward() -> Any:
        return torch.autograd.grad(kept, leaves, grad_output, retain_graph=True)

    def both() -> Any:
        y = convolve()
        return y.detach(), *torch.autograd.grad(y, leaves, grad_output)

    return forward, backward, both


def _textbook_convolution(x: Array, weight: Array, bias: Array, g: Array) -> tuple[Work, Work, Work]:
    layer = textbook.Conv2d(weight, bias)
    layer.forward(x)

    def forward() -> Any:
        return layer.forward(x)

    def backward() -> Any:
        return layer.backward(g), layer.gradients["weight"], layer.gradients["bias"]

    return forward, backward, lambda: (forward(), *backward())


_CONVOLUTIONS = {REFERENCE: _reference_convolution, TORCH: _torch_convolution, TEXTBOOK: _textbook_convolution}
