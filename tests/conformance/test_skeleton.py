"""The file of ``refcnn init``: every function of the contract, with its signature and its definition, to be written."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import typing
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from conformance.cli import app
from conformance.contract import FUNCTIONS
from conformance.implementation import load
from conformance.skeleton import definition, skeleton

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    result = run("init", str(tmp_path / "mine.py"))
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'mine.py'} is written; judge it by: refcnn verify {tmp_path / 'mine.py'}\n"
    return tmp_path / "mine.py"


def test_every_function_has_the_signature_of_the_contract(written: Path) -> None:
    mine = load(str(written)).namespace
    for name, function in FUNCTIONS.items():
        parameters = inspect.signature(getattr(mine, name)).parameters.values()
        bare = [each.replace(annotation=inspect.Parameter.empty) for each in parameters]
        assert inspect.Signature(bare) == function.signature, name


def test_every_function_says_what_the_contract_says_of_it() -> None:
    contract = " ".join((files("conformance") / "CONTRACT.md").read_text(encoding="utf-8").split())
    for each in ast.parse(skeleton()).body:
        if isinstance(each, ast.FunctionDef):
            words = " ".join((ast.get_docstring(each) or "").partition("\n\n")[2].split())
            assert words, each.name
            # A bullet stands behind the sentence that leads its list.
            assert all(part.rstrip(".") in contract for part in re.split(r"(?<=[.:]) (?=`)", words)), each.name


def test_a_definition_is_found_for_functions_of_the_contract_alone() -> None:
    assert definition("linear_backward") == "`(grad_x, grad_weight, grad_bias)`."
    with pytest.raises(KeyError, match="conv3d"):
        definition("conv3d")


def test_every_argument_and_result_has_a_type(written: Path) -> None:
    mine = load(str(written)).namespace
    for name, function in FUNCTIONS.items():
        hints = typing.get_type_hints(getattr(mine, name))
        assert list(hints) == [*function.signature.parameters, "return"]
        results = typing.get_args(hints["return"]) if len(function.results) > 1 else [hints["return"]]
        assert len(results) == len(function.results)


def test_it_is_clean_for_the_linter_and_the_formatter(written: Path) -> None:
    for command in (
        ["ruff", "check", "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        ["ruff", "format", "--no-cache", "--check", "--config", str(ROOT / "pyproject.toml")],
    ):
        checked = subprocess.run([sys.executable, "-m", *command, str(written)], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_judged_as_it_stands_all_of_it_is_not_supported_and_one_line_says_so(written: Path) -> None:
    result = run("verify", str(written), "-n", "1", "--profile", "quick", "--op", "relu", "--op", "sgd_update")
    assert result.exit_code == 2
    assert result.stdout.count(" not supported ") == 2
    assert result.stderr == (
        f"refcnn: target '{written}': nothing is implemented yet, for every call raised NotImplementedError\n"
    )


def test_a_file_that_is_there_is_not_overwritten(written: Path) -> None:
    written.write_text("mine", encoding="utf-8")
    result = run("init", str(written))
    assert (result.exit_code, result.stderr) == (2, f"refcnn: {written} exists, and is not overwritten\n")
    assert written.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [("mine.txt", "the file must end in .py"), ("nowhere/mine.py", "the file must be in an existing folder")],
)
def test_a_file_that_cannot_be_is_refused(tmp_path: Path, name: str, said: str) -> None:
    result = run("init", str(tmp_path / name))
    assert (result.exit_code, result.stderr) == (2, f"refcnn: {said}, got {tmp_path / name}\n")


def test_a_folder_that_cannot_be_written_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    result = run("init", str(tmp_path / "mine.py"))
    assert (result.exit_code, result.stderr) == (
        2,
        f"refcnn: {tmp_path / 'mine.py'} cannot be written: Permission denied\n",
    )
