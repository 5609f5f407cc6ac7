"""Average pooling: a window, or a whole image, becomes its mean."""

import numpy as np

from refcnn._checks import FloatArray, Padding, Pair, flag, floats, pixels, rank, shape
from refcnn._windows import Axes, cells, output_shape, slide_pool


def avg_pool2d(
    x: FloatArray,
    kernel_size: Pair,
    *,
    stride: Pair | None = None,
    padding: Padding = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> FloatArray:
    """Take the mean of each window.

    y[n, c, oh, ow] = Σ window[n, c, kh, kw, oh, ow] / counts[oh, ow], the sum over kh and kw, where padding
    is 0; counts are those of the cells of the window that lie inside the padded image; without `count_include_pad`,
    those inside the image.

    Parameters
    ----------
    x : (N, C, H, W), float16, float32 or float64
    kernel_size : int or (vertical, horizontal), in pixels
    stride : int, (vertical, horizontal) or None for `kernel_size`, in pixels
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), at most half of `kernel_size`
    ceil_mode : bool, whether a last window may stick out that starts in the image or the padding before it
    count_include_pad : bool, whether padding counts in the mean

    Returns
    -------
    (N, C, OH, OW), dtype of `x`

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`.

    References
    ----------
    LeCun et al. (1998), Gradient-based learning applied to document recognition, section II.A
    (sub-sampling). Dumoulin and Visin (2016), chapter 3.

    Examples
    --------
    >>> avg_pool2d(np.array([[[[1.0, 5.0, 2.0], [4.0, 2.0, 8.0]]]]), 2, ceil_mode=True).tolist()
    [[[[3.0, 5.0]]]]
    """
    (x,), dtype = floats("avg_pool2d", x=x)
    axes = slide_pool("avg_pool2d", x.shape, kernel_size, stride, padding, 1, ceil_mode)
    counts = _cell_counts("avg_pool2d", axes, count_include_pad).astype(x.dtype)
    with np.errstate(all="ignore"):  # inf − inf is NaN, and no cause for a warning
        y = np.zeros(output_shape(x, axes), x.dtype)
        for _, outputs, pixels in cells(axes):
            y[outputs] += x[pixels]
        return np.asarray(y / counts, dtype)


def avg_pool2d_backward(
    grad_output: FloatArray,
    x: FloatArray,
    kernel_size: Pair,
    *,
    stride: Pair | None,
    padding: Padding,
    ceil_mode: bool,
    count_include_pad: bool,
) -> FloatArray:
    """Share the gradient of each window among its cells.

    grad_x[n, c, h, w] = Σ grad_output[n, c, oh, ow] / counts[oh, ow] over the windows that show (h, w).

    Parameters
    ----------
    grad_output : (N, C, OH, OW), dtype of `x`
    x, kernel_size, stride, padding, ceil_mode, count_include_pad : as in `avg_pool2d`

    Returns
    -------
    (N, C, H, W), dtype of `x`

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d`, and for a `grad_output` of another shape than the output.

    References
    ----------
    LeCun et al. (1998), section II.A. The mean is linear; this is its transpose.

    Examples
    --------
    >>> attributes = dict(stride=1, padding=0, ceil_mode=False, count_include_pad=True)
    >>> avg_pool2d_backward(np.array([[[[4.0, 8.0]]]]), np.zeros((1, 1, 2, 3)), 2, **attributes).tolist()
    [[[[1.0, 3.0, 2.0], [1.0, 3.0, 2.0]]]]
    """
    (g, x), dtype = floats("avg_pool2d_backward", grad_output=grad_output, x=x)
    axes = slide_pool("avg_pool2d_backward", x.shape, kernel_size, stride, padding, 1, ceil_mode)
    shape("avg_pool2d_backward", "grad_output", g, output_shape(x, axes), x=x)
    counts = _cell_counts("avg_pool2d_backward", axes, count_include_pad).astype(x.dtype)
    grad_x = np.zeros_like(x)
    with np.errstate(all="ignore"):
        share = g / counts
        for _, outputs, pixels in cells(axes):
            grad_x[pixels] += share[outputs]
        return np.asarray(grad_x, dtype)


def global_avg_pool2d(x: FloatArray) -> FloatArray:
    """Take the mean of each channel of each image.

    y[n, c, 0, 0] = Σ x[n, c, h, w] / (H·W), the sum over h and w.

    Parameters
    ----------
    x : (N, C, H, W), float16, float32 or float64

    Returns
    -------
    (N, C, 1, 1), dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating.
    ValueError
        A wrong number of axes, or images without pixels.

    References
    ----------
    Lin, Chen and Yan (2014), Network in network, section 3.2.

    Examples
    --------
    >>> global_avg_pool2d(np.array([[[[1.0, 2.0], [3.0, 6.0]]]])).tolist()
    [[[[3.0]]]]
    """
    (x,), dtype = floats("global_avg_pool2d", x=x)
    rank("global_avg_pool2d", "x", x.shape, "(N, C, H, W)")
    pixels("global_avg_pool2d", x)
    with np.errstate(all="ignore"):
        return np.asarray(x.mean(axis=(2, 3), keepdims=True), dtype)


def global_avg_pool2d_backward(grad_output: FloatArray, x: FloatArray) -> FloatArray:
    """Share the gradient of each channel among its pixels.

    grad_x[n, c, h, w] = grad_output[n, c, 0, 0] / (H·W).

    Parameters
    ----------
    grad_output : (N, C, 1, 1), dtype of `x`
    x : (N, C, H, W), float16, float32 or float64

    Returns
    -------
    (N, C, H, W), dtype of `x`

    Raises
    ------
    TypeError, ValueError
        As `global_avg_pool2d`, and for a `grad_output` of another shape than the output.

    References
    ----------
    Lin, Chen and Yan (2014), Network in network, section 3.2.

    Examples
    --------
    >>> global_avg_pool2d_backward(np.array([[[[6.0]]]]), np.zeros((1, 1, 1, 3))).tolist()
    [[[[2.0, 2.0, 2.0]]]]
    """
    (g, x), dtype = floats("global_avg_pool2d_backward", grad_output=grad_output, x=x)
    rank("global_avg_pool2d_backward", "x", x.shape, "(N, C, H, W)")
    pixels("global_avg_pool2d_backward", x)
    shape("global_avg_pool2d_backward", "grad_output", g, (*x.shape[:2], 1, 1), x=x)
    H, W = x.shape[2:]
    with np.errstate(all="ignore"):
        # A copy, since a broadcast view would hold one cell under many indices.
        return np.array(np.broadcast_to(g / (H * W), x.shape), dtype)


def _cell_counts(operator: str, axes: Axes, count_include_pad: bool) -> FloatArray:
    """Count the cells of each window (OH, OW) that enter its mean."""
    rows, columns = axes
    if flag(operator, "count_include_pad", count_include_pad):
        rows, columns = rows.with_padding_as_image(), columns.with_padding_as_image()
    counts = np.zeros((rows.outputs, columns.outputs))
    for _, outputs, _ in cells((rows, columns)):
        counts[outputs] += 1
    return counts
