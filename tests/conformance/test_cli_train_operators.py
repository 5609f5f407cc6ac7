"""The command ``refcnn train --ops``: training on the operators of somebody else, right, lacking and wrong ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conformance.cli import app

IMPLEMENTATIONS = Path(__file__).parents[1] / "implementations"


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


def target(folder: Path, text: str) -> str:
    path = folder / "mine.py"
    path.write_text(f"import numpy as np\nimport refcnn\n{text}\n", encoding="utf-8")
    return str(path)


def test_an_implementation_is_trained_on_and_what_it_lacks_is_borrowed(digits: tuple[str, ...]) -> None:
    einsum = str(IMPLEMENTATIONS / "right" / "einsum.py")
    quick = (*digits, "--epochs", "1", "--json")
    status, out, errors = invoke(*quick, "--ops", einsum)
    assert status == 0
    functions = "adam_update, cross_entropy, cross_entropy_backward, relu, relu_backward, softmax"
    assert errors == f"from the reference: {functions}\n"
    mine, reference = json.loads(out), json.loads(invoke(*quick)[1])
    assert mine["loss"] == pytest.approx(reference["loss"], rel=1e-4)


def test_an_implementation_that_is_whole_borrows_nothing(tmp_path: Path, digits: tuple[str, ...]) -> None:
    status, out, errors = invoke(*digits, "--ops", target(tmp_path, "from refcnn import *"))
    assert (status, errors) == (0, "")
    assert out == invoke(*digits)[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def relu(x): raise KeyError('lost')", "relu raised KeyError: 'lost'"),
        ("def relu(x): raise SystemExit(0)", "relu raised SystemExit: 0"),
        ("def relu(x): return None", "relu returned y as NoneType of object, want floating numbers"),
        ("def relu(x): return np.ones(x.shape, int)", "relu returned int64, want floating numbers"),
        ("def linear_backward(*_): return 1.0", r"linear_backward returned float, want a tuple \(.*\)"),
        ("def relu(x): return x[:, :1]", "what its operators answer does not fit together: .*"),
        ("def relu_backward(g, x): return g[:1]", "what its operators answer does not fit together: .*"),
        ("def conv2d(x, *_, **__): return np.float64(1)", "what its operators answer does not fit together: .*"),
        ("def cross_entropy(*_): return np.ones(2)", "what its operators answer does not fit together: .*"),
        ("def adam_update(p, *_, **__): return p.T, p.T, p.T", "what its operators answer does not fit together: .*"),
    ],
)
def test_nonsense_ends_the_run_in_one_line(tmp_path: Path, digits: tuple[str, ...], text: str, said: str) -> None:
    path = target(tmp_path, text)
    status, out, errors = invoke(*digits, "--ops", path)
    assert (status, out) == (1, "")
    assert re.fullmatch(f"{re.escape(path)}: {said}; nothing is kept without --out", one_line(errors))


def test_operators_that_answer_nan_diverge(tmp_path: Path, digits: tuple[str, ...]) -> None:
    path = target(tmp_path, "def relu(x): return x * np.nan")
    status, _, errors = invoke(*digits, "--ops", path)
    assert status == 1
    assert one_line(errors).startswith("Trainer: loss must be finite, got nan in epoch 1, batch 1 of 2")


def test_the_way_on_names_the_operators(tmp_path: Path, digits: tuple[str, ...]) -> None:
    path, folder = target(tmp_path, "def relu(x): raise KeyboardInterrupt"), tmp_path / "run"
    status, _, errors = invoke(*digits, "--ops", path, "--out", str(folder))
    assert status == 130
    assert one_line(errors) == f"interrupted; go on with: refcnn train --resume {folder} --ops {path}"
