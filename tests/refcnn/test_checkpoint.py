"""Checkpoints: all of a run in one file, never half-written, and anything else refused without being executed."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from refcnn.training import checkpoint
from refcnn.training.checkpoint import CheckpointError
from refcnn.training.trainer import Epoch, State

STATE = State(
    parameters={"conv1.weight": np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 1, 2, 2), "b": np.array([np.pi])},
    statistics={"norm.running_mean": np.array([1.5, -0.0], np.float16)},
    optimiser={"conv1.weight.m": np.full((2, 1, 2, 2), 1e-30, np.float32)},
    step=6,
    generator=dict(np.random.default_rng(3).bit_generator.state),
    history=(Epoch(1, 0.1, 0.1 + 0.2, 0.5, 0.25), Epoch(2, 0.1, 1 / 3, 1.0, 1.0)),
)
CONFIGURATION = {"model": "simple", "training": {"lr": 0.1, "augment": False}, "folder": None}


def written(folder: Path) -> Path:
    path = folder / "run.npz"
    checkpoint.save(path, STATE, CONFIGURATION)
    return path


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("good")).read_bytes()


def assert_same(one: State, other: State) -> None:
    for kind in ("parameters", "statistics", "optimiser"):
        mine, theirs = getattr(one, kind), getattr(other, kind)
        assert list(mine) == list(theirs)
        for name, array in mine.items():
            assert_array_equal(array, theirs[name], name, strict=True)
    assert (one.step, one.generator, one.history) == (other.step, other.generator, other.history)


def refusal_of(path: Path) -> str:
    """Return why a file is refused, which must be one line about that file."""
    with pytest.raises(CheckpointError) as refusal:
        checkpoint.load(path)
    message = str(refusal.value)
    beginning = f"checkpoint: path must be a whole checkpoint of refcnn, got {path}: "
    assert message.startswith(beginning)
    assert "\n" not in message
    reason = message.removeprefix(beginning)
    assert reason
    return reason


def test_what_was_written_is_read(tmp_path: Path) -> None:
    state, configuration = checkpoint.load(written(tmp_path))
    assert_same(state, STATE)
    assert configuration == CONFIGURATION


@settings(max_examples=30)
@given(losses=st.lists(st.floats(allow_nan=False), max_size=4), step=st.integers(0, 2**70))
def test_numbers_come_back_bit_by_bit(tmp_path_factory: pytest.TempPathFactory, losses: list[float], step: int) -> None:
    history = tuple(Epoch(number, 0.1, loss, 0.0, 1.0) for number, loss in enumerate(losses, start=1))
    path = tmp_path_factory.getbasetemp() / "numbers.npz"
    checkpoint.save(path, STATE._replace(history=history, step=step), {})
    read, _ = checkpoint.load(path)
    assert (read.history, read.step) == (history, step)


def test_a_file_is_readable_for_whom_the_folder_says(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(written(tmp_path).stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_numpy_alone_reads_the_file(tmp_path: Path) -> None:
    with np.load(written(tmp_path), allow_pickle=False) as file:
        assert_array_equal(file["parameters/conv1.weight"], STATE.parameters["conv1.weight"])
        assert json.loads(str(file["run"]))["configuration"] == CONFIGURATION


def test_nothing_but_the_checkpoint_is_left_in_the_folder(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def fail_after(count: int, error: BaseException) -> Callable[..., Any]:
    """Return a write of files that lets so many bytes through, and then raises."""

    def savez(file: Any, **arrays: Any) -> None:
        whole = io.BytesIO()
        np.savez_compressed(whole, **arrays)  # savez itself is not itself here
        file.write(whole.getvalue()[:count])
        raise error

    return savez


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()], ids=repr
)
@pytest.mark.parametrize("count", [0, 100])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, count: int
) -> None:
    path = written(tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(np, "savez", fail_after(count, error))
    with pytest.raises(type(error)):
        checkpoint.save(path, STATE, {"other": 1})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("where", [(os, "fsync"), (Path, "replace")])
def test_a_disk_that_fails_at_the_end_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: tuple[Any, str]
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    path = written(tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(*where, fail)
    with pytest.raises(OSError, match="Input/output error"):
        checkpoint.save(path, STATE, {"other": 1})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_bytes_are_on_the_disk_before_the_file_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []

    def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            happened.append(name)
            return function(*arguments)

        return call

    monkeypatch.setattr(os, "fsync", noted("fsync", os.fsync))
    monkeypatch.setattr(Path, "replace", noted("replace", Path.replace))
    written(tmp_path)
    assert happened == ["fsync", "replace"]


def test_a_folder_that_is_missing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        checkpoint.save(tmp_path / "missing" / "run.npz", STATE, {})


def test_what_json_cannot_hold_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        checkpoint.save(tmp_path / "run.npz", STATE, {"folder": tmp_path})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"must be a file that a run wrote, got .*run.npz, which does not exist$"):
        checkpoint.load(tmp_path / "run.npz")
    with pytest.raises(CheckpointError, match=r"must be a file that a run wrote, got .*, which is no file$"):
        checkpoint.load(tmp_path)


@given(data=st.data())
def test_a_truncated_file_is_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "truncated.npz"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    refusal_of(path)


def assert_refused_or_unharmed(path: Path, content: bytes) -> None:
    """Accept the bytes that say nothing about the run, such as the times of the entries."""
    path.write_bytes(content)
    try:
        state, configuration = checkpoint.load(path)
    except CheckpointError:
        refusal_of(path)
    else:
        assert_same(state, STATE)
        assert configuration == CONFIGURATION


@pytest.mark.no_cover
@settings(max_examples=200)
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, place: int, bit: int
) -> None:
    damaged = bytearray(content)
    damaged[place % len(content)] ^= 1 << bit
    assert_refused_or_unharmed(tmp_path_factory.getbasetemp() / "flipped.npz", bytes(damaged))


def test_a_flipped_byte_in_the_directory_of_the_archive_is_refused_or_does_not_matter(
    tmp_path: Path, content: bytes
) -> None:
    """Every byte there: encryption, unknown compression, entries elsewhere, and what else a header may claim."""
    directory = content.rindex(b"PK\x01\x02")
    for place in range(directory, len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        assert_refused_or_unharmed(tmp_path / "flipped.npz", bytes(damaged))


def test_a_flipped_byte_in_an_array_is_always_refused(tmp_path: Path, content: bytes) -> None:
    place = content.index(STATE.parameters["conv1.weight"].tobytes())
    damaged = bytearray(content)
    damaged[place] ^= 1
    path = tmp_path / "flipped.npz"
    path.write_bytes(damaged)
    assert refusal_of(path) == "its entry parameters/conv1.weight.npy is damaged"


@given(noise=st.binary(max_size=300))
def test_noise_is_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.npz"
    path.write_bytes(noise)
    refusal_of(path)
    path.write_bytes(noise + content[len(noise) : -30])
    refusal_of(path)


@pytest.mark.parametrize(
    "foreign", [b"", b"accuracy: 0.99\n", b"PK", pickle.dumps({"weight": [1.0]}), b"\x93NUMPY"], ids=repr
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, foreign: bytes) -> None:
    path = tmp_path / "run.npz"
    path.write_bytes(foreign)
    assert refusal_of(path) == "File is not a zip file"


def test_an_error_without_words_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    path = written(tmp_path)
    monkeypatch.setattr(np, "load", fail)
    assert refusal_of(path) == "MemoryError"
