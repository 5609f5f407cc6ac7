"""A deep network of small kernels, for digits."""

from __future__ import annotations

import numpy as np

from refcnn._checks import require
from refcnn.layers import Dropout, Flatten, MaxPool2d, ReLU
from refcnn.layers.layer import Shape
from refcnn.models.network import Network, Step
from refcnn.models.steps import affine, batch_norm, convolution


class DeepConvNet(Network):
    """Stages of two 3×3 convolutions each, with batch normalisation and relu, then pooling and dropout.

    Two kernels of 3×3 look as far as one of 5×5, with fewer weights and one more relu. A layer before batch
    normalisation has no bias, since the mean that is taken away takes it along. After the stages comes a hidden
    affine layer with batch normalisation, relu and dropout, and the affine layer of the classes.

    Parameters
    ----------
    input_shape : (C, H, W)
    widths : ints, the channels of each stage; each stage halves the image
    hidden : int, the features of the hidden layer
    classes : int
    dropout, hidden_dropout : float in [0, 1), the probability of a cell to be dropped, after each stage and
        after the hidden layer
    rng : the generator of the weights, or its seed

    Raises
    ------
    TypeError, ValueError
        A setting out of range, more stages than the image can be halved, by the layer's name.

    References
    ----------
    Simonyan and Zisserman (2015), Very deep convolutional networks for large-scale image recognition, section 2.
    Ioffe and Szegedy (2015), Batch normalization, section 3.2. Srivastava et al. (2014), Dropout.

    Examples
    --------
    >>> network = DeepConvNet(widths=(4, 8), hidden=16)
    >>> [row.output_shape for row in network.summary() if row.kind in ("MaxPool2d", "Linear")]
    [(4, 14, 14), (8, 7, 7), (16,), (10,)]
    """

    def __init__(
        self,
        input_shape: Shape = (1, 28, 28),
        *,
        widths: tuple[int, ...] = (16, 32, 64),
        hidden: int = 128,
        classes: int = 10,
        dropout: float = 0.1,
        hidden_dropout: float = 0.3,
        rng: np.random.Generator | int = 0,
    ) -> None:
        is_several = isinstance(widths, tuple | list) and len(widths) > 0
        require(is_several, "DeepConvNet", "widths", "one int or more, in a tuple", widths)
        rng = np.random.default_rng(rng)
        stages: dict[str, Step] = {}
        for number, width in enumerate(widths, start=1):
            for name in (f"{number}a", f"{number}b"):
                stages[f"conv{name}"] = convolution(width, 3, padding=1, bias=False, rng=rng)
                stages[f"norm{name}"] = batch_norm
                stages[f"relu{name}"] = ReLU()
            stages[f"pool{number}"] = MaxPool2d(2)
            stages[f"dropout{number}"] = lambda _: Dropout(dropout)
        super().__init__(
            input_shape,
            **stages,
            flatten=Flatten(),
            affine1=affine(hidden, bias=False, rng=rng),
            norm=batch_norm,
            relu=ReLU(),
            dropout=lambda _: Dropout(hidden_dropout),
            affine2=affine(classes, rng=rng),
        )
