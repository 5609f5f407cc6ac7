"""Every layer answers what the plain operator answers, with all attributes, from the namespace it was given."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import refcnn
from refcnn.layers import (
    AvgPool2d,
    BatchNorm,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    GlobalAvgPool2d,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    SoftmaxCrossEntropy,
    Tanh,
)

Array = NDArray[Any]

WINDOW: dict[str, Any] = {"stride": (2, 3), "padding": ((1, 0), (0, 1)), "dilation": (2, 1)}
GROUPED: dict[str, Any] = {**WINDOW, "groups": 2}
SPREAD: dict[str, Any] = {**GROUPED, "output_padding": (1, 2)}
POOLED: dict[str, Any] = {**WINDOW, "ceil_mode": True}
MEAN: dict[str, Any] = {"stride": (2, 3), "padding": (1, 0), "ceil_mode": True, "count_include_pad": False}
RESPONSE: dict[str, Any] = {"size": 3, "alpha": 0.5, "beta": 0.6, "k": 2.0}
X, ROWS = (np.random.default_rng(3).standard_normal(shape).astype(np.float32) for shape in ((2, 4, 7, 6), (5, 4)))

# The operator, the layer, its input, the other arrays in the order of the operator, its attributes.
CASES: list[tuple[str, Callable[[], Layer], Array, tuple[str, ...], tuple[Any, ...], dict[str, Any]]] = [
    ("conv2d", lambda: Conv2d(4, 6, (3, 2), rng=0, **GROUPED), X, ("weight", "bias"), (), GROUPED),
    ("conv2d", lambda: Conv2d(4, 6, (3, 2), bias=False, rng=0, **GROUPED), X, ("weight",), (), GROUPED),
    ("conv_transpose2d", lambda: ConvTranspose2d(4, 6, (3, 2), rng=0, **SPREAD), X, ("weight", "bias"), (), SPREAD),
    ("conv_transpose2d", lambda: ConvTranspose2d(4, 6, 3, bias=False, rng=0, **SPREAD), X, ("weight",), (), SPREAD),
    ("linear", lambda: Linear(4, 3, rng=0), ROWS, ("weight", "bias"), (), {}),
    ("linear", lambda: Linear(4, 3, bias=False, rng=0), ROWS, ("weight",), (), {}),
    ("local_response_norm", lambda: LocalResponseNorm(**RESPONSE), X, (), (), RESPONSE),
    ("max_pool2d", lambda: MaxPool2d((3, 2), **POOLED), X, (), ((3, 2),), POOLED),
    ("avg_pool2d", lambda: AvgPool2d((3, 2), **MEAN), X, (), ((3, 2),), MEAN),
    ("global_avg_pool2d", GlobalAvgPool2d, X, (), (), {}),
    ("relu", ReLU, X, (), (), {}),
    ("sigmoid", Sigmoid, ROWS, (), (), {}),
    ("tanh", Tanh, X, (), (), {}),
    ("dropout", lambda: Dropout(0.3), X, (), (), {"p": 0.3, "training": False, "seed": 0}),
]
layers = pytest.mark.parametrize(
    ("operator", "make", "x", "names", "places", "attributes"),
    CASES,
    ids=[f"{operator}-{len(names)}" for operator, _, _, names, _, _ in CASES],
)


class Recorder(SimpleNamespace):
    """All operators of refcnn, and the names of those that were called."""

    def __init__(self) -> None:
        super().__init__(calls=[])
        for name in refcnn.__all__:
            setattr(self, name, self.recording(name, getattr(refcnn, name)))

    def recording(self, name: str, operator: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*arrays: Any, **attributes: Any) -> Any:
            self.calls.append(name)
            return operator(*arrays, **attributes)

        return recorded


def with_biases(make: Callable[[], Layer]) -> Layer:
    layer = make()
    biases = {name: array + np.float32(0.5) for name, array in layer.parameters.items() if name == "bias"}
    layer.load({**layer.parameters, **biases})
    return layer


@layers
def test_a_layer_answers_what_its_operator_answers(
    operator: str,
    make: Callable[[], Layer],
    x: Array,
    names: tuple[str, ...],
    places: tuple[Any, ...],
    attributes: dict[str, Any],
) -> None:
    layer = with_biases(make)
    arrays = [layer.parameters[name] for name in names]
    y = layer.forward(x)
    assert_array_equal(y, getattr(refcnn, operator)(x, *arrays, *places, **attributes))
    assert y.dtype == np.float32


@layers
def test_a_layer_sends_gradients_back_as_its_operator_does(
    operator: str,
    make: Callable[[], Layer],
    x: Array,
    names: tuple[str, ...],
    places: tuple[Any, ...],
    attributes: dict[str, Any],
) -> None:
    layer = with_biases(make)
    arrays = [layer.parameters[name] for name in names if name != "bias"]
    g = np.random.default_rng(4).standard_normal(layer.forward(x).shape).astype(np.float32)
    grad_x = layer.backward(g)
    want = getattr(refcnn, f"{operator}_backward")(g, x, *arrays, *places, **attributes)
    wants = want if isinstance(want, tuple) else (want,)
    assert_array_equal(grad_x, wants[0])
    assert sorted(layer.gradients) == sorted(names)
    for name, gradient in zip(names, wants[1:], strict=False):  # the operator answers a bias's that is not there too
        assert_array_equal(layer.gradients[name], gradient, name)


@layers
def test_forward_and_backward_use_the_operators_they_are_given(
    operator: str,
    make: Callable[[], Layer],
    x: Array,
    names: tuple[str, ...],
    places: tuple[Any, ...],
    attributes: dict[str, Any],
) -> None:
    del names, places, attributes
    ops, layer = Recorder(), make()
    assert layer.use(ops) is layer
    layer.backward(layer.forward(x))
    layer.use(refcnn)
    layer.backward(layer.forward(x))
    assert ops.calls == [operator, f"{operator}_backward"]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("x", [ROWS, X], ids=["rows", "images"])
def test_batch_norm_answers_what_its_operator_answers(x: Array, training: bool) -> None:
    layer, rng = BatchNorm(4, momentum=0.3, eps=0.5), np.random.default_rng(5)
    gamma, beta, mean, var = (rng.uniform(0.5, 2, 4).astype(np.float32) for _ in range(4))
    layer.load({"gamma": gamma, "beta": beta}, {"running_mean": mean, "running_var": var})
    ops = Recorder()
    y = layer.use(ops).forward(x, training=training)
    how: dict[str, Any] = {"training": training, "eps": 0.5}
    wants = refcnn.batch_norm(x, gamma, beta, mean, var, momentum=0.3, **how)
    for got, want in zip((y, *layer.statistics.values()), wants, strict=True):
        assert_array_equal(got, want)
    grad_x, g = layer.backward(x + 1), x + 1
    wants = refcnn.batch_norm_backward(g, x, gamma, mean, var, **how)
    for got, want in zip((grad_x, layer.gradients["gamma"], layer.gradients["beta"]), wants, strict=True):
        assert_array_equal(got, want)
    assert ops.calls == ["batch_norm", "batch_norm_backward"]


def test_dropout_draws_the_seed_of_each_mask_from_the_generator() -> None:
    layer, rng, same = Dropout(0.5), np.random.default_rng(6), np.random.default_rng(6)
    for _ in range(3):
        seed = int(same.integers(2**31))
        y = layer.forward(X, training=True, rng=rng)
        assert_array_equal(y, refcnn.dropout(X, p=0.5, training=True, seed=seed))
        assert_array_equal(layer.backward(X), refcnn.dropout_backward(X, X, p=0.5, training=True, seed=seed))


def test_a_network_uses_the_operators_it_is_given_in_every_layer() -> None:
    inner = Sequential(norm=BatchNorm(4), drop=Dropout(0.5))
    network = Sequential(conv=Conv2d(4, 4, 1, rng=0), inner=inner, relu=ReLU())
    ops = Recorder()
    assert network.use(ops) is network
    network.backward(network.forward(X, training=True, rng=np.random.default_rng(0)))
    forward = ["conv2d", "batch_norm", "dropout", "relu"]
    assert ops.calls == [*forward, *(f"{name}_backward" for name in reversed(forward))]
    assert network.ops is inner.ops is ops


def test_a_layer_begins_with_the_reference_and_keeps_its_namespace_to_itself() -> None:
    one, other = ReLU(), ReLU()
    one.use(Recorder())
    assert other.ops is refcnn
    assert ReLU().ops is refcnn


def test_a_missing_operator_is_missed_by_name() -> None:
    layer = ReLU().use(SimpleNamespace(relu=refcnn.relu))
    layer.forward(X)
    with pytest.raises(AttributeError, match="relu_backward"):
        layer.backward(X)


@pytest.mark.parametrize("target", [np.array([0, 3, 2, 2, 1]), np.full((5, 4), 0.25, np.float32)])
def test_the_loss_is_that_of_its_operator(target: Array) -> None:
    ops = Recorder()
    loss = SoftmaxCrossEntropy(ops)
    value = loss.forward(ROWS, target)
    assert type(value) is float
    assert value == refcnn.cross_entropy(ROWS, target)
    assert_array_equal(loss.backward(), refcnn.cross_entropy_backward(ROWS, target))
    assert ops.calls == ["cross_entropy", "cross_entropy_backward"]
    assert SoftmaxCrossEntropy().ops is refcnn


def test_answers_that_are_lists_become_arrays() -> None:
    ops = SimpleNamespace(relu=lambda x: x.tolist(), relu_backward=lambda g, x: (g + x).tolist())
    layer = ReLU().use(ops)
    assert_array_equal(layer.forward(ROWS), ROWS)
    assert_array_equal(layer.backward(ROWS), 2 * ROWS)
