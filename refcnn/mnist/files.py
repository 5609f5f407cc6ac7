"""The four files of MNIST in a folder, and what has to hold between them."""

from pathlib import Path
from typing import TypeAlias

from refcnn.mnist.error import require_data
from refcnn.mnist.idx import Bytes, read_idx

Labelled: TypeAlias = tuple[Bytes, Bytes]

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
IMAGE_SHAPE = (28, 28)
CLASSES = 10


def find_files(folder: Path) -> list[Path]:
    """Find the four files, in the order of `NAMES`; each may end in `.gz`, and the plain name goes first.

    Raises
    ------
    DataError
        No such folder, or one without some of the files, which it names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in NAMES:
    ...         Path(folder, f"{name}.gz").touch()
    ...     [path.name for path in find_files(Path(folder))][0]
    'train-images-idx3-ubyte.gz'
    """
    rule = f"a folder that holds {', '.join(NAMES)}, each with or without .gz"
    require_data(folder.is_dir(), "folder", rule, f"{folder}, which is no folder")
    found = [_existing(folder, name) for name in NAMES]
    missing = [name for name, path in zip(NAMES, found, strict=True) if path is None]
    require_data(not missing, "folder", rule, f"{folder} without {', '.join(missing)}")
    return [path for path in found if path is not None]


def _existing(folder: Path, name: str) -> Path | None:
    """Return the path of the file, compressed or not, or None."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def read_labelled(images_path: Path, labels_path: Path) -> Labelled:
    """Read images (N, 28, 28) and labels (N,), both uint8, N at least 1.

    Raises
    ------
    DataError
        As `read_idx`, and for no image at all, another number of labels than of images, and a label above 9.
    """
    images, labels = read_idx(images_path, IMAGE_SHAPE), read_idx(labels_path, ())
    require_data(len(images) > 0, images_path, "a file of at least 1 image", 0)
    rule = f"a file of {len(images)} labels, one for each image in {images_path.name}"
    require_data(len(labels) == len(images), labels_path, rule, len(labels))
    require_data(int(labels.max()) < CLASSES, labels_path, f"labels from 0 to {CLASSES - 1}", int(labels.max()))
    return images, labels
