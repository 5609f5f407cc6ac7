"""Windows, and windows as a matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from _contract_checks import (
    Array,
    Pair,
    Sides,
    floats,
    integer,
    pair,
    quiet,
    rank,
    require,
    same_shape,
    sides,
    windows_that_fit,
)


def taps(start: int, kernel: int, dilation: int, size: int) -> Iterator[Pair]:
    """Which (kernel index, image index) of one window lie inside the image."""
    for k in range(kernel):
        if 0 <= start + k * dilation < size:
            yield k, start + k * dilation


def cells(
    position: Pair, size: Pair, kernel: Pair, stride: Pair, pads: Sides, dilation: Pair
) -> Iterator[tuple[int, int, int, int]]:
    """Every (kh, kw, h, w) of the window at `position` that lies inside the image, in row-major order."""
    top = position[0] * stride[0] - pads[0][0]
    left = position[1] * stride[1] - pads[1][0]
    for kh, h in taps(top, kernel[0], dilation[0], size[0]):
        for kw, w in taps(left, kernel[1], dilation[1], size[1]):
            yield kh, kw, h, w


def im2col(
    x: npt.ArrayLike, kernel_size: object, *, stride: object = 1, padding: object = 0, dilation: object = 1
) -> Array:
    (image,) = floats(x=x)
    rank("x", image, 4)
    N, C, H, W = image.shape
    kernel, step = pair("kernel_size", kernel_size, 1), pair("stride", stride, 1)
    pads, spread = sides(padding), pair("dilation", dilation, 1)
    OH, OW = windows_that_fit((H, W), kernel, step, pads, spread)
    rows = np.zeros((N, OH, OW, C, *kernel), image.dtype)
    for n, oh, ow in np.ndindex(N, OH, OW):
        for kh, kw, h, w in cells((oh, ow), (H, W), kernel, step, pads, spread):
            for c in range(C):
                rows[n, oh, ow, c, kh, kw] = image[n, c, h, w]
    return rows.reshape(N * OH * OW, C * kernel[0] * kernel[1])


@quiet
def col2im(
    cols: npt.ArrayLike,
    input_shape: Sequence[int],
    kernel_size: object,
    *,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
) -> Array:
    (matrix,) = floats(cols=cols)
    require(len(input_shape) == 4, "input_shape", "four sizes", input_shape)
    N, C, H, W = (integer("input_shape", size, 0) for size in input_shape)
    kernel, step = pair("kernel_size", kernel_size, 1), pair("stride", stride, 1)
    pads, spread = sides(padding), pair("dilation", dilation, 1)
    OH, OW = windows_that_fit((H, W), kernel, step, pads, spread)
    same_shape("cols", matrix, (N * OH * OW, C * kernel[0] * kernel[1]))
    rows = matrix.reshape(N, OH, OW, C, *kernel)
    image = np.zeros((N, C, H, W), matrix.dtype)
    for n, oh, ow in np.ndindex(N, OH, OW):
        for kh, kw, h, w in cells((oh, ow), (H, W), kernel, step, pads, spread):
            for c in range(C):
                image[n, c, h, w] += rows[n, oh, ow, c, kh, kw]
    return image
