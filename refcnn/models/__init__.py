"""Networks from layers: the simplest one, the historical ones, and deep ones for digits."""

from refcnn.models.alexnet import AlexNet, small_alexnet
from refcnn.models.all_convolutional import AllConvolutionalNet
from refcnn.models.catalogue import MODELS, build
from refcnn.models.deep import DeepConvNet
from refcnn.models.lenet5 import LeNet5
from refcnn.models.network import Network, SummaryRow
from refcnn.models.simple import SimpleConvNet

__all__ = [
    "MODELS",
    "AlexNet",
    "AllConvolutionalNet",
    "DeepConvNet",
    "LeNet5",
    "Network",
    "SimpleConvNet",
    "SummaryRow",
    "build",
    "small_alexnet",
]
