"""Results are read from files and JSON of any origin, and what cannot be read is said to be so, not run."""

from __future__ import annotations

import json
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.vectors.results import (
    MismatchError,
    Results,
    ResultsError,
    UnreadableError,
    Wanted,
    read_results,
)

ID = "relu-0123456789ab"
RIGHT = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=np.float32)
WANTED = Wanted("y", np.dtype("float32"), (2, 3))


def read(folder: Path) -> Any:
    return read_results(folder).read(ID, WANTED)


@pytest.mark.parametrize(
    "array",
    [RIGHT, np.asfortranarray(RIGHT), RIGHT.astype(">f4")],
    ids=["plain", "fortran order", "big-endian"],
)
@pytest.mark.parametrize("form", ["npy", "npz", "compressed"])
def test_an_array_is_read_in_every_form(array: Any, form: str, tmp_path: Path) -> None:
    if form == "npy":
        np.save(tmp_path / f"{ID}.y.npy", array)
    else:
        (np.savez if form == "npz" else np.savez_compressed)(tmp_path / f"{ID}.npz", y=array)
    assert np.array_equal(read(tmp_path), RIGHT)
    assert list(read_results(tmp_path).ids) == [ID]


def test_version_2_of_the_format_is_read(tmp_path: Path) -> None:
    with (tmp_path / f"{ID}.y.npy").open("wb") as stream:
        np.lib.format.write_array(stream, RIGHT, version=(2, 0))
    assert np.array_equal(read(tmp_path), RIGHT)


class Bomb:
    """Raises when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("it was unpickled",)


def npy(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    np.save(tmp_path / f"{ID}.y.npy", RIGHT)
    path = tmp_path / f"{ID}.y.npy"
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content[:-1], "it should have 24 bytes of numbers, and has 23"),
        (lambda content: content + b"x", "it should have 24 bytes of numbers, and has more"),
        (lambda content: content[:20], "EOF: reading array header"),
        (lambda _: b"", "EOF: reading magic string"),
        (lambda _: b"not an array at all", "the magic string is not correct"),
        (lambda content: content[:6] + b"\x03\x00" + content[8:], "version (3, 0) of the format is not known"),
        (lambda content: content.replace(b"(2, 3)", b"[2, 3]"), "shape is not valid"),
        (lambda content: content.replace(b"'<f4'", b"'Q<4'"), "descr is not a valid dtype descriptor"),
        (lambda content: content.replace(b"{'", b"(("), ""),
    ],
)
def test_a_damaged_file_is_unreadable(change: Callable[[bytes], bytes], reason: str, tmp_path: Path) -> None:
    npy(tmp_path, change)
    with pytest.raises(UnreadableError) as error:
        read(tmp_path)
    assert f"{ID}.y.npy cannot be read: " in str(error.value)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / f"{ID}.y.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(UnreadableError, match="it holds Python objects, which are not unpickled"):
        read(tmp_path)
    (tmp_path / f"{ID}.y.npy").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(UnreadableError, match="the magic string is not correct"):
        read(tmp_path)


def test_numbers_are_not_read_where_the_header_says_that_they_do_not_fit(tmp_path: Path) -> None:
    """A header may promise more than there is memory."""
    npy(tmp_path, lambda content: content.replace(b"(2, 3), }            ", b"(999999999999999,), }"))
    with pytest.raises(MismatchError, match=r"^y has shape \(999999999999999,\), want \(2, 3\)$"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (RIGHT.astype(np.float64), "y is float64, want float32 as the inputs are"),
        (RIGHT.T, "y has shape (3, 2), want (2, 3)"),
        (RIGHT.astype(np.int32), "y is int32, want float32 as the inputs are"),
    ],
)
def test_another_shape_or_type_is_told(array: Any, reason: str, tmp_path: Path) -> None:
    np.save(tmp_path / f"{ID}.y.npy", array)
    with pytest.raises(MismatchError) as error:
        read(tmp_path)
    assert str(error.value) == reason


def test_a_damaged_archive_is_unreadable_in_every_result(tmp_path: Path) -> None:
    (tmp_path / f"{ID}.npz").write_bytes(b"PK\x03\x04 no archive")
    results = read_results(tmp_path)
    assert results.has(ID, "y")
    assert results.answered(ID)
    with pytest.raises(UnreadableError, match=r"\.npz cannot be read: File is not a zip file"):
        results.read(ID, WANTED)


def directory(tmp_path: Path, change: Callable[[bytes], bytes]) -> Path:
    """Change the directory of an archive, which is at its end."""
    path = tmp_path / f"{ID}.npz"
    np.savez(path, y=RIGHT)
    content = path.read_bytes()
    start = content.index(b"PK\x01\x02")
    path.write_bytes(content[:start] + change(content[start:]))
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda found: found[:6] + b"\x63" + found[7:], "zip file version 9.9"),
        (lambda found: found[:9] + b"\x08" + found[10:].replace(b"y.npy", b"\xff.npy"), "can't decode byte 0xff"),
    ],
    ids=["version 9.9", "a name that is no UTF-8"],
)
def test_an_archive_that_zipfile_does_not_open_is_unreadable(
    change: Callable[[bytes], bytes], reason: str, tmp_path: Path
) -> None:
    directory(tmp_path, change)
    with pytest.raises(UnreadableError, match=rf"\.npz cannot be read: .*{reason}"):
        read(tmp_path)


def test_a_header_that_claims_to_be_long_is_not_read(tmp_path: Path) -> None:
    """It is compressed to a thousandth, and would take all that it claims."""
    claimed = 200 * 2**20
    header = b"\x93NUMPY\x02\x00" + claimed.to_bytes(4, "little")
    with (
        zipfile.ZipFile(tmp_path / f"{ID}.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("y.npy", "w") as member,
    ):
        member.write(header + b" " * 2**20)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableError, match=rf"its header must have at most 65536 bytes, and has {claimed}$"):
            read(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_an_archive_with_a_damaged_member_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / f"{ID}.npz"
    np.savez_compressed(path, y=np.zeros((2, 3), np.float32))
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("y.npy").header_offset
    content = bytearray(path.read_bytes())
    name_length, extra = content[start + 26], content[start + 28]
    content[start + 30 + name_length + extra] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(UnreadableError, match=r"\.npz cannot be read: "):
        read(tmp_path)


def test_refusals_and_what_is_not_supported_are_files(tmp_path: Path) -> None:
    (tmp_path / f"{ID}.refused").write_text("stride must be\n  at least 1")
    (tmp_path / "other-1.unsupported").write_bytes(b"\xff" * 1000)
    results = read_results(tmp_path)
    assert results.said(ID, "refused") == "stride must be at least 1"
    assert results.said(ID, "unsupported") is None
    assert results.said("other-1", "unsupported") == "\N{REPLACEMENT CHARACTER}" * 400
    assert not results.answered(ID)
    assert not results.has(ID, "y")
    assert results.said("absent", "refused") is None


def test_files_that_are_no_results_are_named(tmp_path: Path) -> None:
    for name in ("notes.txt", "plain.npy", "a.b.npz", f"{ID}.y.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder.npy").mkdir()
    assert sorted(read_results(tmp_path).ids) == sorted(["notes.txt", "plain.npy", "a.b.npz", f"{ID}.y.txt"])


def from_json(tmp_path: Path, result: Any) -> Results:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": {ID: {"y": result}}}), encoding="utf-8")
    return read_results(path)


def test_json_holds_the_same(tmp_path: Path) -> None:
    data = [1, 2.5, "NaN", "Infinity", "-Infinity", -0.0]
    got = from_json(tmp_path, {"dtype": "float32", "shape": [2, 3], "data": data}).read(ID, WANTED)
    assert got.dtype == np.float32
    assert got.shape == (2, 3)
    assert str(got.tolist()) == "[[1.0, 2.5, nan], [inf, -inf, -0.0]]"


def test_json_says_what_was_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": {ID: {"refused": "bad"}, "b": {"unsupported": 3}}}), encoding="utf-8")
    results = read_results(path)
    assert (results.said(ID, "refused"), results.said("b", "unsupported")) == ("bad", "3")


@pytest.mark.parametrize(
    "result",
    [
        [1, 2],
        {"dtype": "float32", "shape": [2, 3]},
        {"dtype": "float32", "shape": [2, 3], "data": [1, 2, 3, 4, 5]},
        {"dtype": "float32", "shape": [2, 3], "data": [1, 2, 3, 4, 5, "six"]},
        {"dtype": "float32", "shape": [2, 3], "data": [[1, 2, 3], [4, 5, 6]]},
        {"dtype": "float33", "shape": [2, 3], "data": []},
        {"dtype": "float32", "shape": 6, "data": []},
        {"dtype": "float64", "shape": [2, 3], "data": [10**400] * 6},
    ],
)
def test_json_of_another_form_is_unreadable(result: Any, tmp_path: Path) -> None:
    wanted = Wanted("y", np.dtype(result["dtype"]), (2, 3)) if "float64" in str(result) else WANTED
    with pytest.raises(UnreadableError, match=r"^y must be \{dtype, shape, data: a flat list of numbers\}, got"):
        from_json(tmp_path, result).read(ID, wanted)


def test_json_of_another_shape_is_a_mismatch(tmp_path: Path) -> None:
    with pytest.raises(MismatchError, match=r"^y has shape \(6,\), want \(2, 3\)$"):
        from_json(tmp_path, {"dtype": "float32", "shape": [6], "data": [0] * 6}).read(ID, WANTED)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "RESULTS must be JSON, got "),
        ("[" * 100_000, "RESULTS must be JSON, got "),
        ("[]", 'RESULTS must be {"results": {id: {result: …}}}, got '),
        ('{"results": {"a": 1}}', 'RESULTS must be {"results": {id: {result: …}}}, got '),
    ],
)
def test_other_json_is_refused_in_one_line(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ResultsError) as error:
        read_results(path)
    assert str(error.value).startswith(reason)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["nowhere", "nowhere.json", "results.txt"])
def test_results_must_be_a_folder_or_json(name: str, tmp_path: Path) -> None:
    (tmp_path / "results.txt").write_text("")
    with pytest.raises(ResultsError, match=r"^RESULTS must be a folder or a \.json file, got "):
        read_results(tmp_path / name)
