"""SimpleConvNet the way tutorials teach it: one big column matrix, in float64, as clear and as slow as that is.

`scripts/benchmark.py` times `refcnn` against it. Nothing here is careless, it is the straight road: the whole
batch becomes one matrix of windows (im2col), every layer is one product with it, and each layer keeps from
`forward` what its `backward` needs. What the straight road costs is memory, KH·KW times the images, and the
time to write and to read all of that.

The layers have the methods of those in `refcnn.layers`, with square kernels, strides and paddings alone.

References
----------
Chellapilla, Puri and Simard (2006), High performance convolutional neural networks for document processing.
Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1 and the end of section 2.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


def im2col(x: Array, kernel_size: tuple[int, int], stride: int = 1, padding: int = 0) -> Array:
    """Write every window of the images (N, C, H, W) as a row: (N·OH·OW, C·KH·KW), in float64."""
    N, C, H, W = x.shape
    KH, KW = kernel_size
    OH, OW = (H + 2 * padding - KH) // stride + 1, (W + 2 * padding - KW) // stride + 1
    img = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    col = np.zeros((N, C, KH, KW, OH, OW))
    for kh in range(KH):
        for kw in range(KW):
            col[:, :, kh, kw] = img[:, :, kh : kh + stride * OH : stride, kw : kw + stride * OW : stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * OH * OW, C * KH * KW)


def col2im(
    col: Array, input_shape: tuple[int, ...], kernel_size: tuple[int, int], stride: int = 1, padding: int = 0
) -> Array:
    """Add the rows of a matrix of windows back into images (N, C, H, W): the adjoint of `im2col`."""
    N, C, H, W = input_shape
    KH, KW = kernel_size
    OH, OW = (H + 2 * padding - KH) // stride + 1, (W + 2 * padding - KW) // stride + 1
    cells = col.reshape(N, OH, OW, C, KH, KW).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    for kh in range(KH):
        for kw in range(KW):
            img[:, :, kh : kh + stride * OH : stride, kw : kw + stride * OW : stride] += cells[:, :, kh, kw]
    return img[:, :, padding : padding + H, padding : padding + W]


class Layer:
    """A layer: its parameters, the gradients of the last batch, and whatever `backward` needs of `forward`."""

    def __init__(self, **parameters: Array) -> None:
        self.parameters: dict[str, Array] = {name: array.astype(np.float64) for name, array in parameters.items()}
        self.gradients: dict[str, Array] = {}

    def forward(self, x: Array) -> Array:
        """Answer a batch."""
        raise NotImplementedError

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient in the input, and leave those in the parameters in `gradients`."""
        raise NotImplementedError


class Conv2d(Layer):
    """Correlate images (N, C, H, W) with filters (F, C, KH, KW): the product of the columns and the filters."""

    def __init__(self, weight: Array, bias: Array, stride: int = 1, padding: int = 0) -> None:
        super().__init__(weight=weight, bias=bias)
        self.stride, self.padding = stride, padding

    def forward(self, x: Array) -> Array:
        """Return (N, F, OH, OW)."""
        weight, bias = self.parameters["weight"], self.parameters["bias"]
        N, _, H, W = x.shape
        F, _, KH, KW = weight.shape
        OH, OW = (H + 2 * self.padding - KH) // self.stride + 1, (W + 2 * self.padding - KW) // self.stride + 1
        self.input_shape = x.shape
        self.col = im2col(x, (KH, KW), self.stride, self.padding)
        y: Array = self.col @ weight.reshape(F, -1).T + bias
        return y.reshape(N, OH, OW, F).transpose(0, 3, 1, 2)

    def backward(self, grad_output: Array) -> Array:
        """Return (N, C, H, W)."""
        weight = self.parameters["weight"]
        F, _, KH, KW = weight.shape
        g = grad_output.transpose(0, 2, 3, 1).reshape(-1, F)
        self.gradients["weight"] = (self.col.T @ g).T.reshape(weight.shape)
        self.gradients["bias"] = g.sum(axis=0)
        return col2im(g @ weight.reshape(F, -1), self.input_shape, (KH, KW), self.stride, self.padding)


class MaxPool2d(Layer):
    """Take the maximum of each window, found in the columns of im2col."""

    def __init__(self, kernel_size: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size

    def forward(self, x: Array) -> Array:
        """Return (N, C, OH, OW)."""
        N, C, H, W = x.shape
        K = self.kernel_size
        OH, OW = (H - K) // K + 1, (W - K) // K + 1
        col = im2col(x, (K, K), stride=K).reshape(-1, K * K)
        self.input_shape = x.shape
        self.argmax = col.argmax(axis=1)
        y: Array = col.max(axis=1)
        return y.reshape(N, OH, OW, C).transpose(0, 3, 1, 2)

    def backward(self, grad_output: Array) -> Array:
        """Return (N, C, H, W)."""
        C, K = self.input_shape[1], self.kernel_size
        g = grad_output.transpose(0, 2, 3, 1).ravel()
        col = np.zeros((g.size, K * K))
        col[np.arange(g.size), self.argmax] = g
        return col2im(col.reshape(-1, C * K * K), self.input_shape, (K, K), stride=K)


class ReLU(Layer):
    """Cut off what is negative."""

    def forward(self, x: Array) -> Array:
        """Return the shape of the input."""
        self.mask = x <= 0
        y = x.copy()
        y[self.mask] = 0
        return y

    def backward(self, grad_output: Array) -> Array:
        """Return the shape of the input."""
        grad_x = grad_output.copy()
        grad_x[self.mask] = 0
        return grad_x


class Linear(Layer):
    """Map every image, its pixels in one row, by one affine map with the weights (D_out, D_in)."""

    def __init__(self, weight: Array, bias: Array) -> None:
        super().__init__(weight=weight, bias=bias)

    def forward(self, x: Array) -> Array:
        """Return (N, D_out)."""
        self.input_shape = x.shape
        self.x = x.reshape(len(x), -1)
        return self.x @ self.parameters["weight"].T + self.parameters["bias"]

    def backward(self, grad_output: Array) -> Array:
        """Return the shape of the input."""
        self.gradients["weight"] = grad_output.T @ self.x
        self.gradients["bias"] = grad_output.sum(axis=0)
        grad_x: Array = grad_output @ self.parameters["weight"]
        return grad_x.reshape(self.input_shape)


class SoftmaxCrossEntropy:
    """The batch mean of the cross-entropy between labels and the softmax of logits."""

    def forward(self, logits: Array, labels: Array) -> float:
        """Return the loss."""
        shifted = logits - logits.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        self.p = exponentials / exponentials.sum(axis=1, keepdims=True)
        self.labels = labels
        return float(-np.log(self.p[np.arange(len(labels)), labels]).mean())

    def backward(self) -> Array:
        """Return the gradient in the logits."""
        grad: Array = self.p.copy()
        grad[np.arange(len(grad)), self.labels] -= 1
        return grad / len(grad)


class Adam:
    """Step against the mean gradient, in units of its root mean square, with both corrections in the rate."""

    def __init__(self, lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-7) -> None:
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.step = 0
        self.m: dict[str, Array] = {}
        self.v: dict[str, Array] = {}

    def update(self, parameters: dict[str, Array], gradients: dict[str, Array]) -> None:
        """Write the new parameters over the old ones."""
        self.step += 1
        lr = self.lr * np.sqrt(1 - self.beta2**self.step) / (1 - self.beta1**self.step)
        for name, grad in gradients.items():
            m = self.m.setdefault(name, np.zeros_like(grad))
            v = self.v.setdefault(name, np.zeros_like(grad))
            m += (1 - self.beta1) * (grad - m)
            v += (1 - self.beta2) * (grad**2 - v)
            parameters[name] -= lr * m / (np.sqrt(v) + self.eps)


class SimpleConvNet:
    """Convolution, relu, max pooling over 2×2, affine, relu, affine; softmax and cross-entropy on top.

    Parameters
    ----------
    parameters : "layer.weight" and "layer.bias" of the layers conv1, affine1 and affine2
    """

    def __init__(self, parameters: dict[str, Array]) -> None:
        def of(layer: str) -> tuple[Array, Array]:
            return parameters[f"{layer}.weight"], parameters[f"{layer}.bias"]

        self.layers: dict[str, Layer] = {
            "conv1": Conv2d(*of("conv1")),
            "relu1": ReLU(),
            "pool1": MaxPool2d(2),
            "affine1": Linear(*of("affine1")),
            "relu2": ReLU(),
            "affine2": Linear(*of("affine2")),
        }
        self.loss = SoftmaxCrossEntropy()

    def gradients(self, x: Array, labels: Array) -> tuple[float, dict[str, Array]]:
        """Return the loss of a batch, and its gradients by the names of the parameters."""
        for layer in self.layers.values():
            x = layer.forward(x)
        loss = self.loss.forward(x, labels)
        grad = self.loss.backward()
        for layer in reversed(self.layers.values()):
            grad = layer.backward(grad)
        return loss, self._gathered("gradients")

    def train(self, x: Array, labels: Array, adam: Adam) -> float:
        """Take one step on a batch and return its loss."""
        loss, gradients = self.gradients(x, labels)
        adam.update(self._gathered("parameters"), gradients)
        return loss

    def _gathered(self, kind: str) -> dict[str, Array]:
        return {
            f"{name}.{key}": array for name, layer in self.layers.items() for key, array in getattr(layer, kind).items()
        }
