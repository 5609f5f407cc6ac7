"""An export is read as it was written, or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.vectors import VectorsError, read_export


@pytest.fixture
def copied(few: Path, tmp_path: Path) -> Path:
    shutil.copytree(few, tmp_path / "copied")
    return tmp_path / "copied"


def with_sums_made_anew(folder: Path) -> None:
    names = [line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(lines))


def test_answers_are_those_of_the_archive(few: Path) -> None:
    exported = read_export(few)
    archive = np.load(few / "answers" / "softmax.npz")
    for entry in exported.vectors:
        if entry["function"] == "softmax":
            for name, answer in exported.answers(entry):
                assert np.array_equal(answer.value, archive[f"{entry['id']}.{name}.value"], equal_nan=True)
                assert np.array_equal(answer.allowed, archive[f"{entry['id']}.{name}.allowed"])


@pytest.mark.parametrize("name", ["index.json", "README.md", "inputs/softmax.npz", "answers/conv1d.npz"])
def test_a_changed_file_is_named(name: str, copied: Path) -> None:
    content = bytearray((copied / name).read_bytes())
    content[-1] ^= 1
    (copied / name).write_bytes(bytes(content))
    with pytest.raises(VectorsError) as error:
        read_export(copied)
    assert str(error.value) == f"DIR must be as it was exported, got {copied} with {name} changed (SHA-256 differs)"


def test_a_missing_file_is_named(copied: Path) -> None:
    (copied / "answers" / "conv1d.npz").unlink()
    with pytest.raises(VectorsError) as error:
        read_export(copied)
    assert str(error.value) == f"DIR must hold all that was exported, got {copied} without answers/conv1d.npz"


def replace(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replace('"format": 1', '"format": 2'), r"^DIR must have the format 1, got .* with format 2$"),
        (lambda _: "[]", r"^DIR must have the format 1, got .* with format None$"),
        (lambda _: "[" * 100_000, r"^DIR must have an index\.json of JSON, got .* \(maximum recursion depth exceeded"),
        (
            lambda _: '{"format": 1}',
            r"^DIR must have an index\.json that index\.schema\.json allows, got .* without a text as refcnn$",
        ),
        (lambda _: "{", r"^DIR must have an index\.json of JSON, got .* \(Expecting property name"),
    ],
)
def test_an_index_of_another_form_is_refused(change: Callable[[str], str], reason: str, copied: Path) -> None:
    (copied / "index.json").write_text(change((copied / "index.json").read_text()))
    with_sums_made_anew(copied)
    with pytest.raises(VectorsError, match=reason):
        read_export(copied)


def remade(folder: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Change an index, or its first vector that has results, and make the checksums anew."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    change(index, next(each for each in index["vectors"] if each["results"]))
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    with_sums_made_anew(folder)


def result_of(entry: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(entry["results"].values()))
    return found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda index, _: index.pop("vectors"), "without a list as vectors"),
        (lambda index, _: index.update(seed="0"), "without a number as seed"),
        (lambda index, _: index["vectors"].append(3), "with a vector that is no object"),
        (lambda _, entry: entry.pop("rule"), "with a vector {id} without a text as rule"),
        (lambda _, entry: entry.update(function="conv9d"), "with a vector {id} of no function"),
        (lambda _, entry: entry.update(requirement="a.b"), "with a vector {id} of no requirement"),
        (lambda _, entry: entry["flags"].append(3), "with a vector {id} of flags that are no texts"),
        (lambda _, entry: entry["inputs"].update(z=[]), "with a vector {id} whose z is no array"),
        (lambda _, entry: result_of(entry).pop("shape"), "with a vector {id} whose .* is no array"),
        (lambda _, entry: result_of(entry).update(shape=[-1]), "with a vector {id} whose .* is no array"),
        (lambda _, entry: result_of(entry).pop("value"), "with a vector {id} whose .* is no array"),
        (lambda _, entry: result_of(entry).update(dtype="O"), "with a vector {id} whose .* is no array"),
    ],
)
def test_an_incomplete_index_is_refused(
    change: Callable[[dict[str, Any], dict[str, Any]], object], reason: str, copied: Path
) -> None:
    remade(copied, change)
    reason = reason.replace("{id}", r"\w+-[0-9a-f]{12}")
    with pytest.raises(
        VectorsError, match=rf"^DIR must have an index\.json that index\.schema\.json allows, .* {reason}$"
    ):
        read_export(copied)


def test_numbers_outside_their_archive_are_refused(copied: Path) -> None:
    remade(copied, lambda _, entry: result_of(entry).update(value=10**9))
    exported = read_export(copied)
    entry = next(each for each in exported.vectors if each["results"])
    with pytest.raises(
        VectorsError, match=rf"^DIR must hold all answers, got .* without those of {entry['id']} \(offset"
    ):
        list(exported.answers(entry))


@pytest.mark.parametrize("sums", [None, "", "no checksum\n", "0" * 64 + "  ../outside\n", "0" * 64 + "  README.md\n"])
def test_what_is_no_export_is_refused(sums: str | None, tmp_path: Path) -> None:
    if sums is not None:
        (tmp_path / "SHA256SUMS").write_text(sums)
    with pytest.raises(VectorsError, match=r"^DIR must be a folder that refcnn vectors export wrote, .* SHA256SUMS$"):
        read_export(tmp_path)
