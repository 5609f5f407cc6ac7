"""Targets are found by name, or refused in one line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.implementation import (
    TargetError,
    from_namespace,
    load,
)

RELU = "import refcnn\nrelu = refcnn.relu\n"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the path and the modules back, which loading changes."""
    modules = dict(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]


def written(folder: Path, text: str, name: str = "mine.py") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def refusal(target: str) -> str:
    with pytest.raises(TargetError) as refused:
        load(target)
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_a_module_is_loaded_by_name() -> None:
    loaded = load("refcnn")
    assert loaded.namespace is refcnn
    assert loaded.target == "refcnn"
    assert loaded.conventions == {}


def test_a_module_of_the_working_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, RELU, "beside_the_command.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place])
    assert load("beside_the_command").provides("relu")
    assert sys.path[0] == str(tmp_path)


def test_the_working_folder_is_put_on_the_path_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place])
    for _ in range(2):
        load("refcnn")
    assert sys.path.count(str(tmp_path)) == 1


def test_a_file_is_loaded_by_path(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, RELU))
    assert loaded.provides("relu")
    assert not loaded.provides("conv2d")


def test_what_stands_beside_a_file_is_its_to_import(tmp_path: Path) -> None:
    written(tmp_path, RELU, "helper_of_mine.py")
    target = written(tmp_path, "from helper_of_mine import relu\n")
    for _ in range(2):
        assert load(target).provides("relu")
    assert sys.path.count(str(tmp_path)) == 1


def test_a_file_finds_itself_among_the_modules(tmp_path: Path) -> None:
    text = "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: 'int' = 1\n" + RELU
    assert load(written(tmp_path, text)).provides("relu")


@pytest.mark.parametrize("name", ["ops", "ops.deep"])
def test_an_object_in_a_file_is_named_after_a_colon(tmp_path: Path, name: str) -> None:
    text = f"from types import SimpleNamespace as N\n{RELU}ops = N(relu=relu, deep=N(relu=relu))\n"
    target = f"{written(tmp_path, text)}:{name}"
    loaded = load(target)
    assert isinstance(loaded.namespace, SimpleNamespace)
    assert loaded.target == target


def test_an_object_in_a_module_is_named_after_a_colon() -> None:
    assert load("conformance.implementation:np").namespace is np


def test_a_colon_of_a_drive_names_no_object() -> None:
    assert refusal(r"C:\nowhere\mine.py") == (
        r"target 'C:\\nowhere\\mine.py' cannot be imported: FileNotFoundError: no file C:\nowhere\mine.py"
    )


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("no_such_module", "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("no/such/file.py", "cannot be imported: FileNotFoundError: no file no/such/file.py"),
        ("", "cannot be imported: ValueError: Empty module name"),
        (f"{Path(__file__).parent}/", "is a folder, must be a file that ends in .py, or a package by its dotted name"),
        ("refcnn:nothing", "refcnn has no 'nothing'"),
        ("refcnn:relu.nothing", "refcnn has no 'nothing'"),
        ("json", "provides no function of the contract, such as conv2d, and no known layers"),
    ],
)
def test_what_cannot_be_found_is_refused_in_one_line(target: str, reason: str) -> None:
    assert refusal(target).endswith(reason)
    assert refusal(target).startswith(f"target {target!r}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def relu(:\n", "SyntaxError: "),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("raise RuntimeError('one\\n  two')\n", "RuntimeError: one two"),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_a_file_that_does_not_import_is_refused_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    assert f" cannot be imported: {reason}" in refusal(written(tmp_path, text))


def test_a_warning_of_an_import_is_no_error(tmp_path: Path) -> None:
    assert load(written(tmp_path, "import warnings\nwarnings.warn('old')\n" + RELU)).provides("relu")


def test_an_interrupt_passes_through_an_import(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        load(written(tmp_path, "raise KeyboardInterrupt\n"))


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "target 'here' provides no function of the contract, such as conv2d, and no known layers"),
        ({"relu": None}, "target 'here' provides no function of the contract, such as conv2d, and no known layers"),
        ({"relu": 3}, "target 'here': relu must be a function, got 3"),
        ({"relu": abs, "CONVENTIONS": ["any"]}, "target 'here': CONVENTIONS must be a mapping, got ['any']"),
    ],
    ids=["nothing", "None", "no function", "a list of conventions"],
)
def test_an_object_that_cannot_be_judged_is_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(TargetError, match=f"^{re.escape(reason)}$"):
        from_namespace("here", SimpleNamespace(**members))


@pytest.mark.parametrize(
    ("conventions", "got"),
    [
        ({"max_pool2d.ties": "last"}, "max_pool2d.ties: last"),
        ({"relu.accuracy": "normwise"}, "relu.accuracy: normwise"),
    ],
)
def test_an_unknown_convention_is_refused_with_those_there_are(conventions: dict[str, str], got: str) -> None:
    with pytest.raises(TargetError) as refused:
        from_namespace("here", SimpleNamespace(relu=abs, CONVENTIONS=conventions))
    assert str(refused.value) == (
        "target 'here': CONVENTIONS must be among max_pool2d.ties: first or any; "
        "batch_norm.running_var: unbiased or biased; conv1d.accuracy: componentwise or normwise; "
        "conv2d.accuracy: componentwise or normwise; conv_transpose2d.accuracy: componentwise or normwise; "
        f"got {got}"
    )


def test_conventions_are_copied() -> None:
    declared = {"max_pool2d.ties": "any"}
    loaded = from_namespace("here", SimpleNamespace(relu=abs, CONVENTIONS=declared))
    declared.clear()
    assert loaded.conventions == {"max_pool2d.ties": "any"}
