"""What is taken for layers, what for functions, and what layers are not asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.implementation import NotSupportedError, from_namespace
from conformance.layers import recognise


class Relu:
    def forward(self, x: Any) -> Any:
        return np.maximum(x, 0)


class Sigmoid:
    def forward(self, x: Any) -> Any:
        return 1 / (1 + np.exp(-x)).astype(np.float64)

    def backward(self, dout: Any) -> Any:
        return dout


def im2col(input_data: Any, filter_h: int, filter_w: int, stride: int = 1, pad: int = 0) -> Any:
    return (filter_h, filter_w, stride, pad, input_data)


def test_functions_of_the_contract_are_taken_as_such_and_nothing_is_filled_in_from_layers() -> None:
    mine = from_namespace("mine", SimpleNamespace(conv2d=refcnn.conv2d, Relu=Relu))
    assert mine.recognised == ""
    assert mine.provides("conv2d")
    assert not mine.provides("relu")


def test_layers_are_taken_where_there_are_no_functions_but_those_that_textbooks_have() -> None:
    target = SimpleNamespace(Relu=Relu, Sigmoid=Sigmoid, im2col=im2col, softmax=refcnn.softmax)
    mine = from_namespace("mine", target)
    assert mine.recognised == ("textbook layers (Relu, Sigmoid, im2col); not judged: the functions softmax beside them")
    assert [name for name in ("relu", "relu_backward", "sigmoid_backward", "softmax") if mine.provides(name)] == [
        "relu",
        "sigmoid_backward",
    ]


def test_an_im2col_of_the_contract_is_one() -> None:
    mine = from_namespace("mine", SimpleNamespace(im2col=refcnn.im2col, Relu=Relu))
    assert mine.recognised == ""
    assert not mine.provides("relu")


def test_a_class_may_be_the_target_itself() -> None:
    assert from_namespace("mine.py:Relu", Relu).recognised == "textbook layers (Relu)"


@pytest.mark.parametrize(
    "target",
    [
        SimpleNamespace(),
        SimpleNamespace(Relu=None),
        SimpleNamespace(Relu=Relu()),
        SimpleNamespace(Relu=type("Relu", (), {})),
        SimpleNamespace(Affine=Relu),
        SimpleNamespace(relu=refcnn.relu),
        SimpleNamespace(Other=Relu),
    ],
)
def test_what_only_looks_like_a_layer_is_none(target: object) -> None:
    assert recognise(target) is None


def test_the_running_variance_of_textbooks_is_biased_unless_they_say_otherwise() -> None:
    assert from_namespace("mine", SimpleNamespace(Relu=Relu)).conventions == {"batch_norm.running_var": "biased"}
    own = SimpleNamespace(Relu=Relu, CONVENTIONS={"batch_norm.running_var": "unbiased"})
    assert from_namespace("mine", own).conventions == {"batch_norm.running_var": "unbiased"}


def call(target: object, function: str, *arrays: Any) -> Any:
    return from_namespace("mine", target).call(function, arrays, {})


def test_bad_input_is_not_asked() -> None:
    with pytest.raises(NotSupportedError, match=r"not asked to refuse bad input .*x must be"):
        call(SimpleNamespace(Relu=Relu), "relu", np.arange(3))


def test_float32_that_comes_back_as_float64_is_not_supported() -> None:
    with pytest.raises(NotSupportedError, match="float32 comes back as float64"):
        call(SimpleNamespace(Sigmoid=Sigmoid), "sigmoid", np.ones(3, np.float32))
    assert call(SimpleNamespace(Sigmoid=Sigmoid), "sigmoid", np.zeros(1))[0].tolist() == [0.5]
    assert call(SimpleNamespace(Relu=Relu), "relu", np.ones(3, np.float32))[0].dtype == np.float32


@pytest.mark.parametrize("shape", [(), (0, 2)])
def test_textbooks_speak_of_batches_with_samples(shape: tuple[int, ...]) -> None:
    with pytest.raises(NotSupportedError, match="batches of one sample or more"):
        call(SimpleNamespace(Relu=Relu), "relu", np.ones(shape))


def test_another_type_error_is_passed_on_as_it_is() -> None:
    class Broken:
        def forward(self, x: Any) -> Any:
            raise TypeError(f"something else than {x.dtype}")

    Broken.__name__ = "Relu"
    with pytest.raises(TypeError, match=r"^something else than float64$"):
        recognise(Broken).namespace(Broken).relu(np.ones(2))  # type: ignore[union-attr]  # it is recognised
