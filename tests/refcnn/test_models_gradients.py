"""The gradients of whole models and their loss, against differences along random directions.

A direction moves all cells of one array at once, so that a few evaluations see the gradient in every cell. LeNet-5 is
smooth everywhere. The others are smooth but at the kinks of relu and of max pooling: where a relu turns on or off, or
another cell of a window becomes the maximum. Their seeds keep these out of reach, which `Watch` verifies.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import refcnn
from refcnn.layers import SoftmaxCrossEntropy
from refcnn.models import MODELS, Network, build

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

Array = NDArray[np.floating[Any]]

MODEL_SETTINGS: dict[str, dict[str, Any]] = {
    "simple": {"input_shape": (2, 7, 8), "filters": 3, "kernel_size": (3, 2), "hidden": 5, "classes": 3},
    "lenet5": {"input_shape": (1, 28, 28), "classes": 3},
    "alexnet": {"input_shape": (1, 67, 71), "filters": (4, 6, 8, 6, 4), "hidden": 8, "classes": 3, "init": "he"},
    "small_alexnet": {"input_shape": (1, 15, 18), "filters": (4, 6, 8, 6, 4), "hidden": 8, "classes": 3},
    "deep": {"input_shape": (2, 5, 8), "widths": (3, 4), "hidden": 6, "classes": 3},
    "all_convolutional": {"input_shape": (2, 11, 9), "widths": (4, 6), "classes": 3, "dropout": 0.25},
}

# Of directions of length 1. Rounding has 1e-16 / STEP there, and the slopes are at least 1e-3.
STEP = 5e-5
TOLERANCE = 1e-7
DIRECTIONS = 2
BATCH = 3


class Watch:
    """The operators of `refcnn`, noting on which side of each kink they compute."""

    def __init__(self) -> None:
        self.sides: list[Array] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(refcnn, name)

    def relu(self, x: Array) -> Array:
        self.sides.append(np.sign(x))
        return refcnn.relu(x)

    def max_pool2d(self, x: Array, kernel_size: Any, **attributes: Any) -> Array:
        y = refcnn.max_pool2d(x, kernel_size, **attributes)
        numbers = np.arange(1.0, y.size + 1).reshape(y.shape)
        self.sides.append(refcnn.max_pool2d_backward(numbers, x, kernel_size, **attributes))
        return y

    def taken(self) -> list[Array]:
        sides, self.sides = self.sides, []
        return sides


class Problem:
    """A small model with its loss on one batch, as a function of its input and of each of its parameters."""

    def __init__(self, name: str, training: bool) -> None:
        self.watch = Watch()
        self.network: Network = build(name, seed=1, **MODEL_SETTINGS[name]).astype(np.float64).use(self.watch)
        self.loss, self.training = SoftmaxCrossEntropy(), training
        rng = np.random.default_rng(2)
        self.x = rng.standard_normal((BATCH, *self.network.input_shape))
        self.target = np.arange(BATCH)
        # Biases that are not 0, so that no gradient is right only for those.
        self.parameters = {
            key: array + 0.1 * rng.standard_normal(array.shape) for key, array in self.network.parameters.items()
        }

    def value(self, **moved: Array) -> float:
        arrays = {"x": self.x, **self.parameters, **moved}
        x = arrays.pop("x")
        self.network.load(arrays)
        y = self.network.forward(x, training=self.training, rng=np.random.default_rng(0))
        return self.loss.forward(y, self.target)

    def gradients(self) -> dict[str, Array]:
        self.value()
        return {"x": self.network.backward(self.loss.backward()), **self.network.gradients}


def extrapolated_slope(f: Callable[[float], float]) -> float:
    """Return f′(0) from differences over two steps; the error is of the order of STEP⁴."""
    coarse, fine = ((f(h) - f(-h)) / (2 * h) for h in (STEP, STEP / 2))
    return (4 * fine - coarse) / 3


def relative_error(problem: Problem, name: str, gradient: Array) -> float:
    """Compare the slopes along a few directions, together: along one alone, the terms may happen to cancel."""
    array = {"x": problem.x, **problem.parameters}[name]
    directions = np.random.default_rng(len(name)).standard_normal((DIRECTIONS, *array.shape))
    problem.watch.taken()
    problem.value()
    sides = problem.watch.taken()
    got, want = [], []
    for direction in directions:
        direction /= np.linalg.norm(direction)

        def along(t: float, direction: Array = direction) -> float:
            value = problem.value(**{name: array + t * direction})
            same = all(np.array_equal(here, there) for here, there in zip(sides, problem.watch.taken(), strict=True))
            assert same, f"{name}: a kink lies within a step of {t}; choose another seed"
            return value

        want.append(extrapolated_slope(along))
        got.append(float((gradient * direction).sum()))
    scale = float(np.linalg.norm(want))
    assert scale > 1e-3, f"{name}: slopes of {want} say little; choose another seed"
    return float(np.linalg.norm(np.subtract(got, want))) / scale


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_the_gradients_of_a_model_are_those_of_its_loss(name: str, training: bool) -> None:
    problem = Problem(name, training)
    gradients = problem.gradients()
    assert gradients.keys() == {"x", *problem.parameters}
    errors = {key: relative_error(problem, key, gradient) for key, gradient in gradients.items()}
    assert {key: error for key, error in errors.items() if not error < TOLERANCE} == {}


def test_a_gradient_that_is_off_by_a_millionth_is_noticed() -> None:
    problem = Problem("lenet5", training=True)
    gradient = problem.gradients()["c3.weight"]
    assert relative_error(problem, "c3.weight", gradient * (1 + 1e-6)) == pytest.approx(1e-6, rel=0.1)


def test_a_kink_within_the_steps_is_noticed() -> None:
    problem = Problem("simple", training=False)
    problem.parameters["affine1.weight"][:] = 0
    problem.parameters["affine1.bias"][:] = 0
    with pytest.raises(AssertionError, match=r"^affine1\.bias: a kink lies within a step of 5e-05"):
        relative_error(problem, "affine1.bias", problem.gradients()["affine1.bias"])


def test_every_model_is_checked() -> None:
    assert MODEL_SETTINGS.keys() == MODELS.keys()
