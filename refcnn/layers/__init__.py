"""Layers: state over the pure functions of `refcnn`, or of any other implementation of the contract."""

from refcnn.layers.activation import ReLU, Sigmoid, Tanh
from refcnn.layers.convolution import Conv2d, ConvTranspose2d
from refcnn.layers.dropout import Dropout
from refcnn.layers.layer import Layer
from refcnn.layers.linear import Flatten, Linear
from refcnn.layers.loss import SoftmaxCrossEntropy
from refcnn.layers.normalisation import BatchNorm, LocalResponseNorm
from refcnn.layers.pooling import AvgPool2d, GlobalAvgPool2d, MaxPool2d
from refcnn.layers.sequential import Sequential

__all__ = [
    "AvgPool2d",
    "BatchNorm",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Flatten",
    "GlobalAvgPool2d",
    "Layer",
    "Linear",
    "LocalResponseNorm",
    "MaxPool2d",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "Tanh",
]
