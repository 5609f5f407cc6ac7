"""What a layer remembers: parameters and their replacement, gradients, statistics, the last batch."""

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
    Dropout,
    Flatten,
    Layer,
    Linear,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
)

Array = NDArray[Any]
X = np.random.default_rng(3).standard_normal((5, 4)).astype(np.float32)


def network() -> Sequential:
    inner = Sequential(norm=BatchNorm(3), end=Linear(3, 2, bias=False, rng=1))
    return Sequential(affine=Linear(4, 3, rng=0), relu=ReLU(), inner=inner)


def ones(layer: Layer, kind: str) -> dict[str, Array]:
    return {name: np.ones(array.shape, np.float32) for name, array in getattr(layer, kind).items()}


NAMES = ["affine.weight", "affine.bias", "inner.norm.gamma", "inner.norm.beta", "inner.end.weight"]
STATISTICS = ["inner.norm.running_mean", "inner.norm.running_var"]


def test_a_network_names_its_arrays_after_its_layers() -> None:
    layer = network()
    assert list(layer.parameters) == NAMES
    assert list(layer.statistics) == STATISTICS
    assert layer.gradients == {}
    layer.backward(layer.forward(X))
    assert list(layer.gradients) == NAMES
    for name, gradient in layer.gradients.items():
        assert gradient.shape == layer.parameters[name].shape


def test_a_network_is_its_layers_one_after_the_other() -> None:
    layer, apart = network(), network()
    y = layer.forward(X, training=True)
    want: Array = X
    steps: list[Layer] = [apart.layers["affine"], apart.layers["relu"]]
    inner = apart.layers["inner"]
    assert isinstance(inner, Sequential)
    steps += inner.layers.values()
    for step in steps:
        want = step.forward(want, training=True)
    assert_array_equal(y, want)
    g = want = y + 1
    for step in reversed(steps):
        want = step.backward(want)
    assert_array_equal(layer.backward(g), want)
    for name, gradient in apart.gradients.items():
        assert_array_equal(layer.gradients[name], gradient, name)


def test_a_network_without_layers_answers_what_it_gets() -> None:
    empty = Sequential()
    assert_array_equal(empty.forward(X), X)
    assert_array_equal(empty.backward(X), X)
    assert empty.parameters == empty.gradients == empty.statistics == {}


def test_loaded_arrays_are_what_the_layers_compute_with() -> None:
    layer, other = network(), network()
    parameters = {name: array + np.float32(0.5) for name, array in layer.parameters.items()}
    statistics = {name: array + np.float32(0.25) for name, array in layer.statistics.items()}
    layer.load(parameters, statistics)
    for kind, arrays in (("parameters", parameters), ("statistics", statistics)):
        for name, array in arrays.items():
            assert_array_equal(getattr(layer, kind)[name], array, name)
    assert not np.array_equal(layer.forward(X), other.forward(X))
    other.load(dict(layer.parameters), dict(layer.statistics))
    assert_array_equal(layer.forward(X), other.forward(X))


def test_arrays_are_loaded_by_name_whatever_their_order() -> None:
    layer, x = BatchNorm(2), np.array([[1.0, 2.0], [3.0, 5.0]])
    arrays = {"gamma": np.array([2.0, 3.0]), "beta": np.array([0.5, -1.0])}
    statistics = {"running_mean": np.array([1.0, 2.0]), "running_var": np.array([4.0, 9.0])}
    layer.load(dict(reversed(arrays.items())), dict(reversed(statistics.items())))
    want, _, _ = refcnn.batch_norm(x, *arrays.values(), *statistics.values(), training=False)
    assert_array_equal(layer.forward(x), want)


def test_statistics_stay_where_only_parameters_are_loaded() -> None:
    layer = network()
    layer.forward(X, training=True)
    before = dict(layer.statistics)
    layer.load(ones(layer, "parameters"))
    for name, array in layer.statistics.items():
        assert array is before[name]


def test_a_part_of_a_network_can_be_loaded_alone() -> None:
    layer = network()
    inner = layer.layers["inner"]
    inner.load(ones(inner, "parameters"))
    assert_array_equal(layer.parameters["inner.end.weight"], np.ones((2, 3)))
    assert not np.array_equal(layer.parameters["affine.weight"], np.ones((3, 4)))


@pytest.mark.parametrize("kind", ["parameters", "statistics"])
@pytest.mark.parametrize("change", ["missing", "foreign", "misshapen"])
@pytest.mark.parametrize("layer", [BatchNorm(3), network()], ids=["layer", "network"])
def test_arrays_that_are_missing_foreign_or_misshapen_are_refused_and_nothing_is_loaded(
    layer: Layer, change: str, kind: str
) -> None:
    given = {"parameters": ones(layer, "parameters"), "statistics": ones(layer, "statistics")}
    names = sorted(given[kind])
    last, called = names[-1], type(layer).__name__
    want = f"{called}: {kind} must be {kind} of the names {names}, got {names}"
    if change == "missing":
        del given[kind][last]
        want = want.replace(f"got {names}", f"got {names[:-1]}")
    elif change == "foreign":
        given[kind]["zeta"] = np.ones(3)
        want = want.replace(f"got {names}", f"got {[*names, 'zeta']}")
    else:
        wanted = given[kind][last].shape
        given[kind][last] = np.ones((7, *wanted))
        want = f"{called}: {last} must be of shape {wanted}, got shape {(7, *wanted)}"
    before = {**layer.parameters, **layer.statistics}
    with pytest.raises(ValueError, match="must be") as caught:
        layer.load(**given)
    assert str(caught.value) == want
    assert all(array is before[name] for name, array in {**layer.parameters, **layer.statistics}.items())


def test_a_layer_without_parameters_loads_nothing() -> None:
    Flatten().load({}, {})
    with pytest.raises(ValueError, match=r"ReLU: parameters must be parameters of the names \[\], got \['weight'\]"):
        ReLU().load({"weight": X})


def test_another_dtype_reaches_all_parameters_and_statistics() -> None:
    layer = network()
    values = {**layer.parameters, **layer.statistics}
    assert layer.astype(np.float64) is layer
    for name, array in {**layer.parameters, **layer.statistics}.items():
        assert array.dtype == np.float64, name
        assert_array_equal(array, values[name], name)
    y = layer.forward(X.astype(np.float64), training=True)
    assert y.dtype == layer.backward(y).dtype == np.float64
    assert {array.dtype for array in layer.gradients.values()} == {np.dtype(np.float64)}


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (Linear(4, 3, rng=0), "Linear"),
        (Conv2d(1, 1, 1, rng=0), "Conv2d"),
        (BatchNorm(3), "BatchNorm"),
        (Dropout(0.5), "Dropout"),
        (Flatten(), "Flatten"),
        (AvgPool2d(2), "AvgPool2d"),
        (Sequential(affine=Linear(4, 3, rng=0), relu=ReLU()), "ReLU"),
    ],
)
def test_backward_before_forward_is_refused(layer: Layer, name: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        layer.backward(X)
    assert str(caught.value) == f"{name}: backward must follow a forward, got none"


def test_a_loss_sent_backward_before_forward_is_refused() -> None:
    with pytest.raises(RuntimeError, match="SoftmaxCrossEntropy: backward must follow a forward, got none"):
        SoftmaxCrossEntropy().backward()


def test_a_layer_of_ones_own_must_say_what_it_does() -> None:
    layer = Layer()
    with pytest.raises(NotImplementedError):
        layer.forward(X)
    with pytest.raises(NotImplementedError):
        layer.backward(X)


def test_gradients_are_those_of_the_last_batch_and_do_not_add_up() -> None:
    layer = Linear(4, 3, rng=0)
    g = np.ones((5, 3), np.float32)
    layer.forward(2 * X)
    layer.backward(g)
    layer.forward(X)
    for _ in range(2):
        layer.backward(g)
        assert_array_equal(layer.gradients["bias"], [5, 5, 5])
        assert_array_equal(layer.gradients["weight"], refcnn.linear_backward(g, X, layer.parameters["weight"])[1])


def test_what_a_layer_is_given_is_not_written() -> None:
    layer, x = network(), X.copy()
    y = layer.forward(x, training=True)
    g = np.ones_like(y)
    layer.backward(g)
    assert_array_equal(x, X)
    assert_array_equal(g, 1)


def test_dropout_in_training_needs_a_generator() -> None:
    for layer in (Dropout(0.5), Sequential(drop=Dropout(0.5))):
        with pytest.raises(ValueError, match="Dropout: rng must be a generator while training, got None"):
            layer.forward(X, training=True)
        assert_array_equal(layer.forward(X), X)


def test_dropout_out_of_training_draws_nothing() -> None:
    layer, rng = Dropout(0.5), np.random.default_rng(0)
    assert_array_equal(layer.forward(X, rng=rng), X)
    assert_array_equal(layer.backward(X), X)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def test_running_statistics_follow_the_batches_of_training_alone() -> None:
    layer = BatchNorm(1, momentum=0.25)
    for x, mean, var in (([[1.0], [3.0]], 0.5, 0.75 + 0.5), ([[4.0], [0.0]], 0.875, 0.9375 + 2.0)):
        layer.forward(np.array(x), training=True)
        # A quarter of the new mean, 2 both times, and of the new variances over n − 1, 2 and 8.
        assert_array_equal(layer.statistics["running_mean"], [mean])
        assert_array_equal(layer.statistics["running_var"], [var])
        layer.forward(np.array([[100.0]]))
        assert_array_equal(layer.statistics["running_mean"], [mean])
        assert_array_equal(layer.statistics["running_var"], [var])


@pytest.mark.parametrize("training", [False, True])
def test_backward_of_batch_norm_uses_the_statistics_of_its_forward(training: bool) -> None:
    layer, x = BatchNorm(4).astype(np.float64), X.astype(np.float64)
    layer.forward(3 * x + 1, training=True)
    mean, var = layer.statistics.values()
    layer.forward(x, training=training)
    layer.load(dict(layer.parameters), {"running_mean": np.full(4, 50.0), "running_var": np.full(4, 50.0)})
    g = np.arange(20.0).reshape(5, 4)
    grad_x = layer.backward(g)
    want, *_ = refcnn.batch_norm_backward(g, x, np.ones(4), mean, var, training=training, eps=1e-5)
    assert_array_equal(grad_x, want)


def test_a_batch_of_float64_does_not_change_what_batch_norm_remembers() -> None:
    layer, batch = BatchNorm(2), np.random.default_rng(0).standard_normal((4, 2))
    layer.forward(batch, training=True)
    layer.forward(batch)
    assert {array.dtype for array in layer.statistics.values()} == {np.dtype(np.float32)}
    assert layer.forward(batch.astype(np.float32)).dtype == np.float32
