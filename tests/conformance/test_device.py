"""Where a target computes: named on the command line, checked, and handed on to the processes that judge."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.device import VARIABLE, load_on
from conformance.implementation import TargetError
from conformance.reports.failing import repeat_command

# Provides both updates on the device "odd" alone, and says so if it is asked on another.
CHOOSY = f"""
import os
DEVICES = ("cpu", "odd")
HERE = os.environ.get("{VARIABLE}", "cpu")

def _checked(param, grad):
    if HERE != "odd":
        raise RuntimeError("computed on " + HERE)
    if param.shape != grad.shape or param.dtype.kind != "f":
        raise ValueError("no")

def sgd_update(param, grad, *, lr):
    _checked(param, grad)
    return param - lr * grad

def momentum_update(param, grad, velocity, *, lr, momentum):
    _checked(param, grad)
    _checked(param, velocity)
    velocity = momentum * velocity + grad
    return param - lr * velocity, velocity
"""


@pytest.fixture
def choosy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, "cpu")  # so that what a test sets is gone after it
    path = tmp_path / "choosy.py"
    path.write_text(CHOOSY, encoding="utf-8")
    return str(path)


def verify(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["verify", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_named_device_is_there_before_the_target_is_imported(choosy: str) -> None:
    implementation = load_on(choosy, "odd")
    (param,) = implementation.call("sgd_update", [np.array([3.0]), np.array([2.0])], {"lr": 0.5})
    np.testing.assert_array_equal(param, [2.0])


def test_without_a_device_the_environment_stays_as_it_is(choosy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    load_on(choosy, None)
    assert VARIABLE not in os.environ


def test_a_device_that_is_not_there_is_refused_in_one_line(choosy: str) -> None:
    with pytest.raises(TargetError, match=r"^--device must be one of cpu, odd for target '.*', got 'cuda'$"):
        load_on(choosy, "cuda")


def test_a_target_that_cannot_choose_refuses_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cpu")
    assert verify("refcnn", "--device", "cpu") == (
        2,
        "",
        "refcnn: --device: target 'refcnn' cannot choose a device, got 'cpu'\n",
    )


def test_a_program_that_cannot_choose_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cpu")
    (tmp_path / "p.py").write_text(
        "import json\nprint(json.dumps({'id': json.loads(input())['id'], 'operators': ['relu']}), flush=True)\n"
        "input()\n",
        encoding="utf-8",
    )
    program = shlex.join([sys.executable, "-I", "-S", str(tmp_path / "p.py")])
    status, out, errors = verify("--exec", program, "--device", "cuda")
    assert (status, out) == (2, "")
    assert errors == f"refcnn: --device: target {program!r} cannot choose a device, got 'cuda'\n"


@pytest.mark.no_cover
def test_the_processes_that_judge_compute_on_the_device(choosy: str) -> None:
    arguments = (choosy, "--op", "sgd_update", "--op", "momentum_update", "--profile", "quick", "-n", "2")
    status, out, _ = verify(*arguments, "--device", "odd")
    assert (status, "conforms" in out) == (0, True)


def test_the_same_target_is_wrong_on_the_other_device(choosy: str) -> None:
    status, out, _ = verify(choosy, "--op", "sgd_update", "--profile", "quick", "--fail-fast", "--device", "cpu")
    assert status == 1
    assert "computed on cpu" in out


def test_an_absent_gpu_is_refused_for_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="the adapter stands on PyTorch, which is an optional dependency")
    monkeypatch.setenv(VARIABLE, "cpu")
    status, out, error = verify("conformance.adapters.torch", "--device", "cuda:99")
    assert (status, out) == (2, "")
    assert error.startswith("refcnn: --device must be one of cpu")
    assert error.count("\n") == 1


def test_pytorch_on_the_cpu_conforms(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="the adapter stands on PyTorch, which is an optional dependency")
    monkeypatch.setenv(VARIABLE, "cpu")
    status, out, _ = verify("conformance.adapters.torch", "--device", "cpu", "--op", "sgd_update", "--profile", "quick")
    assert (status, "conforms" in out) == (0, True)


def test_the_command_that_repeats_a_case_names_the_device(choosy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Path(choosy).read_text(encoding="utf-8").replace("param - lr * grad", "param + lr * grad")
    Path(choosy).write_text(text, encoding="utf-8")
    _, out, _ = verify(choosy, "--op", "sgd_update", "--profile", "quick", "--device", "odd", "--jobs", "1")
    assert f"repeat:   refcnn verify {choosy} --device odd --check sgd_update.values --replay " in out
    monkeypatch.delenv(VARIABLE)
    assert "--device" not in repeat_command(["mine.py"], "relu.values", "{}")
