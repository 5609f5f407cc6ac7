"""Only ``relu`` and ``conv2d`` are there, without their backward functions."""

from refcnn import conv2d, relu

__all__ = ["conv2d", "relu"]
