"""Layers in the style of textbooks: a right module conforms, what it cannot express is said, each mistake is named."""

from __future__ import annotations

import inspect
import runpy
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.contract import OPERATORS
from conformance.diagnosis import diagnose
from conformance.implementation import Implementation, NotSupportedError, from_namespace, load
from conformance.judge import judge_requirement
from conformance.outcome import CONFORMS, FAILS, NOT_SUPPORTED
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

FOLDER = Path(__file__).parents[2] / "implementations" / "layers"
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
QUICK = Plan("quick")
JUDGED = (
    *(
        "im2col",
        "col2im",
        "conv2d",
        "max_pool2d",
        "linear",
        "relu",
        "sigmoid",
        "cross_entropy",
        "batch_norm",
        "dropout",
    ),
    *("sgd_update", "momentum_update", "adam_update"),
)
# Of the others, every one is judged in the tests of what makes mistakes.
SUFFICE = ("values", "inputs_unchanged", "no_alias", "running_mean", "running_var", "padding", "scale", "same_mask")


@cache
def right() -> Implementation:
    return load(str(FOLDER / "right_layers.py"))


def test_the_whole_module_is_recognised() -> None:
    assert right().recognised == (
        "textbook layers (Convolution, Pooling, Affine, Relu, Sigmoid, SoftmaxWithLoss, BatchNormalization, Dropout, "
        "SGD, Momentum, Adam, im2col, col2im)"
    )
    assert [name for name in OPERATORS if right().provides(name)] == list(JUDGED)


@pytest.mark.no_cover
def test_a_stride_and_a_padding_that_must_be_given_are() -> None:
    layers = runpy.run_path(str(FOLDER / "right_layers.py"))

    def mandatory(name: str) -> type:
        parameters = inspect.signature(layers[name]).parameters.values()
        given = [parameter.replace(default=inspect.Parameter.empty) for parameter in parameters]
        return type(name, (layers[name],), {"__signature__": inspect.Signature(given)})

    made = from_namespace(
        "mandatory", SimpleNamespace(**{name: mandatory(name) for name in ("Convolution", "Pooling")})
    )
    assert made.recognised == "textbook layers (Convolution, Pooling)"
    for id_ in ("conv2d_backward.values", "max_pool2d_backward.values"):
        assert judge_requirement(made, BY_ID[id_], QUICK).status == CONFORMS


def test_a_class_that_is_made_otherwise_is_said_not_to_be_judged() -> None:
    class Affine:
        def __init__(self, W: Any) -> None: ...

        def forward(self, x: Any) -> Any: ...

    relu = runpy.run_path(str(FOLDER / "right_layers.py"))["Relu"]
    made = from_namespace("other", SimpleNamespace(Affine=Affine, Relu=relu))
    assert made.recognised == "textbook layers (Relu); not judged: Affine, made of other arguments than such layers are"


@pytest.mark.parametrize("operator", JUDGED)
def test_a_right_module_conforms(operator: str) -> None:
    chosen = [each for each in REQUIREMENTS if each.operator == operator and each.id.rpartition(".")[2] in SUFFICE]
    results = {each.id: judge_requirement(right(), each, QUICK) for each in chosen}
    assert {id_: result.status for id_, result in results.items()} == dict.fromkeys(results, CONFORMS)
    assert all(result.cases for result in results.values())


@pytest.mark.parametrize("id_", ["conv2d.groups", "conv2d.dilation", "conv2d.refusals", "batch_norm_backward.refusals"])
def test_what_such_an_interface_cannot_express_is_not_supported(id_: str) -> None:
    assert judge_requirement(right(), BY_ID[id_], QUICK).status == NOT_SUPPORTED


@pytest.mark.parametrize(
    ("name", "id_", "says"),
    [
        (
            "pool_size_without_padding",
            "max_pool2d.values",
            "the output's size is worked out without the padding, so that the maxima do not fit into it",
        ),
        ("pool_padded_with_zero", "max_pool2d.padding", "the image is padded with 0 instead of minus infinity"),
        (
            "pool_padded_with_zero",
            "max_pool2d_backward.values",
            "padding of 0 wins over negative pixels, and their gradient is lost",
        ),
        (
            "backward_in_place",
            "relu_backward.inputs_unchanged",
            "the mask is written into grad_output, which is then returned itself",
        ),
        (
            "dropout_scaled_at_inference",
            "dropout.scale",
            "kept cells are not scaled up in training; everything is multiplied by 1 - p outside it instead",
        ),
    ],
)
def test_a_classic_mistake_is_found_and_named(name: str, id_: str, says: str) -> None:
    mine = load(str(FOLDER / f"{name}.py"))
    result = judge_requirement(mine, BY_ID[id_], QUICK)
    assert result.status == FAILS
    assert diagnose(mine, {BY_ID[id_]: result.wrong}, QUICK)[id_].partition("; equal on")[0] == says


@pytest.mark.parametrize(
    ("name", "id_", "says"),
    [
        (
            "sizes_by_division",
            "conv2d.values",
            "a size was worked out by /, which gives a float, where // gives an int",
        ),
        (
            "sizes_by_division",
            "im2col.values",
            "a size was worked out by /, which gives a float, where // gives an int",
        ),
        (
            "statistics_per_activation",
            "batch_norm.values",
            "has statistics per activation, C·H·W of them with a gamma for each, instead of per channel",
        ),
        ("statistics_per_activation", "batch_norm_backward.values", "has statistics per activation"),
    ],
)
def test_a_classic_mistake_is_found_and_said_with_what_it_raises(name: str, id_: str, says: str) -> None:
    result = judge_requirement(load(str(FOLDER / f"{name}.py")), BY_ID[id_], QUICK)
    assert result.status == FAILS
    assert says in result.failures[0].violation.message


def test_statistics_per_activation_are_right_for_features() -> None:
    mine = load(str(FOLDER / "statistics_per_activation.py"))
    x = np.array([[1.0, 10.0], [3.0, 30.0]])
    one, zero = np.ones(2), np.zeros(2)
    y, mean, var = mine.call("batch_norm", (x, one, zero, zero, zero), {"training": True, "momentum": 0.5})
    np.testing.assert_allclose(y, [[-1, -1], [1, 1]], rtol=1e-5)
    # The batch's means are 2 and 20, its biased variances 1 and 100; half of each is added to nothing.
    np.testing.assert_allclose(mean, [1, 10])
    np.testing.assert_allclose(var, [0.5, 50])


def asked(function: str, *arrays: Any, **attributes: Any) -> tuple[Any, ...]:
    return right().call(function, arrays, attributes)


X = np.arange(18.0).reshape(1, 2, 3, 3)
W = np.ones((2, 2, 2, 2))
V = np.ones(2)
PLAIN = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


@pytest.mark.parametrize(
    ("function", "arrays", "attributes", "reason"),
    [
        ("conv2d", (X, W), {"stride": (1, 2)}, "layers have one stride, not (1, 2)"),
        ("conv2d", (X, W), {"padding": ((1, 0), (1, 0))}, "layers have one padding, not ((1, 0), (1, 0))"),
        ("conv2d", (X, W), {"dilation": 2}, "layers have no dilation, which is 2"),
        ("conv2d", (X, W[:, :1]), {"groups": 2}, "layers have no groups, which is 2"),
        ("max_pool2d", (X, (2, 3)), {}, "layers have one stride, not (2, 3)"),
        ("max_pool2d", (X, 2), {"ceil_mode": True}, "layers have no ceil_mode, which is True"),
        ("im2col", (X, 2), {"dilation": 2}, "layers have no dilation, which is 2"),
        ("cross_entropy", (V[:, None], np.array([0, 0])), {}, "with one class, labels cannot be told from rows"),
        ("cross_entropy", (W[0, 0], W[0, 0] / 2), {}, "takes labels or rows that are one-hot, not weights"),
        ("batch_norm", (W[0, 0], V, V, V, V), {"training": False, "eps": 0.0}, "cannot stand for 0.0 in float64"),
        ("batch_norm_backward", (W[0, 0], W[0, 0], V, V, V), {"training": False, "eps": 1e-5}, "in training alone"),
        ("dropout_backward", (V, V), {"p": 0.5, "training": False, "seed": 0}, "in training alone"),
        ("adam_update", (V, V, V, V), {"step": 1, "lr": 0.1, "eps": 0.0}, "the eps of this class is fixed"),
    ],
)
def test_what_has_no_word_is_not_supported_with_the_reason(
    function: str, arrays: Any, attributes: Any, reason: str
) -> None:
    with pytest.raises(NotSupportedError) as raised:
        asked(function, *arrays, **attributes)
    assert reason in str(raised.value)


def test_float32_does_not_stand_the_translation_of_an_eps() -> None:
    single = [np.asarray(each, np.float32) for each in (X, V, V, V, V)]
    with pytest.raises(NotSupportedError, match="cannot stand for 1e-05 in float32"):
        asked("batch_norm", *single, training=True)


def test_an_eps_that_is_the_classes_own_is_taken_as_it_is() -> None:
    x = np.array([[0.0], [2e-3]])
    one, zero = np.ones(1), np.zeros(1)
    (y, _, _) = asked("batch_norm", x, one, zero, zero, zero, training=True, eps=1e-6)
    # The deviation and the root of eps are both a thousandth.
    np.testing.assert_allclose(y.ravel(), [-(0.5**0.5), 0.5**0.5])


def test_the_weight_of_an_affine_layer_is_the_transpose() -> None:
    weight = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    (y,) = asked("linear", np.array([[1.0, 0.0, 0.0]]), weight)
    assert y.tolist() == [[1, 4]]
    _, grad_weight, grad_bias = asked("linear_backward", np.array([[1.0, 0.0]]), np.array([[7.0, 8.0, 9.0]]), weight)
    assert grad_weight.tolist() == [[7, 8, 9], [0, 0, 0]]
    assert grad_bias.tolist() == [1, 0]


def test_adam_with_an_eps_that_is_its_own_takes_the_step_of_its_formula() -> None:
    # In the first step the averages without bias are the gradient and its square: 1 / (1 + eps) of lr.
    param, m, v = asked("adam_update", V, V, 0 * V, 0 * V, step=1, lr=0.5, eps=1e-7)
    np.testing.assert_allclose(param, 1 - 0.5 / (1 + 1e-7), rtol=1e-12)
    np.testing.assert_allclose([m[0], v[0]], [0.1, 0.001], rtol=1e-12)


class PaddedTwice:
    """Takes its attributes by name alone, and pads a pixel too much."""

    def __init__(self, W: Any, b: Any, *, stride: int = 1, pad: int = 0) -> None:
        self.W, self.b, self.stride, self.pad = W, b, stride, pad

    def forward(self, x: Any) -> Any:
        return refcnn.conv2d(x, self.W, self.b, stride=self.stride, padding=self.pad + (self.pad > 0))


@pytest.mark.no_cover
def test_a_wrong_padding_is_found_where_attributes_go_by_name_alone() -> None:
    mine = from_namespace("mine", SimpleNamespace(Convolution=PaddedTwice))
    (y,) = mine.call("conv2d", (X, W), {"stride": 2, "padding": 1})
    assert y.shape == (1, 2, 3, 3)
    assert judge_requirement(mine, BY_ID["conv2d.values"], QUICK).status == FAILS


class TakesEps:
    def __init__(
        self, gamma: Any, beta: Any, momentum: Any, running_mean: Any, running_var: Any, eps: float = 1.0
    ) -> None:
        self.others = gamma, beta, momentum
        self.running_mean, self.running_var, self.eps = running_mean, running_var, eps

    def forward(self, x: Any, train_flg: bool) -> Any:
        return x * train_flg + self.eps


def test_an_eps_that_the_constructor_takes_is_passed() -> None:
    mine = from_namespace("mine", SimpleNamespace(BatchNormalization=TakesEps))
    y, _, _ = mine.call("batch_norm", (X, V, V, V, V), {"training": False, "eps": 0.25})
    assert set(y.flat) == {0.25}
    assert not mine.provides("batch_norm_backward")


class GradientVelocity:
    """The velocity without the learning rate in it, as the contract has it."""

    def __init__(self, lr: float, momentum: float) -> None:
        self.lr, self.momentum, self.v = lr, momentum, dict[str, Any]()

    def update(self, params: Any, grads: Any) -> None:
        for key in params:
            self.v[key] = self.momentum * self.v[key] + grads[key]
            params[key] -= self.lr * self.v[key]


def test_a_velocity_in_units_of_the_gradient_is_known_by_its_first_step() -> None:
    mine = from_namespace("mine", SimpleNamespace(Momentum=GradientVelocity))
    param, velocity = mine.call("momentum_update", (V, V, 2 * V), {"lr": 0.5, "momentum": 0.5})
    assert velocity.tolist() == [2, 2]
    assert param.tolist() == [0, 0]
    # The other form gives the same of the same.
    assert [each.tolist() for each in asked("momentum_update", V, V, 2 * V, lr=0.5, momentum=0.5)] == [[0, 0], [2, 2]]


class ForgetfulAdam:
    def __init__(self, lr: float, beta1: float, beta2: float, eps: float = 1.0) -> None:
        self.how = lr, beta1, beta2, eps
        self.m = self.v = None

    def update(self, params: Any, grads: Any) -> None: ...


def test_state_under_other_names_is_not_supported() -> None:
    mine = from_namespace("mine", SimpleNamespace(Adam=ForgetfulAdam))
    with pytest.raises(NotSupportedError, match="ForgetfulAdam does not remember its iter by that name"):
        mine.call("adam_update", (V, V, V, V), {"step": 1, "lr": 0.1})


def test_the_global_generator_goes_on_as_if_nothing_had_been_drawn() -> None:
    np.random.seed(5)  # noqa: NPY002 - the generator that textbooks' layers draw from
    wanted = np.random.random(3).tolist()  # noqa: NPY002 - as above
    np.random.seed(5)  # noqa: NPY002 - as above
    asked("dropout", np.ones(50), p=0.5, training=True, seed=1)
    assert np.random.random(3).tolist() == wanted  # noqa: NPY002 - as above
