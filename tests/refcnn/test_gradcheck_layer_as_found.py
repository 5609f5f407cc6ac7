"""The check of gradients asks a layer many times, refuses what proves nothing, and leaves the layer as it was."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from refcnn.gradcheck import Verdict, check
from refcnn.layers import BatchNorm, Dropout, Layer, Linear, Sequential

Array = NDArray[Any]
untyped_check: Any = check  # wrong types are passed on purpose


class Scale(Layer):
    """y = factor · x, with a factor for each column, and a count of the calls."""

    def __init__(self) -> None:
        super().__init__()
        self._parameters = {"factor": np.array([2.0, -3.0, 0.5])}
        self._statistics = {"calls": np.zeros(1)}

    def _forward(self, x: Array) -> Any:
        self._statistics["calls"] += 1  # in place, on purpose
        return self._parameters["factor"] * x

    def _backward(self, grad_output: Array, x: Array) -> Any:
        self._gradients["factor"] = (grad_output * x).sum(axis=0)
        return grad_output * self._parameters["factor"]


X = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]])


def test_a_layer_is_left_with_the_very_arrays_it_had() -> None:
    layer = Sequential(norm=BatchNorm(3), scale=Scale()).astype(np.float64)
    before = {**layer.parameters, **layer.statistics}
    values = {name: array.copy() for name, array in before.items()}
    assert check(layer, X, training=True).ok
    after = {**layer.parameters, **layer.statistics}
    assert before.keys() == after.keys()
    for name, array in before.items():
        assert after[name] is array
        assert_array_equal(array, values[name], name)


def test_a_layer_is_left_as_found_even_if_it_fails() -> None:
    class Failing(Scale):
        def _backward(self, grad_output: Array, x: Array) -> Any:
            raise ZeroDivisionError(grad_output, x)

    layer = Failing()
    with pytest.raises(ZeroDivisionError):
        check(layer, X)
    assert_array_equal(layer.statistics["calls"], [0])
    assert_array_equal(layer.parameters["factor"], [2, -3, 0.5])


def test_a_layer_that_loads_by_writing_into_its_arrays_gets_its_values_back() -> None:
    class InPlace(Scale):
        def _put(self, kind: str, arrays: dict[str, Array]) -> None:
            for name, array in arrays.items():
                getattr(self, kind)[name][...] = array

    layer = InPlace()
    assert check(layer, X).ok
    assert_array_equal(layer.parameters["factor"], [2, -3, 0.5])
    assert_array_equal(layer.statistics["calls"], [0])


def test_a_layer_may_write_into_what_it_is_given() -> None:
    class Greedy(Scale):
        def forward(self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None) -> Array:
            y = super().forward(x.copy(), training=training, rng=rng)
            x.fill(99)
            return y

        def backward(self, grad_output: Array) -> Array:
            grad_x = super().backward(grad_output)
            grad_output.fill(99)
            return grad_x

    x, g = X.copy(), np.ones((2, 3))
    assert check(Greedy(), x, grad_output=g).ok
    assert_array_equal(x, X)
    assert_array_equal(g, 1)


def test_each_evaluation_begins_with_the_statistics_that_were_found() -> None:
    class Growing(Scale):
        def _forward(self, x: Array) -> Any:
            return super()._forward(x) + self._statistics["calls"]

    layer = Growing()
    assert check(layer, X).ok
    assert_array_equal(layer.forward(np.zeros((1, 3))), [[1, 1, 1]])


def test_each_evaluation_is_given_a_generator_of_the_seed() -> None:
    draws: set[float] = set()

    class Drawing(Scale):
        def forward(self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None) -> Array:
            assert rng is not None
            draws.add(rng.random())
            return super().forward(x, training=training, rng=rng)

    check(Drawing(), X, seed=3)
    assert draws == {np.random.default_rng(3).random()}


def test_chance_is_frozen_by_the_seed() -> None:
    x = np.random.default_rng(0).standard_normal((4, 5))
    verdict = check(Dropout(0.5), x, training=True, seed=3)
    assert verdict.ok, verdict


def test_the_global_generator_is_left_alone() -> None:
    global_rng: Any = np.random  # its functions are what a library must not call
    before = global_rng.get_state()[1].copy()
    check(Dropout(0.5), X, training=True, cells=2)
    assert_array_equal(before, global_rng.get_state()[1])


def test_chance_that_does_not_come_from_rng_is_refused() -> None:
    rng = np.random.default_rng(0)

    class Noise(Layer):
        def _forward(self, x: Array) -> Any:
            return x + rng.standard_normal(x.shape)

    with pytest.raises(ValueError, match="check: layer must be one that answers the same for the same x and rng"):
        check(Noise(), X)


def call(**how: Any) -> Callable[[], Verdict]:
    given: dict[str, Any] = {"layer": Scale(), "x": X, **how}
    return lambda: untyped_check(**given)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (call(x=X.astype(np.float32)), TypeError, "check: x must be float64, by .astype(np.float64), got float32"),
        (call(x=np.ones((2, 3), int)), TypeError, "check: x must be float64, by .astype(np.float64), got int64"),
        (
            call(layer=Linear(3, 2, rng=0)),
            TypeError,
            "check: weight must be float64, by .astype(np.float64), got float32",
        ),
        (
            call(layer=Sequential(one=BatchNorm(3))),
            TypeError,
            "check: one.gamma must be float64, by .astype(np.float64), got float32",
        ),
        (
            call(grad_output=np.ones((2, 3), np.float32)),
            TypeError,
            "check: grad_output must be float64, by .astype(np.float64), got float32",
        ),
        (
            call(grad_output=np.ones((3, 2))),
            ValueError,
            "check: grad_output must be of shape (2, 3), got shape (3, 2) (x (2, 3))",
        ),
        (call(cells=0), ValueError, "check: cells must be at least 1, got 0"),
        (call(cells=2.0), TypeError, "check: cells must be an int, got 2.0"),
        (call(tolerance=0.0), ValueError, "check: tolerance must be above 0, got 0.0"),
        (call(tolerance="1"), TypeError, "check: tolerance must be a real number, got '1'"),
    ],
)
def test_arguments_that_prove_nothing_are_refused(
    wrong: Callable[[], Verdict], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        wrong()
    assert str(caught.value) == message


def test_an_answer_of_float32_is_refused() -> None:
    class Single(Scale):
        def _forward(self, x: Array) -> Any:
            return super()._forward(x).astype(np.float32)

    with pytest.raises(TypeError, match="check: the answer must be float64"):
        check(Single(), X)
