"""The command ``refcnn train``: what it prints and what it keeps."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from conformance.cli import app
from conformance.training_run import CHECKPOINT, Run
from refcnn.training import checkpoint

LINE = r"epoch (\d+)/(\d+)  loss \d+\.\d{4}  train accuracy [01]\.\d{4}  test accuracy [01]\.\d{4}"


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take longer than these runs."""
    monkeypatch.setitem(sys.modules, "refcnn.pictures", None)


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


def loaded(folder: Path) -> dict[str, Any]:
    return checkpoint.load(folder / CHECKPOINT)[1]


def test_every_epoch_is_a_line_and_nothing_else_is_said(digits: tuple[str, ...]) -> None:
    status, out, errors = invoke(*digits)
    assert (status, errors) == (0, "")
    matches = [re.fullmatch(LINE, line) for line in out.splitlines()]
    assert [match and match.groups() for match in matches] == [("1", "2"), ("2", "2")]


def test_every_epoch_is_a_json_object(digits: tuple[str, ...]) -> None:
    status, out, errors = invoke(*digits, "--json")
    assert (status, errors) == (0, "")
    epochs = [json.loads(line) for line in out.splitlines()]
    assert [epoch.pop("epoch") for epoch in epochs] == [1, 2]
    assert [sorted(epoch) for epoch in epochs] == [["loss", "lr", "test_accuracy", "train_accuracy"]] * 2


def test_a_terminal_is_shown_a_bar_besides(digits: tuple[str, ...]) -> None:
    status, out, errors = invoke(*digits, FORCE_COLOR="1", COLUMNS="100")
    assert status == 0
    assert len(re.findall(LINE, out + errors)) == 2
    assert "150/150" in errors
    assert re.search(r"epoch 2/2  (loss \d\.\d{4}|accuracies…) ", errors)
    status, out, errors = invoke(*digits, "--json", FORCE_COLOR="1")
    assert (status, errors) == (0, "")


def test_the_target_ends_the_run_early_and_is_said(digits: tuple[str, ...]) -> None:
    status, out, _ = invoke(*digits, "--target", "0.01")
    assert status == 0
    lines = out.splitlines()
    assert len(lines) == 2
    assert lines[1] == "epoch 1 reached the target, a test accuracy of 0.01"


def test_accuracies_can_be_those_on_the_first_digits(digits: tuple[str, ...]) -> None:
    _, out, _ = invoke(*digits, "--json", "--evaluate-on", "2")
    for line in out.splitlines():
        epoch = json.loads(line)
        assert {epoch["train_accuracy"], epoch["test_accuracy"]} <= {0.0, 0.5, 1.0}


@pytest.mark.no_cover
def test_the_same_seed_prints_the_same_and_another_does_not(digits: tuple[str, ...]) -> None:
    one, same, other = (invoke(*digits, "--json", "--seed", seed)[1] for seed in ("3", "3", "4"))
    assert one == same != other


def test_the_help_groups_the_options() -> None:
    _, out, _ = invoke("--help", COLUMNS="120")
    assert re.findall(r"─ (\w[^─]*) ─", out) == [
        "Options",
        "Network, digits and operators",
        "Training; what is not given is chosen to suit the model",
        "The run",
    ]


def test_pictures_and_a_checkpoint_are_left_in_the_folder(tmp_path: Path, digits: tuple[str, ...]) -> None:
    folder = tmp_path / "deep" / "run"
    status, out, _ = invoke(*digits, "--out", str(folder))
    names = [CHECKPOINT, "learning_curves.png", "filters.png", "confusion_matrix.png", "misclassified.png"]
    assert status == 0
    assert out.splitlines()[-1] == f"in {folder}: {', '.join(names)}"
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    for name in names[1:]:
        with Image.open(folder / name) as picture:
            assert np.ptp(np.asarray(picture.convert("L"))) > 0


@pytest.mark.usefixtures("without_pictures")
def test_the_options_decide_the_run(tmp_path: Path, digits_folder: Path) -> None:
    folder = tmp_path / "run"
    options = {
        "model": "lenet5",
        "epochs": 3,
        "batch_size": 60,
        "optimiser": "momentum",
        "lr": 0.125,
        "weight_decay": 0.25,
        "schedule": "cosine",
        "warmup": 1,
        "seed": 7,
    }
    given = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    place = ("--data", "mnist", "--folder", str(digits_folder))
    status, _, _ = invoke(*given, *place, "--augment", "--target", "0", "--evaluate-on", "9", "--out", str(folder))
    assert status == 0
    configuration = loaded(folder)
    assert configuration.pop("training") == options | {"augment": True, "drop_every": 10, "drop_by": 0.1}
    assert configuration == {
        "data": "mnist",
        "folder": str(digits_folder),
        "ops": "refcnn",
        "evaluate_on": 9,
        "target": 0.0,
    }


def test_the_bundled_digits_are_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    def follow(run: Run, **_: Any) -> None:
        assert len(run.digits.x_train) == 4000

    monkeypatch.setattr(Run, "follow", follow)
    assert invoke("--epochs", "1")[0] == 0


@pytest.mark.usefixtures("without_pictures")
def test_a_folder_that_holds_a_run_is_not_written_over(tmp_path: Path, digits: tuple[str, ...]) -> None:
    folder = tmp_path / "my run"
    assert invoke(*digits, "--out", str(folder))[0] == 0
    before = (folder / CHECKPOINT).read_bytes()
    status, out, errors = invoke(*digits, "--seed", "1", "--out", str(folder))
    assert (status, out) == (2, "")
    assert one_line(errors) == (
        f"--out must be the folder of a new run, got {folder}, which holds one; "
        f"go on with it by --resume '{folder}', or choose another folder"
    )
    assert (folder / CHECKPOINT).read_bytes() == before


def test_missing_matplotlib_costs_the_pictures_alone(
    tmp_path: Path, digits: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("refcnn.pictures")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    status, out, errors = invoke(*digits, "--out", str(tmp_path / "run"))
    assert (status, errors) == (0, "")
    line = out.splitlines()[-1]
    assert line.startswith(f"in {tmp_path / 'run'}: {CHECKPOINT}; no pictures: ")
    assert "matplotlib" in line
    assert line.endswith("; run: pip install 'refcnn[plot]'")
