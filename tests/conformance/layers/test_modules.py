"""PyTorch modules: torch.nn's own conform as far as they can be asked, and a mistake in one's own is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conformance.comparison import InconclusiveError
from conformance.diagnosis import diagnose
from conformance.implementation import CallError, Implementation, NotSupportedError, TargetError, from_namespace, load
from conformance.judge import judge_requirement
from conformance.layers.modules import modules
from conformance.outcome import FAILS
from conformance.plan import Plan, spaced
from conformance.requirements import REQUIREMENTS

torch = pytest.importorskip("torch", reason="PyTorch is an optional dependency")

FOLDER = Path(__file__).parents[2] / "implementations" / "layers"
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
QUICK = Plan("quick")
NAMES = (
    *("Conv1d", "Conv2d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "Linear", "ReLU", "Sigmoid", "Tanh", "Softmax"),
    *("CrossEntropyLoss", "BatchNorm2d", "LocalResponseNorm", "Dropout"),
)
OPERATORS = (
    *(
        "conv1d",
        "conv2d",
        "conv_transpose2d",
        "max_pool2d",
        "avg_pool2d",
        "linear",
        "relu",
        "sigmoid",
        "tanh",
        "softmax",
    ),
    *("cross_entropy", "batch_norm", "local_response_norm", "dropout"),
)
KINDS = ("values", "purity", "routing", "form")


@pytest.fixture(scope="module")
def pytorch() -> Implementation:
    return load("torch.nn")


def test_torch_nn_itself_is_recognised(pytorch: Implementation) -> None:
    assert pytorch.recognised == f"PyTorch modules ({', '.join(NAMES)})"
    assert [name for name in OPERATORS if not pytorch.provides(f"{name}_backward")] == []
    assert not pytorch.provides("global_avg_pool2d")


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_modules_of_pytorch_conform(pytorch: Implementation, operator: str) -> None:
    ran = 0
    for requirement in REQUIREMENTS:
        if requirement.operator == operator and requirement.kind in KINDS:
            for case in spaced(tuple(requirement.cases(QUICK)), 4):
                try:
                    violation = requirement.judge(pytorch, case).violation
                except (InconclusiveError, NotSupportedError):
                    continue
                ran += 1
                assert violation is None, (requirement.id, case, violation)
    assert ran >= 15


def test_ones_own_modules_are_found_by_base_name_and_ending() -> None:
    mine = load(str(FOLDER / "torch_right.py"))
    assert mine.recognised == "PyTorch modules (MyConv2d, TinyMaxPool2d, Linear)"
    x, weight = np.ones((1, 2)), np.array([[2.0, 3.0]])
    assert mine.call("linear", (x, weight, np.ones(1)), {})[0].tolist() == [[6]]
    assert [grad.tolist() for grad in mine.call("linear_backward", (np.ones((1, 1)), x, weight), {})] == [
        [[2, 3]],
        [[1, 1]],
        [1],
    ]


def test_a_class_may_be_the_target_itself() -> None:
    assert load(f"{FOLDER / 'torch_right.py'}:MyConv2d").recognised == "PyTorch modules (MyConv2d)"
    assert load("torch.nn:Conv2d").recognised == "PyTorch modules (Conv2d)"


@pytest.mark.parametrize("name", ["LeakyReLU", "LogSoftmax", "AdaptiveAvgPool2d", "Module"])
def test_another_class_of_pytorch_is_not_taken_for_one_that_it_ends_like(name: str) -> None:
    with pytest.raises(TargetError, match="no known layers"):
        load(f"torch.nn:{name}")


def test_what_ends_like_another_class_of_pytorch_is_taken_for_none() -> None:
    leaky = type("MyLeakyReLU", (torch.nn.Module,), {})
    with pytest.raises(TargetError, match="no known layers"):
        from_namespace("mine", SimpleNamespace(leaky=leaky, borrowed=torch.nn.Conv2d))


def test_of_several_classes_one_has_to_be_named() -> None:
    with pytest.raises(TargetError, match="has 2 classes like ReLU, MyReLU, OtherReLU: add : and the name of one"):
        load(str(FOLDER / "torch_wrong.py"))


@pytest.mark.no_cover
def test_a_mistake_in_a_subclass_is_found_and_named() -> None:
    mine = load(f"{FOLDER / 'torch_wrong.py'}:MyConv2d")
    result = judge_requirement(mine, BY_ID["conv2d.values"], QUICK)
    assert result.status == FAILS
    said = diagnose(mine, {BY_ID["conv2d.values"]: result.wrong}, QUICK)["conv2d.values"]
    assert said.startswith("the vertical stride is taken for both axes; equal on")


def test_what_a_module_writes_into_its_input_is_seen() -> None:
    mine = load(f"{FOLDER / 'torch_wrong.py'}:MyReLU")
    result = judge_requirement(mine, BY_ID["relu.inputs_unchanged"], QUICK)
    assert result.status == FAILS
    assert "x was changed by the call" in result.failures[0].violation.message


X = np.arange(16.0).reshape(1, 1, 4, 4)
W = np.ones((1, 1, 2, 2))


class Wrapped(torch.nn.Module):  # type: ignore[name-defined,misc]  # PyTorch may be missing, so it has no type here
    """Keeps its parameters a level below, or has none of the right shape."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        if kernel_size == 1:
            self.weight = torch.nn.Parameter(torch.zeros(2, 3))
        elif kernel_size == 2:
            self.weight = torch.nn.Parameter(torch.zeros(1, 1, 2, 2))
        else:
            self.inner = torch.nn.Conv2d(in_channels, out_channels, kernel_size)


Wrapped.__name__ = "WrappedConv2d"


@pytest.mark.parametrize(
    ("target", "function", "arrays", "attributes", "reason"),
    [
        ("Conv2d", "conv2d", (X, W), {"padding": ((0, 1), (0, 0))}, "one padding for the two ends of an axis"),
        ("MaxPool2d", "max_pool2d", (X, 2), {"padding": 1, "dilation": 3}, "a dilated window shows nothing"),
        (
            "Dropout",
            "dropout",
            (X.astype("f4"),),
            {"p": 0.5, "training": True, "seed": 1},
            "gives float32 another mask",
        ),
        (Wrapped, "conv2d", (X, np.ones((1, 1, 3, 3))), {}, "has no parameter weight, but inner.weight, inner.bias"),
        (Wrapped, "conv2d", (X, W), {"stride": 2}, "takes no stride"),
        (Wrapped, "conv2d_backward", (np.ones((1, 1, 3, 3)), X, W), {}, "has no bias, whose gradient is asked for"),
    ],
)
def test_what_a_module_cannot_express_is_not_supported(
    target: Any, function: str, arrays: Any, attributes: Any, reason: str
) -> None:
    mine = load(f"torch.nn:{target}") if isinstance(target, str) else from_namespace("mine", target)
    plain = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1} if function.endswith("_backward") else {}
    with pytest.raises(NotSupportedError) as raised:
        mine.call(function, arrays, plain | attributes)
    assert reason in str(raised.value)


def test_a_parameter_of_another_shape_is_a_failure_that_names_both_shapes() -> None:
    with pytest.raises(CallError) as raised:
        from_namespace("mine", Wrapped).call("conv2d", (X, np.ones((1, 1, 1, 1))), {})
    assert str(raised.value) == "raised ValueError: WrappedConv2d: weight must have the shape (1, 1, 1, 1), got (2, 3)"


@pytest.mark.no_cover
def test_a_convolution_that_is_deaf_to_groups_and_takes_kernels_for_square_is_found() -> None:
    mine = load(f"{FOLDER / 'torch_misshapen.py'}:SquareConv2d")
    for id_ in ("conv2d.values", "conv2d.groups"):
        result = judge_requirement(mine, BY_ID[id_], QUICK)
        assert result.status == FAILS
        assert "raised ValueError: SquareConv2d: weight must have the shape " in result.failures[0].violation.message


def test_a_module_that_turns_float32_into_float64_is_found() -> None:
    mine = load(f"{FOLDER / 'torch_misshapen.py'}:DoubleTanh")
    result = judge_requirement(mine, BY_ID["tanh.dtype"], QUICK)
    assert (result.status, result.not_supported) == (FAILS, 0)
    assert "float64" in result.failures[0].violation.message


def test_dropout_draws_from_a_generator_that_goes_on_as_before(pytorch: Implementation) -> None:
    torch.manual_seed(1)
    wanted = torch.rand(3).tolist()
    torch.manual_seed(1)
    pytorch.call("dropout", (np.ones(50),), {"p": 0.5, "training": True, "seed": 9})
    assert torch.rand(3).tolist() == wanted


def test_without_pytorch_nothing_is_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    assert modules(torch.nn) is None


def test_pytorch_is_not_imported_for_a_target_that_does_without() -> None:
    program = (
        "import sys; from conformance.implementation import load; load(sys.argv[1]); print('torch' in sys.modules)"
    )
    arguments = [sys.executable, "-c", program, str(FOLDER / "right_layers.py")]
    assert subprocess.run(arguments, capture_output=True, text=True, check=True).stdout == "False\n"
