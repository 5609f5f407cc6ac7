"""The end-to-end check lets right implementations pass, and finds gradients that are a little wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import conformance
import refcnn
from conformance import test_training, training
from conformance.implementation import CallError, Implementation, from_namespace, load
from conformance.training import (
    ALLOWED,
    OPTIMISERS,
    NothingToTrainOnError,
    Reach,
    departure,
    part_of_the_way,
    reference_reach,
    seconds_of_training,
)
from refcnn.mnist import MNIST
from refcnn.training.run import Configuration, prepare

RIGHT = Path(__file__).parents[1] / "implementations" / "right"
Function = Callable[..., Any]


def with_other(**functions: Function) -> Implementation:
    """Return the reference with some of its functions replaced."""
    namespace = {name: getattr(refcnn, name) for name in refcnn.__all__}
    return from_namespace("other", SimpleNamespace(**{**namespace, **functions}))


def changed(name: str, result: int, change: Callable[[Any], Any]) -> Implementation:
    """Return the reference with one result of one function changed."""
    right = getattr(refcnn, name)

    def wrong(*arguments: Any, **attributes: Any) -> Any:
        results = right(*arguments, **attributes)
        if not isinstance(results, tuple):
            return change(results)
        return tuple(change(each) if i == result else each for i, each in enumerate(results))

    return with_other(**{name: wrong})


@pytest.mark.no_cover
@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("name", ["plain_loops", "einsum", "channels_last", "fft"])
def test_right_implementations_take_the_same_steps(name: str, optimiser: str) -> None:
    assert departure(load(str(RIGHT / f"{name}.py")), optimiser) is None


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("function", "result", "parameter"),
    [
        ("conv2d_backward", 1, "conv1.weight"),
        ("conv2d_backward", 2, "conv1.bias"),
        ("linear_backward", 1, "affine1.weight"),
        ("linear_backward", 2, "affine1.bias"),
    ],
)
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_gradient_that_is_wrong_by_a_thousandth_is_named(
    function: str, result: int, parameter: str, optimiser: str
) -> None:
    parted = departure(changed(function, result, lambda gradient: gradient * 1.001), optimiser)
    assert parted is not None
    assert parted.step == 1
    assert parted.worst > 1e6 * parted.allowed
    assert parted.parameter in (parameter, parameter.replace("1", "2"))
    assert str(parted).startswith(f"after step 1, {parted.parameter} is off by ")


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("function", "optimiser"),
    [
        ("conv2d", "sgd"),
        ("max_pool2d", "sgd"),
        ("max_pool2d_backward", "momentum"),
        ("relu", "adam"),
        ("relu_backward", "sgd"),
        ("linear", "sgd"),
        ("cross_entropy_backward", "momentum"),
        ("sgd_update", "sgd"),
        ("momentum_update", "momentum"),
        ("adam_update", "adam"),
    ],
)
def test_every_operator_of_the_network_is_noticed(function: str, optimiser: str) -> None:
    assert departure(changed(function, 0, lambda array: array * (1 + 1e-6)), optimiser) is not None


def float32_only(function: Function) -> Function:
    def limited(*arguments: Any, **attributes: Any) -> Any:
        if any(isinstance(array, np.ndarray) and array.dtype == np.float64 for array in arguments):
            raise NotImplementedError("float64")
        return function(*arguments, **attributes)

    return limited


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_an_implementation_of_float32_alone_is_compared_in_float32(optimiser: str) -> None:
    backward = refcnn.conv2d_backward

    def wrong(*arguments: Any, **attributes: Any) -> Any:
        grad_x, grad_weight, grad_bias = backward(*arguments, **attributes)
        return grad_x, grad_weight, np.float32(1.1) * grad_bias

    functions = {name: float32_only(getattr(refcnn, name)) for name in refcnn.__all__}
    assert departure(with_other(**functions), optimiser) is None
    parted = departure(with_other(**{**functions, "conv2d_backward": float32_only(wrong)}), optimiser)
    assert parted is not None
    assert (parted.parameter, parted.allowed) == ("conv1.bias", ALLOWED["float32"])


def test_nan_is_infinitely_far_off() -> None:
    assert part_of_the_way(np.array([np.nan]), np.ones(1), np.zeros(1)) == np.inf
    parted = departure(changed("relu", 0, lambda array: array * np.nan), "sgd")
    assert parted is not None
    assert parted.worst == np.inf


def test_only_the_operators_asked_for_are_the_implementations() -> None:
    wrong = changed("relu_backward", 0, lambda array: 2 * array)
    assert departure(wrong, "sgd", only=["conv2d", "linear"]) is None
    assert departure(wrong, "sgd", only=["relu"]) is not None


def test_an_implementation_of_nothing_that_is_called_is_not_passed() -> None:
    alone = from_namespace("alone", SimpleNamespace(softmax=refcnn.softmax, adam_update=refcnn.adam_update))
    with pytest.raises(NothingToTrainOnError, match=r"alone provides none of conv2d, conv2d_backward, .*sgd_update"):
        departure(alone, "sgd")
    assert departure(alone, "adam") is None


def test_the_reach_is_what_the_script_measured() -> None:
    measured = json.loads(Path(conformance.__file__).with_name("reference_accuracy.json").read_text(encoding="utf-8"))
    reach = reference_reach()
    assert reach.mean == round(float(np.mean(measured["accuracies"])), 4)
    assert reach.deviation == round(float(np.std(measured["accuracies"], ddof=1)), 4)
    assert len(measured["accuracies"]) >= 10
    assert all(reach.holds(accuracy) for accuracy in measured["accuracies"])


@pytest.mark.parametrize(
    ("accuracy", "holds"), [(0.97, True), (0.9749, True), (0.9751, False), (0.9651, True), (0.9649, False)]
)
def test_the_reach_is_three_deviations_to_both_sides(accuracy: float, holds: bool) -> None:
    reach = Reach(mean=0.97, deviation=0.005 / 3, least=0.95)
    assert reach.holds(accuracy) == holds
    assert "from 0.9650 to 0.9750" in str(reach)


def test_the_least_accuracy_counts_even_within_the_interval() -> None:
    assert not Reach(mean=0.95, deviation=0.01, least=0.95).holds(0.949)


@pytest.mark.no_cover
def test_a_slow_implementation_is_foretold_to_take_long() -> None:
    def slow_relu(x: Any) -> Any:
        time.sleep(0.05 * len(x))
        return refcnn.relu(x)

    assert seconds_of_training(with_other(relu=slow_relu)) > 20 * 4000 * 0.05
    assert 0 < seconds_of_training(load("refcnn")) < 600


def test_what_raises_in_training_says_so() -> None:
    with pytest.raises(CallError, match="other: relu raised ZeroDivisionError"):
        departure(with_other(relu=lambda x: x / (1 // 0)), "sgd")


def run(folder: Path, source: str, *arguments: str) -> tuple[int, str]:
    """Run the training tests of the suite on a file with this source; return the status and all that was said."""
    (folder / "mine.py").write_text(f"import refcnn\nfrom refcnn import *\n{source}", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--pyargs", "conformance", "-k", "training", "-p", "no:cacheprovider"]
    command += ["-rs", "--impl", "mine.py", *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.returncode, re.sub(r"\s+", " ", ran.stdout + ran.stderr)


def test_a_sabotaged_bias_that_still_trains_fails_the_suite(tmp_path: Path) -> None:
    source = "def conv2d_backward(*a, **k):\n    x, w, b = refcnn.conv2d_backward(*a, **k)\n    return x, w, b / 2\n"
    status, out = run(tmp_path, source, "--impl-profile", "quick")
    assert status == 1, out
    assert "does not train as the reference does: sgd: after step 1, conv1.bias is off by 0.5 of the way" in out
    assert "3 failed, 1 skipped" in out
    assert "the quick profile leaves out the training on digits" in out


class Config:
    """What the training test asks pytest's configuration."""

    def getoption(self, name: str) -> str:
        assert name == "--impl-profile"
        return "default"


def test_a_training_takes_all_epochs_and_is_tested_on_digits_that_it_has_not_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = np.random.default_rng(0).random((30, 1, 28, 28), np.float32)
    labels = np.arange(30) % 10
    few = MNIST(images[:20], labels[:20], images[20:], labels[20:])
    monkeypatch.setattr(training, "load", lambda **_: few)
    trainer = prepare(Configuration(seed=3), few)
    *_, last = trainer.epochs(20)
    assert training.trained_accuracy(load("refcnn")) == last.test_accuracy
    assert 0 < last.test_accuracy < 1


def test_a_network_that_learns_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_training, "trained_accuracy", lambda *_: reference_reach().mean)
    test_training.test_a_network_learns_to_read_digits(load("refcnn"), None, cast("pytest.Config", Config()))


def test_a_network_that_does_not_learn_fails_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_training, "trained_accuracy", lambda *_: 0.5)
    with pytest.raises(
        pytest.fail.Exception, match=r"refcnn reads 0\.5000 of the digits; required: at least 0\.95, and"
    ):
        test_training.test_a_network_learns_to_read_digits(load("refcnn"), None, cast("pytest.Config", Config()))


def test_what_would_take_too_long_is_said_to_be_untested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_training, "seconds_of_training", lambda *_: 3600.0)
    with pytest.raises(pytest.skip.Exception, match="not tested: it would take 60 minutes, more than 10"):
        test_training.test_a_network_learns_to_read_digits(load("refcnn"), None, cast("pytest.Config", Config()))


def test_what_cannot_be_trained_is_said_to_be_untested(tmp_path: Path) -> None:
    status, out = run(tmp_path, "", "--impl-op", "tanh", "-k", "learns or sgd and training")
    assert status == 0, out
    assert out.count("not tested: mine.py provides none of ") == 2


def test_what_raises_fails_the_suite_in_a_line(tmp_path: Path) -> None:
    status, out = run(tmp_path, "def relu(x):\n    raise OSError('no relu today')\n", "-k", "training")
    assert status == 1, out
    assert out.count("mine.py: relu raised OSError: no relu today") >= 4
    assert "Traceback" not in out


def test_what_is_not_supported_at_all_does_not_loosen_the_rest() -> None:
    def unsupported(*_: Any, **__: Any) -> Any:
        raise NotImplementedError

    backward = refcnn.conv2d_backward

    def wrong(*arguments: Any, **attributes: Any) -> Any:
        grad_x, grad_weight, grad_bias = backward(*arguments, **attributes)
        return grad_x, grad_weight, 1.0005 * grad_bias

    parted = departure(with_other(conv2d_backward=wrong, max_pool2d=unsupported), "sgd")
    assert parted is not None
    assert parted.allowed == ALLOWED["float64"]
