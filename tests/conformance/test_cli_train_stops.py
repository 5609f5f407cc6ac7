"""The command ``refcnn train`` when it cannot begin, or has to stop: its exit status, and one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.training_run import CHECKPOINT, Run
from refcnn.training import checkpoint
from refcnn.training.trainer import Trainer


def plain(text: str) -> str:
    """Take out what a terminal takes for commands."""
    return re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", text)


def invoke(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run the command in this process; return its status, its output and its errors."""
    result = CliRunner().invoke(app, ["train", *arguments], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, plain(result.stdout), plain(result.stderr)


def one_line(errors: str) -> str:
    assert errors.startswith("refcnn: ")
    assert errors.count("\n") == 1
    assert "Traceback" not in errors
    return errors.removeprefix("refcnn: ").rstrip()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model", "vgg"], "recipe: model must be one of simple, lenet5, .*, got 'vgg'"),
        (["--model", "alexnet"], "recipe: model must be one of .*, got 'alexnet'"),
        (["--data", "letters"], "refcnn.mnist: source must be 'digits' or 'mnist', got 'letters'"),
        (["--data", "digits"], "refcnn.mnist: folder must be None for the source 'digits', got .*"),
        (["--folder", "nowhere"], "refcnn.mnist: folder must be a folder that holds .*"),
        (["--optimiser", "adagrad"], "Optimiser: name must be one of sgd, momentum, adam, got 'adagrad'"),
        (["--schedule", "linear"], "schedule: name must be one of constant, step, cosine, got 'linear'"),
        (["--lr", "-1"], "schedule: lr must be finite and at least 0, got -1.0"),
        (["--lr", "nan"], "schedule: lr must be finite and at least 0, got nan"),
        (["--weight-decay", "inf"], "Optimiser: weight_decay must be finite and at least 0, got inf"),
        (["--weight-decay", "-0.5"], "Optimiser: weight_decay must be finite and at least 0, got -0.5"),
        (["--target", "nan"], "Order: target must be from 0 to 1, got nan"),
        (["--target", "95"], "Order: target must be from 0 to 1, got 95.0"),
        (["--warmup", "2"], "schedule: warmup_steps must be below steps = 4, got 4"),
        (["--model", "deep", "--batch-size", "149"], "prepare: batch_size must be one that leaves no batch of 1 .*"),
        (["--ops", "nowhere.py"], "target '.*nowhere.py' cannot be imported: FileNotFoundError: no file .*nowhere.py"),
        (["--ops", "no_such_module"], "target 'no_such_module' cannot be imported: ModuleNotFoundError: .*"),
        (["--ops", "json"], "target 'json' provides no function of the contract, such as conv2d, and no known layers"),
        (["--out", __file__], "--out must be a folder, got .*, which is a file"),
        (["--out", f"{__file__}/run"], ".*Not a directory.*"),
    ],
    ids=str,
)
def test_what_cannot_begin_is_said_in_one_line(digits: tuple[str, ...], arguments: list[str], reason: str) -> None:
    status, out, errors = invoke(*digits, *arguments)
    assert (status, out) == (2, "")
    assert re.fullmatch(reason, one_line(errors))


@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--batch-size", "x"], ["--seed", "-1"], ["--speed", "9"]])
def test_what_is_no_option_is_refused_by_the_command_line(arguments: list[str]) -> None:
    status, out, errors = invoke(*arguments)
    assert (status, out) == (2, "")
    assert arguments[0] in errors


def failing(error: BaseException) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def test_a_folder_that_cannot_be_written_to_is_said_before_the_first_epoch(
    tmp_path: Path, digits: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "savez", failing(PermissionError(13, "Permission denied")))
    status, out, errors = invoke(*digits, "--out", str(tmp_path / "run"))
    assert (status, out, one_line(errors)) == (2, "", "[Errno 13] Permission denied")


def test_an_interrupt_before_the_first_epoch_is_said(digits: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "__init__", failing(KeyboardInterrupt()))
    status, _, errors = invoke(*digits)
    assert (status, one_line(errors)) == (130, "interrupted before the first epoch")


def test_a_run_that_diverges_says_where_and_keeps_the_last_good_epoch(tmp_path: Path, digits: tuple[str, ...]) -> None:
    folder = tmp_path / "run"
    status, out, errors = invoke(*digits, "--lr", "1e30", "--out", str(folder))
    assert (status, out) == (1, "")
    where = r"Trainer: loss must be finite, got (nan|inf) in epoch 1, batch 2 of 2; lr was 1e\+30"
    assert re.fullmatch(rf"{where}; the last good epoch is kept in {folder}", one_line(errors))
    state, _ = checkpoint.load(folder / CHECKPOINT)
    assert (state.history, state.step) == ((), 0)
    assert all(np.isfinite(array).all() for array in state.parameters.values())
    status, _, errors = invoke(*digits, "--lr", "1e30")
    assert status == 1
    assert re.fullmatch(where, one_line(errors))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (MemoryError("Unable to allocate 9 TiB"), "Unable to allocate 9 TiB"),
    ],
    ids=repr,
)
def test_a_run_that_is_stopped_says_how_it_goes_on(
    tmp_path: Path, digits: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, error: BaseException, said: str
) -> None:
    monkeypatch.setattr(Trainer, "_epoch", failing(error))
    want = 130 if isinstance(error, KeyboardInterrupt) else 1
    status, _, errors = invoke(*digits, "--out", str(tmp_path / "run"))
    assert (status, one_line(errors)) == (want, f"{said}; go on with: refcnn train --resume {tmp_path / 'run'}")
    status, _, errors = invoke(*digits)
    assert (status, one_line(errors)) == (want, f"{said}; nothing is kept without --out")


def test_a_mistake_of_our_own_is_not_covered_up(digits: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trainer, "_epoch", failing(ValueError("ours")))
    result = CliRunner().invoke(app, ["train", *digits])
    assert isinstance(result.exception, ValueError)
