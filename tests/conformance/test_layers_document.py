"""LAYERS.md says what is recognised: the same classes, and an example that conforms."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.contract import CONVENTIONS, OPERATORS
from conformance.layers.modules import NAMES
from conformance.layers.textbook import TEXTBOOK

TEXT = (files("conformance") / "LAYERS.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)\(.*?\)`.*? \| `(\w+)` \|", TEXT, flags=re.MULTILINE)


@pytest.mark.no_cover
def test_the_example_is_recognised_and_conforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)\n```", TEXT, flags=re.DOTALL)
    Path("layers.py").write_text(example, encoding="utf-8")
    arguments = ["verify", "layers.py", "--profile", "quick", "--op", "linear", "--report", "report.json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "layers.py conforms" in result.stdout
    assert "recognised: textbook layers (Affine)" in result.stdout
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["recognised"] == "textbook layers (Affine)"


def test_the_table_holds_every_class_and_function_that_is_known() -> None:
    assert [name for name, _ in ROWS] == list(TEXTBOOK)
    assert all(operator in OPERATORS for _, operator in ROWS)


def test_every_module_that_is_known_is_named() -> None:
    (known,) = re.findall(r"Known are (.*?)\.", TEXT, flags=re.DOTALL)
    assert tuple(re.split(r",\s+|\s+and\s+", known)) == NAMES


def test_the_conventions_that_it_names_exist() -> None:
    assert "biased" in CONVENTIONS["batch_norm.running_var"]
    assert set(re.findall(r"`(\w+\.\w+)` is taken", TEXT)) <= set(CONVENTIONS)
