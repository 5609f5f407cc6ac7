"""The windows of an image as the rows of a matrix, and the way back."""

import numpy as np

from refcnn._checks import FloatArray, Padding, Pair, floats, image_shape, pair, rank, shape
from refcnn._windows import cells, slide_both


def im2col(
    x: FloatArray,
    kernel_size: Pair,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
) -> FloatArray:
    """Write every window of the images as a row, so that a convolution becomes a matrix product.

    cols[(n, oh, ow), (c, kh, kw)] = x[n, c, h, w], where h = oh·stride + kh·dilation − top and
    w = ow·stride + kw·dilation − left; x is 0 in the padding.

    Parameters
    ----------
    x : (N, C, H, W), float16, float32 or float64
    kernel_size, stride, dilation : int or (vertical, horizontal), in pixels
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), in pixels

    Returns
    -------
    (N·OH·OW, C·KH·KW), dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating, or an attribute that is not an int.
    ValueError
        A wrong number of axes, an attribute out of range, a kernel that does not fit the padded image.

    References
    ----------
    Chellapilla, Puri and Simard (2006), High performance convolutional neural networks for document
    processing, section 3.1 ("unrolling convolution").

    Examples
    --------
    >>> im2col(np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]), 2).tolist()
    [[1.0, 2.0, 4.0, 5.0], [2.0, 3.0, 5.0, 6.0]]
    """
    (x,), dtype = floats("im2col", x=x)
    rank("im2col", "x", x.shape, "(N, C, H, W)")
    kernel = pair("im2col", "kernel_size", kernel_size, 1)
    axes = slide_both("im2col", "kernel_size", x.shape[2:], kernel, stride, padding, dilation)
    (N, C), (KH, KW), (OH, OW) = x.shape[:2], kernel, (axis.outputs for axis in axes)
    cols = np.zeros((N, OH, OW, C, KH, KW), dtype)
    windows = cols.transpose(0, 3, 4, 5, 1, 2)  # to (N, C, KH, KW, OH, OW)
    for (i, j), outputs, pixels in cells(axes):
        windows[:, :, i, j][outputs] = x[pixels]
    return cols.reshape(N * OH * OW, C * KH * KW)


def col2im(
    cols: FloatArray,
    input_shape: tuple[int, int, int, int],
    kernel_size: Pair,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
) -> FloatArray:
    """Add the rows of a matrix of windows back into images: the adjoint of `im2col`.

    x[n, c, h, w] = Σ cols[(n, oh, ow), (c, kh, kw)] over all windows and offsets that show the pixel:
    h = oh·stride + kh·dilation − top and w = ow·stride + kw·dilation − left.

    Parameters
    ----------
    cols : (N·OH·OW, C·KH·KW), float16, float32 or float64
    input_shape : (N, C, H, W)
    kernel_size, stride, dilation : int or (vertical, horizontal), in pixels
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), in pixels

    Returns
    -------
    (N, C, H, W), dtype of `cols`

    Raises
    ------
    TypeError
        An array that is not floating, or an attribute that is not an int.
    ValueError
        `cols` of another shape than `im2col` gives, an attribute out of range, a kernel that does not fit.

    References
    ----------
    Chellapilla, Puri and Simard (2006), section 3.1, on the backward pass.

    Examples
    --------
    >>> col2im(np.ones((2, 4)), (1, 1, 2, 3), 2).tolist()
    [[[[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]]]
    """
    (cols,), dtype = floats("col2im", cols=cols)
    N, C, H, W = image_shape("col2im", input_shape)
    KH, KW = pair("col2im", "kernel_size", kernel_size, 1)
    axes = slide_both("col2im", "kernel_size", (H, W), (KH, KW), stride, padding, dilation)
    OH, OW = (axis.outputs for axis in axes)
    shape("col2im", "cols", cols, (N * OH * OW, C * KH * KW))
    windows = cols.reshape(N, OH, OW, C, KH, KW).transpose(0, 3, 4, 5, 1, 2)  # to (N, C, KH, KW, OH, OW)
    x = np.zeros((N, C, H, W), cols.dtype)
    with np.errstate(all="ignore"):  # inf − inf is NaN, and no cause for a warning
        for (i, j), outputs, pixels in cells(axes):
            x[pixels] += windows[:, :, i, j][outputs]
        return np.asarray(x, dtype)
