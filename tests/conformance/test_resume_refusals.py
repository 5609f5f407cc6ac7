"""``refcnn train --resume`` on what is not the run that it was: one line, and exit status 2."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.training_run import CHECKPOINT, Order, whole_name
from refcnn.training import checkpoint
from refcnn.training.run import Configuration
from refcnn.training.trainer import State


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take longer than these runs."""
    monkeypatch.setitem(sys.modules, "refcnn.pictures", None)


def train(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process; return its status, its output and its errors."""
    result = CliRunner().invoke(app, ["train", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def run(tmp_path: Path, digits_folder: Path) -> Path:
    """A run of one epoch."""
    folder = tmp_path / "run"
    digits = ("--data", "mnist", "--folder", str(digits_folder), "--epochs", "1", "--optimiser", "momentum")
    assert train(*digits, "--out", str(folder))[0] == 0
    return folder


def refused(*arguments: str) -> str:
    """Return the one line of a refusal."""
    status, out, errors = train(*arguments)
    assert (status, out) == (2, "")
    assert errors.startswith("refcnn: ")
    assert errors.count("\n") == 1
    return errors.removeprefix("refcnn: ").rstrip()


def test_what_decides_a_new_run_is_refused_beside_resume(run: Path) -> None:
    message = "--resume goes on as the run began, so beside it there may be no "
    assert refused("--resume", str(run), "--lr", "0.1") == f"{message}--lr"
    assert refused("--resume", str(run), "--seed", "0", "--no-augment", "--batch-size", "5") == (
        f"{message}--seed, --augment, --batch-size"
    )
    assert refused("--resume", str(run), "--out", str(run)) == f"{message}--out"


def test_fewer_epochs_than_were_seen_are_refused(run: Path) -> None:
    assert train("--resume", str(run), "--epochs", "2")[0] == 0
    assert refused("--resume", str(run), "--epochs", "1").endswith(
        "resume: --epochs must be at least 2, which the run has seen, got 1"
    )


def test_a_file_does_not_choose_what_is_imported(run: Path) -> None:
    executed = run / "executed"
    target = run / "mine.py"
    target.write_text(f"open({str(executed)!r}, 'w').close()\ndef relu(x): return x\n", encoding="utf-8")
    state, configuration = checkpoint.load(run / CHECKPOINT)
    checkpoint.save(run / CHECKPOINT, state, configuration | {"ops": str(target)})
    assert refused("--resume", str(run)).endswith(
        f"resume: --ops must be {target}, which the run was trained on, got refcnn"
    )
    assert not executed.exists()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    assert refused("--resume", str(tmp_path)) == (
        f"checkpoint: path must be a file that a run wrote, got {tmp_path / CHECKPOINT}, which does not exist"
    )


def test_a_damaged_checkpoint_is_refused_in_one_line(run: Path) -> None:
    path = run / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-100])
    assert refused("--resume", str(run)) == (
        f"checkpoint: path must be a whole checkpoint of refcnn, got {path}: File is not a zip file"
    )


def other(**changes: Any) -> dict[str, Any]:
    """Return a configuration with values that are not those of a run."""
    training = {**asdict(Configuration(optimiser="momentum", epochs=1)), **changes.pop("training", {})}
    return {**asdict(Order(Configuration())), "training": training, **changes}


TAMPERED: list[tuple[dict[str, Any], str]] = [
    (other(training={"model": "vgg"}), "build: name must be one of simple, "),
    (other(training={"model": "lenet5"}), "LeNet5: parameters must be parameters of the names"),
    (other(training={"optimiser": "adam"}), "Optimiser: state must be adam after 2 steps"),
    (other(training={"batch_size": 0}), "Configuration: batch_size must be at least 1, got 0"),
    (other(training={"batch_size": 50}), "Trainer: step must be 3, 1 epochs of 3 batches, got 2"),
    (other(training={"more": 1}), "Configuration: names must be"),
    (other(training={"lr": None}), "Configuration: lr must be a real number, got None"),
    (other() | {"training": []}, "Configuration: values must be a dict, got []"),
    (other(more=1), "Order: names must be"),
    ({}, "Order: names must be"),
    (other(ops=5), "Order: ops must be a text, got 5"),
    (other(data=None), "Order: data must be a text, got None"),
    (other(folder=["x"]), "Order: folder must be a text, got ['x']"),
    (other(target="high"), "Order: target must be a number, got 'high'"),
    (other(target=float("nan")), "Order: target must be from 0 to 1, got nan"),
    (other(evaluate_on="all"), "Trainer: evaluate_on must be an int, got 'all'"),
    (other(data="letters"), "refcnn.mnist: source must be 'digits' or 'mnist', got 'letters'"),
]


@pytest.mark.parametrize(("configuration", "reason"), TAMPERED, ids=[reason for _, reason in TAMPERED])
def test_a_configuration_of_no_such_run_is_refused(
    run: Path, digits_folder: Path, configuration: dict[str, Any], reason: str
) -> None:
    path = run / CHECKPOINT
    if configuration.get("data") == "digits":
        configuration = configuration | {"data": "mnist", "folder": configuration["folder"] or str(digits_folder)}
    checkpoint.save(path, checkpoint.load(path)[0], configuration)
    assert f"checkpoint: {path} cannot be gone on with: {reason}" in refused("--resume", str(run))


def spoilt_states(state: State) -> dict[str, State]:
    weight = "affine2.weight"
    array = state.parameters[weight]
    without = {name: value for name, value in state.parameters.items() if name != weight}
    return {
        "names ": state._replace(parameters=without),
        f"SimpleConvNet: {weight} must be of shape": state._replace(parameters=state.parameters | {weight: array.T}),
        "statistics must be": state._replace(statistics={"norm.running_mean": np.zeros(3)}),
        f"Optimiser: {weight}.velocity must be of shape": state._replace(
            optimiser=state.optimiser | {f"{weight}.velocity": array[:-1]}
        ),
        "Optimiser: state must be momentum": state._replace(optimiser={"velocity": array}),
        "generator must be a state of PCG64": state._replace(generator={"bit_generator": "MT19937"}),
        "Trainer: step must be 2": state._replace(step=-3),
        "Trainer: step must be 0": state._replace(history=()),
    }


@pytest.mark.no_cover
def test_a_state_of_another_network_is_refused(run: Path) -> None:
    path = run / CHECKPOINT
    good, configuration = checkpoint.load(path)
    for reason, state in spoilt_states(good).items():
        checkpoint.save(path, state, configuration)
        line = refused("--resume", str(run))
        assert line.startswith(f"checkpoint: {path} cannot be gone on with: ")
        assert reason in line


def test_digits_that_are_gone_are_missed_in_one_line(run: Path, tmp_path: Path) -> None:
    path = run / CHECKPOINT
    state, configuration = checkpoint.load(path)
    checkpoint.save(path, state, configuration | {"folder": str(tmp_path / "gone")})
    assert refused("--resume", str(run)).startswith("refcnn.mnist: folder must be a folder that holds ")


def test_the_end_of_a_falling_rate_cannot_be_moved(tmp_path: Path, digits_folder: Path) -> None:
    folder = tmp_path / "cosine"
    given = ("--data", "mnist", "--folder", str(digits_folder), "--epochs", "1", "--schedule", "cosine")
    assert train(*given, "--out", str(folder))[0] == 0
    assert "--epochs must be left out, for the schedule is cosine, got 3" in refused(
        "--resume", str(folder), "--epochs", "3"
    )


@pytest.mark.parametrize("target", ["refcnn", "conformance.adapters.torch", "package.module:name"])
def test_a_module_is_its_own_whole_name(target: str) -> None:
    assert whole_name(target) == target


def test_a_file_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert whole_name("./mine.py") == whole_name("mine.py") == str(tmp_path.resolve() / "mine.py")
    assert whole_name("mine.py:ops") == f"{tmp_path.resolve() / 'mine.py'}:ops"
