"""Winograd's F(2×2, 3×3) (Lavin and Gray 2016), which multiplies 16 times where a direct convolution does 36 times.

Unusual: errors follow the norm of the arrays, which is declared; larger kernels and dilation are not supported.
"""

import numpy as np
from _winograd import Winograd

CONVENTIONS = dict.fromkeys(("conv1d.accuracy", "conv2d.accuracy", "conv_transpose2d.accuracy"), "normwise")

conv1d, conv1d_backward, conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward = Winograd(
    output=np.array([[1, 1, 1, 0], [0, 1, -1, -1]]),
    tile=np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]),
    kernel=np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]),
).functions()
