"""A network of convolutions and nothing else."""

from __future__ import annotations

from functools import partial

import numpy as np

from refcnn._checks import require
from refcnn.layers import Dropout, Flatten, GlobalAvgPool2d, ReLU
from refcnn.layers.layer import Shape
from refcnn.models.network import Network
from refcnn.models.steps import convolution


class AllConvolutionalNet(Network):
    """Convolutions with strides in place of pooling, 1×1 ones in place of affine layers, and a mean at the end.

    The form is the paper's All-CNN-C: twice two 3×3 convolutions and a third of stride 2; a 3×3 one without
    padding; two of 1×1, the last of which answers one map a class, whose mean is the logit. Unlike the paper's,
    that last one has no relu: a class that is cut off in all pixels would get no gradient.

    Parameters
    ----------
    input_shape : (C, H, W)
    widths : (int, int), the channels before and after the first step of stride 2
    classes : int
    input_dropout, dropout : float in [0, 1), the probability of a cell to be dropped, of the input and after
        each stride of 2; the paper has 0.2 and 0.5, for nets of many more channels and hundreds of epochs
    rng : the generator of the weights, or its seed

    Raises
    ------
    TypeError, ValueError
        A setting out of range, an image too small for the strides, by the layer's name.

    References
    ----------
    Springenberg, Dosovitskiy, Brox and Riedmiller (2015), Striving for simplicity: the all convolutional net,
    section 3.1 and table 2.

    Examples
    --------
    >>> network = AllConvolutionalNet(widths=(4, 8))
    >>> [row.output_shape for row in network.summary() if row.kind == "Conv2d"][2::3]
    [(4, 14, 14), (8, 7, 7), (10, 5, 5)]
    """

    def __init__(
        self,
        input_shape: Shape = (1, 28, 28),
        *,
        widths: tuple[int, int] = (24, 48),
        classes: int = 10,
        input_dropout: float = 0.0,
        dropout: float = 0.0,
        rng: np.random.Generator | int = 0,
    ) -> None:
        is_pair = isinstance(widths, tuple | list) and len(widths) == 2
        require(is_pair, "AllConvolutionalNet", "widths", "two ints", widths)
        narrow, wide = widths
        conv = partial(convolution, rng=np.random.default_rng(rng))
        super().__init__(
            input_shape,
            dropout0=lambda _: Dropout(input_dropout),
            conv1=conv(narrow, 3, padding=1),
            relu1=ReLU(),
            conv2=conv(narrow, 3, padding=1),
            relu2=ReLU(),
            conv3=conv(narrow, 3, stride=2, padding=1),
            relu3=ReLU(),
            dropout3=lambda _: Dropout(dropout),
            conv4=conv(wide, 3, padding=1),
            relu4=ReLU(),
            conv5=conv(wide, 3, padding=1),
            relu5=ReLU(),
            conv6=conv(wide, 3, stride=2, padding=1),
            relu6=ReLU(),
            dropout6=lambda _: Dropout(dropout),
            conv7=conv(wide, 3),
            relu7=ReLU(),
            conv8=conv(wide, 1),
            relu8=ReLU(),
            conv9=conv(classes, 1),
            pool=GlobalAvgPool2d(),
            flatten=Flatten(),
        )
