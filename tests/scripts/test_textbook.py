"""The textbook implementation, which the benchmark times, computes what the reference computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import textbook
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import refcnn

Array = NDArray[Any]

sizes = pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 2), (2, 1), (3, 0)])


def integers(*shape: int) -> Array:
    """Whole numbers, on which sums of products are exact in any order."""
    return np.random.default_rng(sum(shape)).integers(-9, 10, shape).astype(float)


def agree(got: object, want: object, what: str) -> None:
    assert_allclose(np.asarray(got), np.asarray(want), 1e-12, 1e-12, err_msg=what, strict=True)


def batch() -> tuple[dict[str, Array], Array, Array]:
    rng = np.random.default_rng(3)
    shapes = {"conv1": (4, 1, 3, 2), "affine1": (5, 4 * 3 * 4), "affine2": (3, 5)}
    parameters = {f"{layer}.weight": rng.standard_normal(shape) for layer, shape in shapes.items()}
    parameters |= {f"{layer}.bias": rng.standard_normal(shape[0]) for layer, shape in shapes.items()}
    return parameters, rng.standard_normal((6, 1, 8, 9)), rng.integers(3, size=6)


def reference_gradients(p: dict[str, Array], x: Array, labels: Array) -> tuple[float, dict[str, Array]]:
    """SimpleConvNet in the functions of the reference, written out."""
    how = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    pool: dict[str, Any] = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}
    convolved = refcnn.conv2d(x, p["conv1.weight"], p["conv1.bias"])
    pooled = refcnn.max_pool2d(refcnn.relu(convolved), 2)
    flat = pooled.reshape(len(x), -1)
    affine = refcnn.linear(flat, p["affine1.weight"], p["affine1.bias"])
    logits = refcnn.linear(refcnn.relu(affine), p["affine2.weight"], p["affine2.bias"])
    g, *affine2 = refcnn.linear_backward(
        refcnn.cross_entropy_backward(logits, labels), refcnn.relu(affine), p["affine2.weight"]
    )
    g, *affine1 = refcnn.linear_backward(refcnn.relu_backward(g, affine), flat, p["affine1.weight"])
    g = refcnn.max_pool2d_backward(g.reshape(pooled.shape), refcnn.relu(convolved), 2, **pool)
    _, *conv = refcnn.conv2d_backward(refcnn.relu_backward(g, convolved), x, p["conv1.weight"], **how)
    layers = {"conv1": conv, "affine1": affine1, "affine2": affine2}
    gradients = {
        f"{name}.{key}": grad
        for name, both in layers.items()
        for key, grad in zip(("weight", "bias"), both, strict=True)
    }
    return float(refcnn.cross_entropy(logits, labels)), gradients


@sizes
def test_columns_are_those_of_the_reference_both_ways(stride: int, padding: int) -> None:
    x = integers(2, 3, 7, 9)
    col = textbook.im2col(x, (3, 2), stride, padding)
    assert_array_equal(col, refcnn.im2col(x, (3, 2), stride=stride, padding=padding), strict=True)
    back = textbook.col2im(col, x.shape, (3, 2), stride, padding)
    assert_array_equal(back, refcnn.col2im(col, x.shape, (3, 2), stride=stride, padding=padding), strict=True)


@sizes
def test_a_convolution_is_that_of_the_reference_with_all_its_gradients(stride: int, padding: int) -> None:
    x, weight, bias = integers(2, 3, 7, 9), integers(4, 3, 3, 2), integers(4)
    layer = textbook.Conv2d(weight, bias, stride, padding)
    y = layer.forward(x)
    assert_array_equal(y, refcnn.conv2d(x, weight, bias, stride=stride, padding=padding), strict=True)
    g = integers(*y.shape)
    want = refcnn.conv2d_backward(g, x, weight, stride=stride, padding=padding, dilation=1, groups=1)
    got = layer.backward(g), layer.gradients["weight"], layer.gradients["bias"]
    for name, ours, theirs in zip(("x", "weight", "bias"), got, want, strict=True):
        assert_array_equal(ours, theirs, err_msg=name, strict=True)


@pytest.mark.parametrize("size", [(6, 4), (7, 5)])
def test_max_pooling_is_that_of_the_reference_ties_included(size: tuple[int, int]) -> None:
    x = np.random.default_rng(0).integers(3, size=(2, 3, *size)).astype(float)
    layer = textbook.MaxPool2d(2)
    y = layer.forward(x)
    assert_array_equal(y, refcnn.max_pool2d(x, 2), strict=True)
    g = integers(*y.shape)
    want = refcnn.max_pool2d_backward(g, x, 2, stride=None, padding=0, dilation=1, ceil_mode=False)
    assert_array_equal(layer.backward(g), want, strict=True)


def test_the_networks_loss_and_gradients_are_those_of_the_reference() -> None:
    parameters, x, labels = batch()
    loss, gradients = textbook.SimpleConvNet(parameters).gradients(x, labels)
    want_loss, want = reference_gradients(parameters, x, labels)
    agree(loss, want_loss, "loss")
    assert gradients.keys() == want.keys() == parameters.keys()
    for name, grad in gradients.items():
        agree(grad, want[name], name)


def test_adam_is_that_of_the_reference_with_its_epsilon_rescaled() -> None:
    # √v̂ + ε′ with ε′ = ε / √(1 − β₂ᵗ) is what the corrected rate makes of √v + ε.
    parameter: Array = np.array([1.0, -2.0, 3.0])
    parameters = {"w": parameter.copy()}
    adam = textbook.Adam(lr=0.1, eps=0.5)
    m: Array = np.zeros(3)
    v: Array = np.zeros(3)
    for step in (1, 2, 3):
        grad = np.array([1.0, -10.0, 0.1]) / step
        adam.update(parameters, {"w": grad})
        eps = 0.5 / np.sqrt(1 - 0.999**step)
        parameter, m, v = refcnn.adam_update(parameter, grad, m, v, step=step, lr=0.1, eps=eps)
        agree(parameters["w"], parameter, f"step {step}")


def test_training_lowers_the_loss_of_its_batch() -> None:
    parameters, x, labels = batch()
    before = {name: array.copy() for name, array in parameters.items()}
    network, adam = textbook.SimpleConvNet(parameters), textbook.Adam(lr=0.01)
    losses = [network.train(x.astype(np.float32), labels, adam) for _ in range(20)]
    assert losses[-1] < 0.5 * losses[0]
    for name, array in parameters.items():
        assert_array_equal(array, before[name], err_msg=f"{name}: the caller's own was written")


def test_a_bare_layer_computes_nothing() -> None:
    with pytest.raises(NotImplementedError):
        textbook.Layer().forward(np.ones(1))
    with pytest.raises(NotImplementedError):
        textbook.Layer().backward(np.ones(1))
