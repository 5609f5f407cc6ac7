"""The smallest network that has one layer of every kind."""

from __future__ import annotations

import numpy as np

from refcnn._checks import Padding, Pair
from refcnn.layers import Flatten, MaxPool2d, ReLU
from refcnn.layers.layer import Shape
from refcnn.models.network import Network
from refcnn.models.steps import affine, convolution


class SimpleConvNet(Network):
    """Convolution – relu – max pooling – affine – relu – affine.

    The answer are logits: softmax belongs to the loss, `refcnn.layers.SoftmaxCrossEntropy`. All sizes follow
    from the settings; the pixels of an odd size that fill no window of the pooling are left out, as in
    `refcnn.max_pool2d`.

    Parameters
    ----------
    input_shape : (C, H, W)
    filters : int, the channels that the convolution answers
    kernel_size, stride : int or (vertical, horizontal), of the convolution, in pixels
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), of the convolution, in pixels
    pool_size : int or (vertical, horizontal), both the window of the pooling and its step
    hidden : int, the features between the two affine layers
    classes : int
    init : "he", "xavier" or a standard deviation, of all weights; biases begin as 0
    rng : the generator of the weights, or its seed

    Raises
    ------
    TypeError, ValueError
        A setting out of range, a kernel or a pooling window that does not fit its image, by the layer's name.

    References
    ----------
    The form is that of LeCun et al. (1998), section II, with one stage of each kind; relu and initialisation as in
    He et al. (2015), Delving deep into rectifiers.

    Examples
    --------
    >>> network = SimpleConvNet()
    >>> network.forward(np.zeros((2, 1, 28, 28), np.float32)).shape, network.parameter_count
    ((2, 10), 433890)
    >>> SimpleConvNet((1, 28, 28), kernel_size=29)
    Traceback (most recent call last):
    ...
    ValueError: SimpleConvNet: conv1: Conv2d: kernel_size must be a kernel that fits the padded image of 28 pixels, \
got 29 pixels (image 28)
    """

    def __init__(
        self,
        input_shape: Shape = (1, 28, 28),
        *,
        filters: int = 30,
        kernel_size: Pair = 5,
        stride: Pair = 1,
        padding: Padding = 0,
        pool_size: Pair = 2,
        hidden: int = 100,
        classes: int = 10,
        init: str | float = "he",
        rng: np.random.Generator | int = 0,
    ) -> None:
        rng = np.random.default_rng(rng)
        super().__init__(
            input_shape,
            conv1=convolution(filters, kernel_size, stride=stride, padding=padding, init=init, rng=rng),
            relu1=ReLU(),
            pool1=MaxPool2d(pool_size),
            flatten=Flatten(),
            affine1=affine(hidden, init=init, rng=rng),
            relu2=ReLU(),
            affine2=affine(classes, init=init, rng=rng),
        )
