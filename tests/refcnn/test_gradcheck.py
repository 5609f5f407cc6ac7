"""The check of gradients: what it passes, what it reports and where, and what it will not judge."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from refcnn.gradcheck import check, check_loss
from refcnn.layers import BatchNorm, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU, Sequential, SoftmaxCrossEntropy

Array = NDArray[Any]
Backward = Callable[["Scale", Array, Array], Any]


class Scale(Layer):
    """y = factor · x, with a factor for each column, and the gradients that a test wants."""

    def __init__(self, backward: Backward | None = None) -> None:
        super().__init__()
        self._parameters = {"factor": np.array([2.0, -3.0, 0.5])}
        self.wanted = backward or right

    def _forward(self, x: Array) -> Any:
        return self._parameters["factor"] * x

    def _backward(self, grad_output: Array, x: Array) -> Any:
        return self.wanted(self, grad_output, x)


def right(layer: Scale, g: Array, x: Array) -> Any:
    layer.gradients["factor"] = (g * x).sum(axis=0)
    return g * layer.parameters["factor"]


X = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]])


def spoilt(spoil: Callable[[Scale], None]) -> Scale:
    """A scale whose gradients are right, but for what is done to them after."""

    def backward(layer: Scale, g: Array, x: Array) -> Any:
        grad_x = right(layer, g, x)
        spoil(layer)
        return grad_x

    return Scale(backward)


def scaled(factor: float) -> Scale:
    """A scale whose gradient in the input is so many times the right one."""
    return Scale(lambda layer, g, x: factor * right(layer, g, x))


def test_right_gradients_pass_and_say_how_right_they_are() -> None:
    verdict = check(Scale(), X)
    assert verdict
    assert verdict.ok
    assert not verdict.wrong
    assert not verdict.inconclusive
    assert verdict.worst < 1e-11
    assert [(array.name, array.count) for array in verdict.arrays] == [("Scale.x", 6), ("Scale.factor", 3)]
    assert str(verdict).startswith("Scale.x: 6 of 6 cells agree, worst relative error ")


def test_a_wrong_cell_is_named_with_both_values_and_their_number() -> None:
    def spoil(layer: Scale) -> None:
        layer.gradients["factor"][1:] *= [0.5, 1.1]

    verdict = check(spoilt(spoil), X, grad_output=np.ones((2, 3)))
    assert not verdict
    assert verdict.wrong
    assert not verdict.inconclusive
    first = str(verdict).splitlines()[0]
    assert first.startswith("Scale.factor[1]: gradient is 1.25, numerically 2.5 ± ")
    # 1.25 of the largest cell, which the spoilt gradient has: 7 · 1.1
    assert first.endswith("; 2 of 3 cells differ, worst relative error 0.16")
    assert verdict.worst == pytest.approx(1.25 / 7.7)


def test_a_wrong_gradient_in_the_input_is_named_x() -> None:
    verdict = check(scaled(2.0), X)
    assert str(verdict).startswith("Scale.x[")
    assert [array.wrong for array in verdict.arrays] == [True, False]


@pytest.mark.parametrize(("factor", "ok"), [(1 + 1e-6, False), (1 + 2e-7, False), (1 + 5e-8, True), (1.0, True)])
def test_the_tolerance_is_relative_to_the_largest_cell(factor: float, ok: bool) -> None:
    assert check(scaled(factor), 1e3 * X).ok is ok


def test_the_tolerance_can_be_chosen() -> None:
    layer = scaled(1.001)
    assert check(layer, X, tolerance=0.01).ok
    assert not check(layer, X, tolerance=1e-4).ok


def test_a_cell_that_is_no_number_is_the_worst() -> None:
    def spoil(layer: Scale) -> None:
        layer.gradients["factor"][:] = [7.0, np.nan, np.inf]

    first = str(check(spoilt(spoil), X)).splitlines()[0]
    assert first.startswith("Scale.factor[1]: gradient is nan, numerically ")
    assert first.endswith("3 of 3 cells differ, worst relative error nan")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda layer: layer.gradients.clear(), "Scale.factor: gradient must be of shape (3,), got None"),
        (
            lambda layer: layer.gradients.update(factor=np.ones((3, 1))),
            "Scale.factor: gradient must be of shape (3,), got shape (3, 1)",
        ),
        (
            lambda layer: layer.gradients.update(shift=np.ones(3)),
            "Scale.shift: gradient must be of a parameter, got none of this name",
        ),
    ],
)
def test_gradients_that_are_missing_misshapen_or_foreign_are_wrong(
    spoil: Callable[[Scale], None], message: str
) -> None:
    verdict = check(spoilt(spoil), X)
    assert verdict.wrong
    assert str(verdict).splitlines()[0] == message


def test_a_gradient_in_the_input_of_another_shape_is_wrong() -> None:
    verdict = check(Scale(lambda layer, g, x: right(layer, g, x).T), X)
    assert str(verdict).splitlines()[0] == "Scale.x: gradient must be of shape (2, 3), got shape (3, 2)"


def test_some_cells_of_each_array_can_be_checked_for_all() -> None:
    layer = Linear(30, 20, rng=0).astype(np.float64)
    verdict = check(layer, np.random.default_rng(0).standard_normal((8, 30)), cells=7)
    assert [array.count for array in verdict.arrays] == [7, 7, 7]
    assert verdict.ok, verdict
    assert [array.count for array in check(layer, np.ones((1, 30)), cells=25).arrays] == [25, 25, 20]


def test_another_seed_checks_other_cells() -> None:
    def spoil(layer: Scale) -> None:
        layer.gradients["factor"][1] = 9

    verdicts = [check(spoilt(spoil), X, cells=1, seed=seed) for seed in range(20)]
    assert 0 < sum(verdict.wrong for verdict in verdicts) < 20
    assert {str(verdict)[:15] for verdict in verdicts if verdict.wrong} == {"Scale.factor[1]"}


def test_a_kink_is_said_not_judged() -> None:
    x = np.arange(-6.0, 14.0).reshape(4, 5)
    verdict = check(ReLU(), x)
    assert verdict.ok
    (array,) = verdict.arrays
    assert [(cell.position, cell.gradient) for cell in array.unreliable] == [((1, 1), 0.0)]
    assert array.unreliable[0].error == pytest.approx(abs(array.unreliable[0].numerical))
    assert str(verdict).startswith("ReLU.x: 19 of 20 cells agree; not smooth at [1, 1]: gradient is 0, numerically ")


def test_too_many_kinks_leave_the_check_inconclusive() -> None:
    verdict = check(MaxPool2d(2), np.ones((1, 1, 4, 4)))
    assert verdict.inconclusive
    assert not verdict.ok
    assert not verdict.wrong
    assert str(verdict).startswith("MaxPool2d.x: 0 of 16 cells agree; not smooth at [")


def test_what_lies_outside_both_slopes_of_a_kink_is_wrong() -> None:
    class Cut(ReLU):
        slope_at_kink = 0.0

        def _backward(self, grad_output: Array, x: Array) -> Any:
            return np.where(x == 0, self.slope_at_kink, x > 0) * grad_output

    layer, x = Cut(), np.arange(-6.0, 14.0).reshape(4, 5)
    for slope in (0.0, 0.3, 1.0):
        layer.slope_at_kink = slope
        assert check(layer, x).ok
    for slope in (-0.001, 1.001):
        layer.slope_at_kink = slope
        assert str(check(layer, x)).startswith("Cut.x[1, 1]: ")


@pytest.mark.parametrize("x", [np.full((2, 3), np.nan), np.full((2, 3), np.inf), np.full((2, 3), -np.inf)])
def test_what_is_not_finite_is_inconclusive(x: Array) -> None:
    verdict = check(Linear(3, 2, rng=0).astype(np.float64), x)
    assert verdict.inconclusive, verdict
    assert "numerically nan ± inf" in str(verdict)


def test_nothing_but_zeros_is_inconclusive() -> None:
    verdict = check(ReLU(), -np.ones((2, 3)))
    assert verdict.inconclusive
    assert str(verdict).endswith("all gradients are 0, which proves little: choose another x")


def test_a_gradient_that_is_zero_but_for_rounding_passes_and_anything_else_in_its_place_does_not() -> None:
    # Normalising takes away whatever the bias before it adds.
    layer = Sequential(affine=Linear(4, 3, rng=0), norm=BatchNorm(3), scale=Scale()).astype(np.float64)
    x = np.random.default_rng(1).standard_normal((6, 4))
    verdict = check(layer, x, training=True)
    assert verdict.ok, verdict
    vanishing = [array.name for array in verdict.arrays if array.vanishing]
    assert vanishing == ["Sequential.affine.bias"]

    class Leaking(Linear):
        def _backward(self, grad_output: Array, x: Array) -> Any:
            grad_x = super()._backward(grad_output, x)
            self._gradients["bias"] = self._gradients["bias"] + 1e-6
            return grad_x

    layer.layers["affine"] = Leaking(4, 3, rng=0).astype(np.float64)
    assert str(check(layer, x, training=True)).startswith("Sequential.affine.bias[")


def test_a_layer_in_two_places_of_a_network_is_found_out() -> None:
    layers = {"one": Linear(4, 6, rng=0), "relu": ReLU(), "two": Linear(6, 6, rng=1), "again": ReLU()}
    network = Sequential(**layers).astype(np.float64)
    x = np.random.default_rng(0).standard_normal((5, 4))
    assert check(network, x).ok
    network.layers["again"] = network.layers["relu"]  # a network that is built so is refused
    assert check(network, x).wrong


def network() -> Sequential:
    layers = {"conv": Conv2d(1, 3, 3, rng=0), "relu": ReLU(), "pool": MaxPool2d(2, stride=1)}
    return Sequential(**layers, flat=Flatten(), affine=Linear(18, 4, rng=1)).astype(np.float64)


IMAGES = np.random.default_rng(5).standard_normal((3, 1, 5, 6))


@pytest.mark.no_cover
def test_a_network_is_checked_together_with_its_loss() -> None:
    verdict = check_loss(network(), SoftmaxCrossEntropy(), IMAGES, np.array([0, 3, 3]))
    assert verdict.ok, verdict
    names = ["x", "conv.weight", "conv.bias", "affine.weight", "affine.bias"]
    assert [array.name for array in verdict.arrays] == [f"Sequential.{name}" for name in names]
    assert sum(array.count for array in verdict.arrays) == 90 + 27 + 3 + 72 + 4


def test_a_loss_with_a_wrong_gradient_makes_all_gradients_wrong() -> None:
    class Sum(SoftmaxCrossEntropy):
        def backward(self) -> Array:
            return 3 * super().backward()  # of the sum, though forward answers the mean

    verdict = check_loss(network(), Sum(), IMAGES, np.array([0, 3, 3]), cells=5)
    assert all(array.wrong for array in verdict.arrays)
    assert "gradient is " in str(verdict)
