"""Winograd's F(4×4, 3×3) (Lavin and Gray 2016), whose transforms amplify rounding more than those of small tiles.

Unusual: errors follow the norm of the arrays, which is declared; larger kernels and dilation are not supported.
"""

import numpy as np
from _winograd import Winograd

CONVENTIONS = dict.fromkeys(("conv1d.accuracy", "conv2d.accuracy", "conv_transpose2d.accuracy"), "normwise")

conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = Winograd(
    output=np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]),
    tile=np.array(
        [
            [4, 0, -5, 0, 1, 0],
            [0, -4, -4, 1, 1, 0],
            [0, 4, -4, -1, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 2, -1, -2, 1, 0],
            [0, 4, 0, -5, 0, 1],
        ]
    ),
    kernel=np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24,
).functions()
