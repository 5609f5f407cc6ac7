"""Files of the IDX format: read what was written, and refuse whatever is not quite one."""

import gzip
import os
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from refcnn.mnist import DataError
from refcnn.mnist.files import find_files, read_labelled
from refcnn.mnist.idx import read_idx

NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
ADVICE = "; get the file again, or leave out the folder to have it downloaded"
IMAGES = np.arange(3 * 28 * 28).reshape(3, 28, 28).astype(np.uint8)
LABELS = np.array([7, 0, 9], np.uint8)


def idx_of(items: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">BBBB{items.ndim}I", 0, 0, 8, items.ndim, *items.shape) + items.tobytes()


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def refusal_of(path: Path, item_shape: tuple[int, ...]) -> str:
    with pytest.raises(DataError) as refusal:
        read_idx(path, item_shape)
    message = str(refusal.value)
    assert message.startswith(f"refcnn.mnist: {path} must be ")
    assert message.endswith(ADVICE)
    return message.removeprefix(f"refcnn.mnist: {path} must be ").removesuffix(ADVICE)


@given(items=arrays(np.uint8, array_shapes(max_dims=4, min_side=0, max_side=4)), compressed=st.booleans())
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, items: NDArray[np.uint8], compressed: bool
) -> None:
    content = gzip.compress(idx_of(items)) if compressed else idx_of(items)
    read = read_idx(file_of(tmp_path_factory.getbasetemp(), content), items.shape[1:])
    assert read.dtype == np.uint8
    assert_array_equal(read, items, strict=True)


@given(place=st.integers(0, 15), byte=st.integers(0, 255), compressed=st.booleans())
def test_one_wrong_byte_in_the_header_is_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, compressed: bool
) -> None:
    content = bytearray(idx_of(IMAGES))
    is_wrong = content[place] != byte
    content[place] = byte
    path = file_of(tmp_path_factory.getbasetemp(), gzip.compress(content) if compressed else bytes(content))
    if is_wrong:
        refusal_of(path, (28, 28))
    else:
        assert_array_equal(read_idx(path, (28, 28)), IMAGES, strict=True)


@given(data=st.data())
def test_one_wrong_byte_in_a_compressed_file_is_refused_or_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(gzip.compress(idx_of(LABELS), mtime=0))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = file_of(tmp_path_factory.getbasetemp(), bytes(content))
    try:
        read = read_idx(path, ())
    except DataError:
        return
    assert_array_equal(read, LABELS, strict=True)  # gzip's own header has bytes without meaning


@given(length=st.integers(0, 4 + 12 + 3 * 784 - 1), compressed=st.booleans())
def test_a_truncated_file_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int, compressed: bool) -> None:
    content = idx_of(IMAGES)[:length]
    refusal_of(file_of(tmp_path_factory.getbasetemp(), gzip.compress(content) if compressed else content), (28, 28))


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"",
            "an IDX file of unsigned bytes with 3 axes (magic number 00000803), got magic number of no bytes",
        ),
        (
            idx_of(LABELS),
            "an IDX file of unsigned bytes with 3 axes (magic number 00000803), got magic number 00000801",
        ),
        (idx_of(IMAGES)[:15], "long enough for the sizes of 3 axes, got 15 bytes"),
        (idx_of(IMAGES[:, 1:]), "a file of items of shape (28, 28), got (27, 28)"),
        (idx_of(IMAGES)[:-1], "of the 2352 bytes after the header that it claims, got 2351"),
        (idx_of(IMAGES) + b"\0", "of the 2352 bytes after the header that it claims, got more"),
        (
            struct.pack(">4I", 0x803, 2**32 - 1, 28, 28) + bytes(784),
            "of at most 1073741824 bytes, got a header that claims 3367254359280 for 4294967295 items",
        ),
    ],
    ids=["empty", "labels", "header", "size", "short", "long", "lying"],
)
def test_the_refusal_says_what_is_wrong(tmp_path: Path, pack: Any, content: bytes, message: str) -> None:
    assert refusal_of(file_of(tmp_path, pack(content)), (28, 28)) == message


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda packed: packed[:-9], "EOFError"),
        (lambda packed: packed[:-8] + bytes(4) + packed[-4:], "BadGzipFile"),
        (lambda packed: packed[:10] + b"\xff" * 20 + packed[30:], "error"),
        (lambda packed: packed + b"rubbish", "BadGzipFile"),
    ],
    ids=["cut", "checksum", "stream", "trailing"],
)
def test_broken_gzip_is_refused(tmp_path: Path, damage: Any, reason: str) -> None:
    message = refusal_of(file_of(tmp_path, damage(gzip.compress(idx_of(IMAGES)))), (28, 28))
    assert message.startswith(f"a readable file, plain or whole gzip, got {reason}: ")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    message = refusal_of(tmp_path / "nowhere", ())
    assert message.startswith("a readable file, plain or whole gzip, got FileNotFoundError: ")


@pytest.mark.parametrize("count", [10, 2**30])
def test_a_bomb_is_not_unpacked_and_a_lying_header_allocates_nothing(tmp_path: Path, count: int) -> None:
    header = struct.pack(">2I", 0x801, count)
    path = file_of(tmp_path, gzip.compress(header + bytes(1 << 22)))
    plain = tmp_path / "plain"
    plain.write_bytes(header + bytes(9))
    tracemalloc.start()
    with pytest.raises(DataError, match="bytes after the header that it claims"):
        read_idx(path, ())
    with pytest.raises(DataError, match="bytes after the header that it claims, got 9"):
        read_idx(plain, ())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A false 10 costs a piece; a false 2³⁰ at most what is there, a piece, and the room a growing array keeps ahead.
    assert peak < (1 << 21 if count == 10 else 1 << 23)


def four_files(folder: Path, endings: list[str]) -> list[Path]:
    paths = [folder / (name + ending) for name, ending in zip(NAMES, endings, strict=True)]
    for path in paths:
        path.write_bytes(b"")
    return paths


def test_files_are_found_with_and_without_their_ending(tmp_path: Path) -> None:
    paths = four_files(tmp_path, [".gz", "", "", ".gz"])
    assert find_files(tmp_path) == paths


def test_the_plain_file_goes_before_the_compressed_one(tmp_path: Path) -> None:
    four_files(tmp_path, [".gz"] * 4)
    plain = four_files(tmp_path, [""] * 4)
    assert find_files(tmp_path) == plain


@pytest.mark.parametrize("missing", [[0], [1, 3], [0, 1, 2, 3]], ids=str)
def test_missing_files_are_named(tmp_path: Path, missing: list[int]) -> None:
    for path in [four_files(tmp_path, [""] * 4)[i] for i in missing]:
        path.unlink()
        path.mkdir()  # a folder of that name is no file
    with pytest.raises(DataError) as refusal:
        find_files(tmp_path)
    names = ", ".join(NAMES[i] for i in missing)
    rule = f"a folder that holds {', '.join(NAMES)}, each with or without .gz"
    assert str(refusal.value) == f"refcnn.mnist: folder must be {rule}, got {tmp_path} without {names}"


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refusal:
        find_files(tmp_path / "nowhere")
    assert str(refusal.value).endswith(f", got {tmp_path / 'nowhere'}, which is no folder")


def labelled(folder: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> tuple[Path, Path]:
    paths = folder / "images", folder / "labels"
    for path, items in zip(paths, (images, labels), strict=True):
        path.write_bytes(idx_of(items))
    return paths


def test_images_and_labels_are_read_together(tmp_path: Path) -> None:
    images, labels = read_labelled(*labelled(tmp_path, IMAGES, LABELS))
    assert_array_equal(images, IMAGES, strict=True)
    assert_array_equal(labels, LABELS, strict=True)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES[:0], LABELS[:0], "images must be a file of at least 1 image, got 0"),
        (IMAGES, LABELS[:2], "labels must be a file of 3 labels, one for each image in images, got 2"),
        (IMAGES[:2], LABELS, "labels must be a file of 2 labels, one for each image in images, got 3"),
        (IMAGES, LABELS + np.uint8(1), "labels must be labels from 0 to 9, got 10"),
    ],
    ids=["none", "few", "many", "ten"],
)
def test_files_at_odds_with_each_other_are_refused(
    tmp_path: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8], message: str
) -> None:
    with pytest.raises(DataError) as refusal:
        read_labelled(*labelled(tmp_path, images, labels))
    assert str(refusal.value) == f"refcnn.mnist: {tmp_path}{os.sep}{message}"
