"""A NumPy reference of the operators of convolutional networks, forward and backward."""

from refcnn.activation import relu, relu_backward, sigmoid, sigmoid_backward, tanh, tanh_backward
from refcnn.avg_pool import avg_pool2d, avg_pool2d_backward, global_avg_pool2d, global_avg_pool2d_backward
from refcnn.batch_norm import batch_norm, batch_norm_backward
from refcnn.conv import conv1d, conv1d_backward, conv2d, conv2d_backward
from refcnn.conv_transpose import conv_transpose2d, conv_transpose2d_backward
from refcnn.dropout import dropout, dropout_backward
from refcnn.im2col import col2im, im2col
from refcnn.linear import linear, linear_backward
from refcnn.local_response_norm import local_response_norm, local_response_norm_backward
from refcnn.loss import cross_entropy, cross_entropy_backward
from refcnn.max_pool import max_pool2d, max_pool2d_backward
from refcnn.optim import adam_update, momentum_update, sgd_update
from refcnn.softmax import softmax, softmax_backward

__version__ = "0.1.0"

__all__ = [
    "adam_update",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "col2im",
    "conv1d",
    "conv1d_backward",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "dropout",
    "dropout_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "im2col",
    "linear",
    "linear_backward",
    "local_response_norm",
    "local_response_norm_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "momentum_update",
    "relu",
    "relu_backward",
    "sgd_update",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
]
