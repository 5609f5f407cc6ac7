"""LeNet-5, the network that read cheques."""

from __future__ import annotations

import numpy as np

from refcnn._checks import require
from refcnn.layers import Conv2d, Flatten
from refcnn.layers.layer import Shape
from refcnn.models.lenet5_layers import ScaledTanh, SparselyConnectedConv2d, SubSampling
from refcnn.models.network import Network
from refcnn.models.steps import affine, convolution

# Table I of the paper, turned on its side: the maps of S2 that each map of C3 looks at.
CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (4, 5, 0), (5, 0, 1)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (3, 4, 5, 0), (4, 5, 0, 1), (5, 0, 1, 2)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)


class LeNet5(Network):
    """The network of 1998: C1 – S2 – C3 – S4 – C5 – F6 – output, with 60,000 parameters up to F6.

    It differs from the paper in two places:

    - The output. The paper measures the distance of F6 to a fixed drawing of each character, 7×12 pixels, which
      fits its own loss and asks for codes that only characters have. Here a linear map without bias answers
      logits, for softmax and cross-entropy; it has the paper's 84 connections a class, but they are trained.
    - The initial weights: normal, of the standard deviation 1 / √fan-in, instead of uniform in ± 2.4 / fan-in. The
      paper's shrink as the fan-in grows, and so does the signal from layer to layer, which the paper made up for
      by a learning rate for each weight. Efficient BackProp, by the same first author and in the same year,
      recommends the ones taken, for just this squashing function. Biases begin as 0.

    Parameters
    ----------
    input_shape : (C, 32, 32), or (C, 28, 28), which C1 then pads by 2 pixels: the same as digits of 28×28 pixels in
        the middle of the paper's 32×32, if their background is 0
    classes : int
    rng : the generator of the weights, or its seed

    Raises
    ------
    TypeError, ValueError
        An `input_shape` of other images, classes below 1.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document recognition, section
    II.B. LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, sections 4.4 and 4.6.

    Examples
    --------
    >>> rows = {row.name: row for row in LeNet5().summary()}
    >>> [rows[name].parameters for name in ("c1", "s2", "c3", "s4", "c5", "f6", "output")]
    [156, 12, 1516, 32, 48120, 10164, 840]
    """

    def __init__(
        self, input_shape: Shape = (1, 32, 32), *, classes: int = 10, rng: np.random.Generator | int = 0
    ) -> None:
        rng = np.random.default_rng(rng)

        def c1(shape: Shape) -> Conv2d:
            return Conv2d(shape[0], 6, 5, padding=_padding(shape), init=(25 * shape[0]) ** -0.5, rng=rng)

        super().__init__(
            input_shape,
            c1=c1,
            squash1=ScaledTanh(),
            s2=SubSampling(6),
            squash2=ScaledTanh(),
            c3=lambda _: SparselyConnectedConv2d(6, CONNECTIONS, 5, rng=rng),
            squash3=ScaledTanh(),
            s4=SubSampling(16),
            squash4=ScaledTanh(),
            c5=convolution(120, 5, init=(25 * 16) ** -0.5, rng=rng),
            squash5=ScaledTanh(),
            flatten=Flatten(),
            f6=affine(84, init=120**-0.5, rng=rng),
            squash6=ScaledTanh(),
            output=affine(classes, bias=False, init=84**-0.5, rng=rng),
        )


def _padding(shape: Shape) -> int:
    """Return the pixels that C1 adds on each side, so that its input is one of 32×32."""
    rule = "(C, 32, 32), or (C, 28, 28) to be padded"
    require(shape[1:] in ((32, 32), (28, 28)), "LeNet5", "input_shape", rule, shape)
    return (32 - shape[1]) // 2
