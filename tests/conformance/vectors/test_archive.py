"""Archives have the same bytes always, and can be read as a C author would: with offsets, or header by header."""

from __future__ import annotations

import ast
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.vectors.archive import pack

Array = NDArray[Any]

ARRAYS: dict[str, Array] = {
    "a.x": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a.scalar": np.array(2.5),
    "b.labels": np.array([3, 250], dtype=np.uint8),
    "b.empty": np.zeros((0, 4)),
    "b.fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "b.big_endian": np.array([1, -2], dtype=">i8"),
}


def members(archive: bytes) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Read an archive by the zip and the .npy formats, with nothing but struct."""
    found = {}
    at = 0
    while archive[at : at + 4] == b"PK\x03\x04":
        method, size, stored, name_length, extra = struct.unpack("<8xH8xIIHH", archive[at : at + 30])
        assert (method, size) == (0, stored)
        name = archive[at + 30 : at + 30 + name_length].decode("ascii")
        content = archive[at + 30 + name_length + extra :][:size]
        assert content[:8] == b"\x93NUMPY\x01\x00"
        (header_length,) = struct.unpack("<H", content[8:10])
        header = ast.literal_eval(content[10 : 10 + header_length].decode("latin1"))
        assert header["fortran_order"] is False
        found[name] = (header["descr"], header["shape"], content[10 + header_length :])
        at += 30 + name_length + extra + size
    return found


def test_the_archive_reads_header_by_header_with_struct_alone(tmp_path: Path) -> None:
    pack(tmp_path / "a.npz", ARRAYS)
    found = members((tmp_path / "a.npz").read_bytes())
    assert list(found) == [f"{name}.npy" for name in ARRAYS]
    assert found["a.x.npy"] == ("<f4", (2, 3), struct.pack("<6f", 0, 1, 2, 3, 4, 5))
    assert found["a.scalar.npy"] == ("<f8", (), struct.pack("<d", 2.5))
    assert found["b.labels.npy"] == ("|u1", (2,), b"\x03\xfa")
    assert found["b.empty.npy"] == ("<f8", (0, 4), b"")
    assert found["b.fortran.npy"][2] == struct.pack("<12d", *range(12))
    assert found["b.big_endian.npy"] == ("<i8", (2,), struct.pack("<2q", 1, -2))


def test_the_offsets_lead_to_the_numbers(tmp_path: Path) -> None:
    offsets = pack(tmp_path / "a.npz", ARRAYS)
    archive = (tmp_path / "a.npz").read_bytes()
    for name, array in ARRAYS.items():
        plain = array.astype(array.dtype.newbyteorder("<"))
        assert archive[offsets[name] : offsets[name] + plain.nbytes] == plain.tobytes()


def test_numpy_reads_the_same(tmp_path: Path) -> None:
    pack(tmp_path / "a.npz", ARRAYS)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        for name, array in ARRAYS.items():
            assert np.array_equal(archive[name], array)


def test_the_bytes_do_not_depend_on_the_time_of_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(tmp_path / "a.npz", ARRAYS)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    pack(tmp_path / "b.npz", ARRAYS)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
