"""The commands ``refcnn predict`` and ``refcnn summary``."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from conformance.cli import app
from conformance.training_run import CHECKPOINT, Order
from refcnn.mnist import MNIST, load
from refcnn.models import MODELS, build
from refcnn.training import checkpoint
from refcnn.training.run import RECIPES, Configuration, prepare

Array = NDArray[Any]


def invoke(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process; return its status, its output and its errors."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def refused(*arguments: str) -> str:
    """Return the one line of a refusal."""
    status, out, errors = invoke(*arguments)
    assert (status, out) == (2, "")
    assert errors.startswith("refcnn: ")
    assert errors.count("\n") == 1
    return errors.removeprefix("refcnn: ").rstrip()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a network for two epochs on some of the bundled digits."""
    folder = tmp_path_factory.mktemp("run")
    configuration = Configuration(epochs=2, batch_size=50, optimiser="momentum", lr=0.05)
    digits = load()
    trainer = prepare(configuration, MNIST(digits.x_train[:2000], digits.y_train[:2000], *digits[2:]), evaluate_on=1)
    list(trainer.epochs(2))
    checkpoint.save(folder / CHECKPOINT, trainer.state(), asdict(Order(configuration)))
    return folder


@pytest.fixture(scope="module")
def digits() -> tuple[Array, Array]:
    """Thirty digits that no network was trained on, as bytes, with their classes."""
    digits = load(normalise=False)
    return digits.x_test[:30, 0].astype(np.uint8), digits.y_test[:30]


def predicted(run: Path, paths: list[Path]) -> list[int]:
    status, out, errors = invoke("predict", str(run), *map(str, paths), "--json")
    assert (status, errors) == (0, "")
    return [json.loads(line)["digit"] for line in out.splitlines()]


@pytest.mark.no_cover
def test_digits_are_read_and_read_the_same_when_they_are_drawn_large_and_dark(
    run: Path, tmp_path: Path, digits: tuple[Array, Array]
) -> None:
    small, large = [], []
    for index, digit in enumerate(digits[0]):
        small.append(tmp_path / f"small{index}.png")
        large.append(tmp_path / f"large{index}.jpg")
        Image.fromarray(digit).save(small[-1])
        Image.fromarray(255 - digit).resize((250, 250), Image.Resampling.BICUBIC).convert("RGB").save(large[-1])
    as_they_are, drawn = predicted(run, small), predicted(run, large)
    assert np.mean(np.array(as_they_are) == digits[1]) >= 0.8
    assert np.mean(np.array(drawn) == as_they_are) >= 0.9


def test_a_line_says_the_digit_and_how_sure_it_is(run: Path, tmp_path: Path, digits: tuple[Array, Array]) -> None:
    path = tmp_path / "a [bold] digit.png"
    Image.fromarray(digits[0][0]).save(path)
    status, out, _ = invoke("predict", str(run), str(path), str(path))
    assert status == 0
    lines = out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(rf"{re.escape(str(path))}: \d  \(probability [01]\.\d{{3}}\)", lines[0])
    assert lines[0] == lines[1]


def test_json_has_the_probabilities_of_all_digits(run: Path, tmp_path: Path, digits: tuple[Array, Array]) -> None:
    path = tmp_path / "digit.png"
    Image.fromarray(digits[0][0]).save(path)
    answer = json.loads(invoke("predict", str(run), str(path), "--json")[1])
    assert answer.keys() == {"image", "digit", "probabilities"}
    assert answer["image"] == str(path)
    assert len(answer["probabilities"]) == 10
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-6)
    assert answer["digit"] == np.argmax(answer["probabilities"])


def test_what_is_no_picture_is_refused(run: Path, tmp_path: Path) -> None:
    text = tmp_path / "digit.png"
    text.write_text("seven", encoding="utf-8")
    message = "refcnn.mnist: path must be a picture of a digit, got "
    assert refused("predict", str(run), str(text)).startswith(f"{message}{text}: cannot identify")
    missing = tmp_path / "missing.png"
    assert refused("predict", str(run), str(missing)).startswith(f"{message}{missing}: ")


def test_what_is_no_run_is_refused(run: Path, tmp_path: Path, digits: tuple[Array, Array]) -> None:
    picture = tmp_path / "digit.png"
    Image.fromarray(digits[0][0]).save(picture)
    path = tmp_path / CHECKPOINT
    assert refused("predict", str(tmp_path), str(picture)) == (
        f"checkpoint: path must be a file that a run wrote, got {path}, which does not exist"
    )
    path.write_bytes((run / CHECKPOINT).read_bytes()[:-9])
    assert refused("predict", str(tmp_path), str(picture)).startswith("checkpoint: path must be a whole checkpoint")
    state, _ = checkpoint.load(run / CHECKPOINT)
    for configuration in ({}, asdict(Order(Configuration("lenet5"))), asdict(Order(Configuration("vgg")))):
        checkpoint.save(path, state, configuration)
        assert refused("predict", str(tmp_path), str(picture)).startswith(f"checkpoint: {path} is of no such network: ")


def test_missing_pillow_is_said(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    line = refused("predict", str(run), str(tmp_path / "digit.png"))
    assert line.endswith("run: pip install 'refcnn[mnist]'")


@pytest.mark.parametrize("model", RECIPES)  # AlexNet takes seconds to build
def test_a_summary_has_a_line_for_each_layer_and_the_totals(model: str) -> None:
    network = build(model)
    status, out, errors = invoke("summary", model)
    assert (status, errors) == (0, "")
    lines = [line.split() for line in out.splitlines() if line.strip()]
    assert lines[0] == ["layer", "kind", "output", "parameters", "multiply-adds"]
    assert lines[-1] == ["total", f"{network.parameter_count:,}", f"{network.multiply_add_count:,}"]
    rows = [line for line in lines if line[0] in network.layers]
    assert [row[0] for row in rows] == list(network.layers)
    for said, row in zip(rows, network.summary(), strict=True):
        shape = "×".join(map(str, row.output_shape))
        assert said[1:] == [row.kind, shape, f"{row.parameters:,}", f"{row.multiply_adds:,}"]


def test_a_model_that_is_unknown_is_refused() -> None:
    assert refused("summary", "vgg") == f"build: name must be one of {', '.join(MODELS)}, got 'vgg'"
