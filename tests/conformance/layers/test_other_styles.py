"""Layers that people write otherwise than textbooks do: what is right conforms, and what is not judged is said."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.contract import OPERATORS
from conformance.implementation import Implementation, NotSupportedError, from_namespace, load
from conformance.judge import judge_requirement
from conformance.outcome import CONFORMS, FAILS
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

FOLDER = Path(__file__).parents[2] / "implementations" / "layers"
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
QUICK = Plan("quick")


def judged(implementation: Implementation, *ids: str) -> list[str]:
    return [judge_requirement(implementation, BY_ID[id_], QUICK).status for id_ in ids]


def test_parameters_and_gradients_in_lists_are_taken_from_there() -> None:
    lists = load(str(FOLDER / "right_in_lists.py"))
    updates = ("sgd_update", "momentum_update", "adam_update")
    assert [name for name in OPERATORS if lists.provides(name)] == ["linear", *updates]
    assert set(judged(lists, "linear_backward.values", *(f"{each}.values" for each in updates))) == {CONFORMS}
    assert set(judged(lists, *(f"{each}.several_steps" for each in updates))) == {CONFORMS}


def test_gradients_that_are_left_nowhere_are_not_supported_and_a_forgotten_one_fails() -> None:
    class Affine:
        def __init__(self, W: Any, b: Any) -> None:
            self.W, self.b = W, b

        def forward(self, x: Any) -> Any:
            return x @ self.W + self.b

        def backward(self, dout: Any) -> Any:
            return dout @ self.W.T

    class Forgetful(Affine):
        def backward(self, dout: Any) -> Any:
            self.dW = np.zeros_like(self.W)
            return super().backward(dout)

    arrays = (np.ones((1, 1)),) * 3
    with pytest.raises(NotSupportedError, match="Affine leaves its gradients neither in dW and db nor in a list grads"):
        from_namespace("mine", SimpleNamespace(Affine=Affine)).call("linear_backward", arrays, {})
    assert judged(from_namespace("mine", SimpleNamespace(Affine=Forgetful)), "linear_backward.values") == [FAILS]


class Normalization:
    """Takes the documented arguments in another order."""

    def __init__(
        self,
        gamma: Any,
        beta: Any,
        eps: float = 1e-5,
        momentum: float = 0.9,
        running_mean: Any = 0,
        running_var: Any = 1,
    ) -> None:
        self.gamma, self.beta, self.eps, self.momentum = gamma, beta, eps, momentum
        self.running_mean, self.running_var = running_mean, running_var

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        old = self.running_mean, self.running_var
        y, self.running_mean, variance = refcnn.batch_norm(
            x, self.gamma, self.beta, *old, training=train_flg, momentum=1 - self.momentum, eps=self.eps
        )
        n = x.size // x.shape[1]
        # The reference corrects the batch's part by n / (n - 1), which such layers do not.
        part = (variance - self.momentum * old[1]) * ((n - 1) / n if n > 1 else 1)
        self.running_var = self.momentum * old[1] + part if train_flg else old[1]
        return y


def test_arguments_in_another_order_go_by_their_names() -> None:
    mine = from_namespace("mine", SimpleNamespace(BatchNormalization=Normalization))
    assert judged(mine, "batch_norm.values", "batch_norm.running_mean") == [CONFORMS, CONFORMS]


class Dropout:
    def __init__(self, dropout_ratio: float = 0.5, rng: Any = None) -> None:
        self.ratio, self.rng = dropout_ratio, rng or np.random.default_rng()

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        self.mask = (self.rng.random(x.shape) >= self.ratio) / (1 - self.ratio) if train_flg else 1.0
        return x * self.mask

    def backward(self, dout: Any) -> Any:
        return dout * self.mask


class OwnDropout(Dropout):
    def __init__(self, dropout_ratio: float = 0.5) -> None:
        super().__init__(dropout_ratio)


def test_a_generator_is_passed_where_one_is_taken() -> None:
    mine = from_namespace("mine", SimpleNamespace(Dropout=Dropout))
    assert judged(mine, "dropout.same_mask", "dropout.gradient") == [CONFORMS, CONFORMS]


def test_a_generator_that_cannot_be_seeded_is_said_to_be_one() -> None:
    mine = from_namespace("mine", SimpleNamespace(Dropout=OwnDropout))
    x, how = np.ones(4), {"p": 0.5, "training": True, "seed": 0}
    for function, arrays in (("dropout", (x,)), ("dropout_backward", (x, x))):
        with pytest.raises(NotSupportedError, match="draws from a generator of its own"):
            mine.call(function, arrays, how)
    assert mine.call("dropout", (x,), how | {"training": False})[0].tolist() == [1, 1, 1, 1]


class Pooling:
    """Goes on by its whole window."""

    def __init__(self, pool_h: int, pool_w: int) -> None:
        self.size = pool_h, pool_w

    def forward(self, x: Any) -> Any:
        return refcnn.max_pool2d(x, self.size)


class Spoilt(Pooling):
    def forward(self, x: Any) -> Any:
        return super().forward(x) + 1


def test_a_pool_without_a_stride_is_judged_where_it_goes_on_by_its_window() -> None:
    pools = [
        from_namespace("mine", SimpleNamespace(Pooling=each)) for each in (Pooling, type("Pooling", (Spoilt,), {}))
    ]
    assert [judged(each, "max_pool2d.values") for each in pools] == [[CONFORMS], [FAILS]]


class OfSizes:
    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        self.W = np.zeros((out_channels, in_channels, kernel_size, kernel_size))

    def forward(self, x: Any) -> Any: ...


class Relu:
    def forward(self, x: Any) -> Any:
        return np.maximum(x, 0)


class WithBetas:
    def __init__(self, lr: float = 1e-3, betas: Any = (0.9, 0.999), eps: float = 1e-8) -> None: ...

    def update(self, params: Any, grads: Any) -> None: ...


def test_what_is_made_of_sizes_or_of_pairs_is_not_judged() -> None:
    mine = from_namespace("mine", SimpleNamespace(Convolution=OfSizes, Relu=Relu, Adam=WithBetas))
    assert mine.recognised == (
        "textbook layers (Relu); not judged: Convolution, Adam, made of other arguments than such layers are"
    )


def test_helpers_beside_layers_hide_no_layer() -> None:
    def im2col(x: Any, kh: int, kw: int, stride: int = 1, pad: int = 0) -> Any:
        return refcnn.im2col(x, (kh, kw), stride=stride, padding=pad)

    def cross_entropy(y: Any, t: Any) -> Any: ...

    mine = from_namespace("mine", SimpleNamespace(im2col=im2col, cross_entropy=cross_entropy, Relu=Relu))
    assert mine.recognised == "textbook layers (Relu, im2col); not judged: the functions cross_entropy beside them"
    assert judged(mine, "im2col.values") == [CONFORMS]
