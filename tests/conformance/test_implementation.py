"""Targets are found by name, refused in one line, and called without trust."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.implementation import (
    CallError,
    Implementation,
    NotProvidedError,
    NotSupportedError,
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


def relu(function: Any) -> Implementation:
    return from_namespace("here", SimpleNamespace(relu=function))


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
        ("refcnn:nothing", "refcnn has no 'nothing'"),
        ("refcnn:relu.nothing", "refcnn has no 'nothing'"),
        ("json", "provides no function of the contract, such as conv2d"),
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
        ({}, "target 'here' provides no function of the contract, such as conv2d"),
        ({"relu": None}, "target 'here' provides no function of the contract, such as conv2d"),
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


def test_a_result_comes_as_a_tuple_of_arrays() -> None:
    (result,) = relu(lambda _: [1.0, 2.0]).call("relu", [np.zeros(2)], {})
    np.testing.assert_array_equal(result, [1.0, 2.0], strict=True)


@pytest.mark.parametrize("kind", [tuple, list])
def test_a_list_serves_for_a_tuple(kind: type) -> None:
    loaded = from_namespace("here", SimpleNamespace(momentum_update=lambda *_, **__: kind([1.0, 2.0])))
    assert loaded.call("momentum_update", [], {}) == (np.array(1.0), np.array(2.0))


def test_what_is_left_out_is_not_provided() -> None:
    with pytest.raises(NotProvidedError, match=r"^conv2d$"):
        relu(abs).call("conv2d", [], {})


def raising(error: BaseException) -> Implementation:
    def function(_: Any) -> Any:
        raise error

    return relu(function)


def test_not_implemented_is_not_supported() -> None:
    with pytest.raises(NotSupportedError, match=r"^no float32$"):
        raising(NotImplementedError("no float32")).call("relu", [1], {})


def test_an_interrupt_passes_through_a_call() -> None:
    with pytest.raises(KeyboardInterrupt):
        raising(KeyboardInterrupt()).call("relu", [1], {})


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3), GeneratorExit("gone"), MemoryError("full")])
def test_any_other_exception_is_a_finding(error: BaseException) -> None:
    with pytest.raises(CallError, match=f"^raised {type(error).__name__}: {error}$") as caught:
        raising(error).call("relu", [1], {})
    assert caught.value.raised is error


def test_a_warning_of_a_call_is_no_error() -> None:
    def warning(x: Any) -> Any:
        warnings.warn("slow", stacklevel=1)
        return x

    assert relu(warning).call("relu", [1.0], {}) == (np.array(1.0),)


class Unreadable:
    """What has an ``__array__`` that fails."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("on another device")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("text", "returned y as str of <U4, want floating numbers"),
        (None, "returned y as NoneType of object, want floating numbers"),
        (np.zeros(2, complex), "returned y as ndarray of complex128, want floating numbers"),
        (ModuleType("m"), "returned y as module of object, want floating numbers"),
        (Unreadable(), "returned y as Unreadable, which is no array (on another device)"),
    ],
    ids=["text", "None", "complex", "module", "unreadable"],
)
def test_what_is_no_array_of_numbers_is_a_finding(answer: Any, reason: str) -> None:
    with pytest.raises(CallError, match=f"^{re.escape(reason)}$") as caught:
        relu(lambda _: answer).call("relu", [1], {})
    assert caught.value.raised is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((1.0,), r"returned a tuple of 1, want a tuple \(param, velocity\)"),
        ([1.0] * 3, r"returned a list of 3, want a tuple \(param, velocity\)"),
        (np.zeros(2), r"returned an? ndarray, want a tuple \(param, velocity\)"),
        (None, r"returned a NoneType, want a tuple \(param, velocity\)"),
    ],
    ids=["one", "three", "an array", "None"],
)
def test_a_wrong_number_of_results_is_a_finding(answer: Any, reason: str) -> None:
    loaded = from_namespace("here", SimpleNamespace(momentum_update=lambda *_, **__: answer))
    with pytest.raises(CallError, match=f"^{reason}$"):
        loaded.call("momentum_update", [], {})
