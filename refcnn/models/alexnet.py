"""AlexNet, the network of ImageNet 2012, and a small one of its form."""

from __future__ import annotations

from functools import partial

import numpy as np

from refcnn._checks import Padding, Pair, require
from refcnn.layers import Dropout, Flatten, LocalResponseNorm, MaxPool2d, ReLU
from refcnn.layers.layer import Shape
from refcnn.models.network import Network
from refcnn.models.steps import affine, convolution


class AlexNet(Network):
    """Five convolutions, three of them in two groups, and three affine layers: 60,965,224 parameters.

    The groups are what two graphics cards made of it in 2012. Pooling windows overlap; local response
    normalisation follows the first two convolutions, dropout the first two affine layers. While the paper says
    224×224, its own 55×55 windows of conv1 take 227×227 pixels.

    The paper's alpha = 10⁻⁴ multiplies the sum of squares, that of `refcnn.local_response_norm` their mean over
    the 5 channels; hence 5·10⁻⁴ here.

    Parameters
    ----------
    input_shape : (C, H, W)
    filters : five ints, the channels that the convolutions answer; the groups ask for even ones
    kernel_size, stride : int or (vertical, horizontal), of conv1, in pixels
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), of conv1, in pixels
    hidden : int, the features of fc6 and of fc7
    classes : int
    dropout : float in [0, 1), the probability of a feature of fc6 or fc7 to be dropped
    init : "he", "xavier" or a standard deviation, of all weights
    bias : float, what the biases of conv2, conv4, conv5, fc6 and fc7 begin as, so that their relus start out
        with positive inputs; the others begin as 0
    rng : the generator of the weights, or its seed

    Raises
    ------
    TypeError, ValueError
        A setting out of range, a window that does not fit its image, by the layer's name.

    References
    ----------
    Krizhevsky, Sutskever and Hinton (2012), ImageNet classification with deep convolutional neural networks,
    sections 3, 4.2 and 5.

    Examples
    --------
    >>> network = AlexNet((3, 67, 67), filters=(8, 16, 8, 8, 4), hidden=6, classes=5)
    >>> network.forward(np.zeros((1, 3, 67, 67), np.float32)).shape
    (1, 5)
    """

    def __init__(
        self,
        input_shape: Shape = (3, 227, 227),
        *,
        filters: tuple[int, int, int, int, int] = (96, 256, 384, 384, 256),
        kernel_size: Pair = 11,
        stride: Pair = 4,
        padding: Padding = 0,
        hidden: int = 4096,
        classes: int = 1000,
        dropout: float = 0.5,
        init: str | float = 0.01,
        bias: float = 1.0,
        rng: np.random.Generator | int = 0,
    ) -> None:
        require(isinstance(filters, tuple | list) and len(filters) == 5, "AlexNet", "filters", "five ints", filters)
        rng = np.random.default_rng(rng)
        conv, fc = partial(convolution, init=init, rng=rng), partial(affine, init=init, rng=rng)
        super().__init__(
            input_shape,
            conv1=conv(filters[0], kernel_size, stride=stride, padding=padding),
            relu1=ReLU(),
            norm1=_response_norm(),
            pool1=_overlapping_pool(),
            conv2=conv(filters[1], 5, padding=2, groups=2),
            relu2=ReLU(),
            norm2=_response_norm(),
            pool2=_overlapping_pool(),
            conv3=conv(filters[2], 3, padding=1),
            relu3=ReLU(),
            conv4=conv(filters[3], 3, padding=1, groups=2),
            relu4=ReLU(),
            conv5=conv(filters[4], 3, padding=1, groups=2),
            relu5=ReLU(),
            pool5=_overlapping_pool(),
            flatten=Flatten(),
            fc6=fc(hidden),
            relu6=ReLU(),
            dropout6=lambda _: Dropout(dropout),
            fc7=fc(hidden),
            relu7=ReLU(),
            dropout7=lambda _: Dropout(dropout),
            fc8=fc(classes),
        )
        for name in ("conv2", "conv4", "conv5", "fc6", "fc7"):
            self.layers[name].parameters["bias"].fill(bias)


def small_alexnet(
    input_shape: Shape = (1, 28, 28),
    *,
    filters: tuple[int, int, int, int, int] = (16, 32, 48, 48, 32),
    hidden: int = 256,
    classes: int = 10,
    dropout: float = 0.25,
    rng: np.random.Generator | int = 0,
) -> AlexNet:
    """Build an AlexNet for images of few pixels.

    The order and kind of its layers are those of `AlexNet`; the kernels of conv1 shrink to 5×5 and their stride to
    1, so that three poolings still have something to pool. It begins as He et al. (2015) advise, which learns at
    once where the deviation of 0.01 and the biases of 1, with so few inputs a layer, take long to get going. It
    drops a quarter of the features in place of half, since it has sixteen times fewer of them.

    Parameters
    ----------
    input_shape, filters, hidden, classes, dropout, rng : as in `AlexNet`

    Raises
    ------
    TypeError, ValueError
        As `AlexNet`.

    Examples
    --------
    >>> network = small_alexnet()
    >>> [row.output_shape for row in network.summary() if row.kind == "MaxPool2d"], network.parameter_count
    ([(16, 13, 13), (32, 6, 6), (32, 2, 2)], 139466)
    """
    return AlexNet(
        input_shape,
        filters=filters,
        kernel_size=5,
        stride=1,
        padding=2,
        hidden=hidden,
        classes=classes,
        dropout=dropout,
        init="he",
        bias=0.0,
        rng=rng,
    )


def _response_norm() -> LocalResponseNorm:
    return LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)


def _overlapping_pool() -> MaxPool2d:
    return MaxPool2d(3, stride=2)
