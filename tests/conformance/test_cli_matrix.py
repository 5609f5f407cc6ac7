"""``refcnn matrix`` and ``refcnn compare``: side by side at the terminal, in Markdown and as a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.report import Report, as_json

MINE = "import refcnn\n\nsgd_update = refcnn.sgd_update\n\n\ndef relu(x):\n    raise NotImplementedError\n"
WRONG = "import numpy as np\n\n\ndef relu(x):\n    return np.maximum(x, 0)\n"


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [*arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, re.sub("\x1b\\[[0-9;]*m", "", result.stdout), result.stderr


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with an implementation that conforms in what it has, and one that accepts integers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    return tmp_path


OPTIONS = ("--op", "sgd_update", "--op", "relu", "--profile", "quick", "--jobs", "1")


def test_compare_judges_each_and_shows_a_table() -> None:
    status, out, _ = run("compare", "mine.py", "wrong.py", *OPTIONS)
    assert status == 0
    rows = [re.split("  +", line.strip()) for line in out.splitlines() if line.strip()]
    assert rows[0] == ["mine.py", "wrong.py"]
    assert rows[1] == ["operator", "quick, seed 0", "quick, seed 0"]
    assert rows[3][:3] == ["relu", "not supported", "fails (1)"]
    assert rows[4][:2] == ["sgd_update", "conforms"]
    assert rows[4][3:] == ["not provided"]
    assert rows[-1] == ["conforms", "1 of 2", "0 of 2"]


def test_compare_writes_what_matrix_writes_of_the_same_reports() -> None:
    assert run("compare", "mine.py", "wrong.py", *OPTIONS, "--out", "compared.md")[:2] == (0, "")
    for name in ("mine", "wrong"):
        run("verify", f"{name}.py", *OPTIONS, "--report", f"{name}.json")
    assert run("matrix", "mine.json", "wrong.json", "--out", "matrix.md")[:2] == (0, "")
    written = Path("matrix.md").read_text(encoding="utf-8")
    assert written == Path("compared.md").read_text(encoding="utf-8")
    assert "| `relu` | not supported | **fails (1)**, " in written
    assert run("matrix", "mine.json", "--out", "matrix.html")[0] == 0
    assert Path("matrix.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_matrix_of_one_report_shows_it(folder: Path) -> None:
    (folder / "r.json").write_text(as_json(Report("[red]mine\x1b[/]", "quick", 3, {})), encoding="utf-8")
    status, out, _ = run("matrix", "r.json")
    assert status == 0
    assert "[red]mine\N{REPLACEMENT CHARACTER}[/]" in out
    assert "quick, seed 3" in out


def test_a_profile_takes_one_line_and_no_control_characters(folder: Path) -> None:
    (folder / "r.json").write_text(as_json(Report("mine", "q\n::error::\x1b", 3, {})), encoding="utf-8")
    status, out, _ = run("matrix", "r.json")
    assert status == 0
    assert "q ::error::\N{REPLACEMENT CHARACTER}, seed 3" in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["matrix", "gone.json"], "REPORT: gone.json must be a readable JSON file ("),
        (["matrix", "old.json"], "REPORT: old.json must be a report of format 1, got format 0"),
        (["matrix", "old.json", "--out", "m.txt"], "--out must end in .html or .md, got m.txt"),
        (["compare", "mine", "--out", "no/m.md"], "--out must name a file in an existing folder, got no/m.md"),
        (["matrix", "r.json", "--out", "folder.md"], "--out must name a file, got the folder folder.md"),
        (["compare", "mine.py", "nothing"], "target 'nothing' cannot be imported: "),
        (["compare", "mine.py", "--op", "conv3d"], "--op must be one of im2col, "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_shown_is_refused_in_one_line(arguments: list[str], line: str, folder: Path) -> None:
    (folder / "old.json").write_text('{"format": 0}', encoding="utf-8")
    (folder / "folder.md").mkdir()
    status, out, errors = run(*arguments)
    assert (status, out) == (2, "")
    assert errors.startswith(f"refcnn: {line}")
    assert errors.count("\n") == 1
