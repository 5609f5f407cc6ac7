"""Only backward functions are there, and ``col2im`` without ``im2col``."""

from refcnn import col2im, conv_transpose2d_backward, cross_entropy_backward, linear_backward, max_pool2d_backward

__all__ = [
    "col2im",
    "conv_transpose2d_backward",
    "cross_entropy_backward",
    "linear_backward",
    "max_pool2d_backward",
]
