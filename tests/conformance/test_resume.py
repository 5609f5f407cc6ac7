"""Runs that end before their time, by whatever hand, go on to the same bits as those that did not."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.training_run import CHECKPOINT
from refcnn.training import checkpoint

# The command, which at a stage of its second write, or in its sixth step, says so and sleeps, to be killed just there.
PROGRAM = """
import io, pathlib, signal, sys, time
import numpy as np

sys.modules["matplotlib"] = None  # pictures take longer than these runs
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background would not have
stage, writes, steps = sys.argv.pop(1), 0, 0
savez, replace = np.savez, pathlib.Path.replace

def stop():
    print("reached", flush=True)
    time.sleep(60)

def half_a_write(file, **arrays):
    global writes
    writes += 1
    if stage == "write" and writes == 2:
        whole = io.BytesIO()
        savez(whole, **arrays)
        file.write(whole.getvalue()[: len(whole.getvalue()) // 2])
        file.flush()
        stop()
    savez(file, **arrays)

def before_or_after(path, to):
    if stage == "before replace" and writes == 2:
        stop()
    replace(path, to)
    if stage == "after replace" and writes == 2:
        stop()

def counted(trainer, x, y):
    global steps
    steps += 1
    if stage == "step" and steps == 6:
        stop()
    return step(trainer, x, y)

np.savez, pathlib.Path.replace = half_a_write, before_or_after

from conformance.cli import main
from refcnn.training.trainer import Trainer

step, Trainer._step = Trainer._step, counted
main()
"""


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take longer than these runs."""
    monkeypatch.setitem(sys.modules, "refcnn.pictures", None)


def start(stage: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, stage, "train", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def stop(process: subprocess.Popen[str], line: str, by: signal.Signals) -> tuple[int, str]:
    """Send a signal once a line has come; return the status and the errors."""
    assert process.stdout is not None
    has_come = any(line in said for said in process.stdout)
    process.send_signal(by)
    _, errors = process.communicate(timeout=60)
    assert has_come, errors
    return process.returncode, errors


def train(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process; return its status, its output and its errors."""
    result = CliRunner().invoke(app, ["train", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def strangers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name != CHECKPOINT]


@pytest.mark.no_cover
def test_a_run_killed_at_any_moment_goes_on_to_the_same_bits(tmp_path: Path, digits_folder: Path) -> None:
    digits = ("--data", "mnist", "--folder", str(digits_folder), "--epochs", "6", "--batch-size", "40")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert train(*digits, "--out", str(whole))[0] == 0

    epochs = []
    arguments: tuple[str, ...] = (*digits, "--out", str(killed))
    for stage in ("step", "write", "before replace", "after replace"):
        assert stop(start(stage, *arguments), "reached", signal.SIGKILL)[0] == -signal.SIGKILL
        state, _ = checkpoint.load(killed / CHECKPOINT)
        epochs.append(len(state.history))
        arguments = ("--resume", str(killed))
    # Four steps are an epoch. A run writes once before it begins; its second write is that of its first epoch.
    assert epochs == [1, 1, 1, 2]

    assert len(strangers(killed)) == 2  # of the writes that were killed
    assert all(re.fullmatch(rf"\.{CHECKPOINT}\.[0-9a-f]{{8}}", name) for name in strangers(killed))
    assert train("--resume", str(killed))[0] == 0
    assert (killed / CHECKPOINT).read_bytes() == (whole / CHECKPOINT).read_bytes()


@pytest.mark.no_cover
def test_dropout_augmentation_and_batch_statistics_go_on_too(tmp_path: Path, digits_folder: Path) -> None:
    digits = ("--data", "mnist", "--folder", str(digits_folder), "--model", "deep", "--epochs", "2", "--warmup", "1")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert train(*digits, "--out", str(whole))[0] == 0
    process = start("step", *digits, "--out", str(killed))
    assert stop(process, "reached", signal.SIGKILL)[0] == -signal.SIGKILL
    assert len(checkpoint.load(killed / CHECKPOINT)[0].history) == 1
    assert train("--resume", str(killed))[0] == 0
    assert (killed / CHECKPOINT).read_bytes() == (whole / CHECKPOINT).read_bytes()


@pytest.mark.no_cover
def test_an_interrupted_run_says_how_it_goes_on(tmp_path: Path, digits_folder: Path) -> None:
    folder = tmp_path / "a run"
    digits = ("--data", "mnist", "--folder", str(digits_folder), "--epochs", "1000")
    status, errors = stop(start("none", *digits, "--out", str(folder)), "epoch 1/1000", signal.SIGINT)
    assert status == 130
    assert errors == f"refcnn: interrupted; go on with: refcnn train --resume '{folder}'\n"
    assert strangers(folder) == []
    done = len(checkpoint.load(folder / CHECKPOINT)[0].history)
    status, out, _ = train("--resume", str(folder), "--epochs", str(done + 1))
    assert status == 0
    assert out.startswith(f"epoch {done + 1}/{done + 1}  loss ")


@pytest.fixture
def run(tmp_path: Path, digits_folder: Path) -> Path:
    """A run of one epoch."""
    folder = tmp_path / "run"
    digits = ("--data", "mnist", "--folder", str(digits_folder), "--epochs", "1", "--optimiser", "momentum")
    assert train(*digits, "--out", str(folder))[0] == 0
    return folder


@pytest.mark.no_cover
def test_more_epochs_are_those_that_a_longer_run_would_have_had(run: Path, tmp_path: Path, digits_folder: Path) -> None:
    longer = ("--data", "mnist", "--folder", str(digits_folder), "--epochs", "2", "--optimiser", "momentum")
    assert train(*longer, "--out", str(tmp_path / "longer"))[0] == 0
    status, out, _ = train("--resume", str(run), "--epochs", "2")
    assert status == 0
    assert out.splitlines()[0].startswith("epoch 2/2  loss ")
    assert (run / CHECKPOINT).read_bytes() == (tmp_path / "longer" / CHECKPOINT).read_bytes()


def test_a_run_that_is_done_says_so(run: Path) -> None:
    before = (run / CHECKPOINT).read_bytes()
    status, out, _ = train("--resume", str(run))
    assert status == 0
    assert out.splitlines()[0] == "the run had its 1 epochs already; --epochs raises its end"
    assert (run / CHECKPOINT).read_bytes() == before


def test_the_digits_are_found_from_any_folder(run: Path, digits_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(digits_folder.parent)
    relative = ("--data", "mnist", "--folder", digits_folder.name, "--epochs", "1")
    assert train(*relative, "--out", str(run / "inner"))[0] == 0
    monkeypatch.chdir(run)
    assert train("--resume", "inner")[0] == 0


@pytest.mark.no_cover
def test_a_run_on_other_operators_goes_on_with_them(tmp_path: Path, digits_folder: Path) -> None:
    target = tmp_path / "mine.py"
    target.write_text("from refcnn import *\n\ndef relu(x):\n    return x * (x > 0)\n", encoding="utf-8")
    digits = ("--data", "mnist", "--folder", str(digits_folder), "--ops", str(target))
    assert train(*digits, "--epochs", "2", "--out", str(tmp_path / "whole"))[0] == 0
    assert train(*digits, "--epochs", "1", "--out", str(tmp_path / "part"))[0] == 0
    assert train("--resume", str(tmp_path / "part"), "--ops", str(target), "--epochs", "2")[0] == 0
    assert (tmp_path / "part" / CHECKPOINT).read_bytes() == (tmp_path / "whole" / CHECKPOINT).read_bytes()


def test_every_line_of_json_is_an_epoch_of_the_history(run: Path) -> None:
    status, out, errors = train("--resume", str(run), "--epochs", "3", "--json")
    assert status == 0
    epochs = [json.loads(line) for line in out.splitlines()]
    state, _ = checkpoint.load(run / CHECKPOINT)
    assert epochs == [epoch._asdict() for epoch in state.history[1:]]
    assert errors.startswith(f"in {run}: {CHECKPOINT}; no pictures: ")
