"""Max pooling: a window becomes its maximum."""

from functools import reduce

import numpy as np

from refcnn._checks import FloatArray, Padding, Pair, floats, shape
from refcnn._windows import add_windows, at_offsets, output_shape, slide_pool, windows


def max_pool2d(
    x: FloatArray,
    kernel_size: Pair,
    *,
    stride: Pair | None = None,
    padding: Padding = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
) -> FloatArray:
    """Take the maximum of each window.

    y[n, c, oh, ow] = max window[n, c, kh, kw, oh, ow] over kh and kw, where the padding is −∞ and NaN exceeds
    everything.

    Parameters
    ----------
    x : (N, C, H, W), float16, float32 or float64
    kernel_size, dilation : int or (vertical, horizontal), in pixels
    stride : int, (vertical, horizontal) or None for `kernel_size`, in pixels
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), at most half of `kernel_size`
    ceil_mode : bool, whether a last window may stick out that starts in the image or the padding before it

    Returns
    -------
    (N, C, OH, OW), dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating, or an attribute of a wrong type.
    ValueError
        A wrong number of axes, an attribute out of range, a kernel that does not fit the padded image.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 9.3. Dumoulin and Visin (2016), chapter 3.

    Examples
    --------
    >>> max_pool2d(np.array([[[[1.0, 5.0, 2.0, 3.0], [4.0, 0.0, 7.0, 6.0]]]]), 2).tolist()
    [[[[5.0, 7.0]]]]
    """
    (x,), dtype = floats("max_pool2d", x=x)
    axes = slide_pool("max_pool2d", x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    with np.errstate(all="ignore"):  # NumPy may flag the comparisons with NaN
        # A copy, since with a window of one cell the maximum would be the read-only view itself.
        return np.array(reduce(np.maximum, at_offsets(windows(x, axes, -np.inf))), dtype)


def max_pool2d_backward(
    grad_output: FloatArray,
    x: FloatArray,
    kernel_size: Pair,
    *,
    stride: Pair | None,
    padding: Padding,
    dilation: Pair,
    ceil_mode: bool,
) -> FloatArray:
    """Send the gradient of each window to its maximum: the first in row-major order, or the first NaN.

    grad_x[n, c, h, w] = Σ grad_output[n, c, oh, ow] over the windows that have their first maximum at (h, w).
    Padding takes no gradient: a window of −∞ alone sends it to its first pixel, one of padding alone to none.

    Parameters
    ----------
    grad_output : (N, C, OH, OW), dtype of `x`
    x, kernel_size, stride, padding, dilation, ceil_mode : as in `max_pool2d`

    Returns
    -------
    (N, C, H, W), dtype of `x`

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`, and for a `grad_output` of another shape than the output.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 9.3; the maximum is a choice of one pixel,
    and the gradient goes where the value came from.

    Examples
    --------
    >>> x = np.array([[[[1.0, 5.0, 5.0], [4.0, 0.0, 2.0]]]])
    >>> attributes = dict(stride=1, padding=0, dilation=1, ceil_mode=False)
    >>> max_pool2d_backward(np.array([[[[10.0, 20.0]]]]), x, 2, **attributes).tolist()
    [[[[0.0, 30.0, 0.0], [0.0, 0.0, 0.0]]]]
    """
    (g, x), dtype = floats("max_pool2d_backward", grad_output=grad_output, x=x)
    axes = slide_pool("max_pool2d_backward", x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    shape("max_pool2d_backward", "grad_output", g, output_shape(x, axes), x=x)
    cells = windows(x, axes, -np.inf)
    real = windows(np.ones((1, 1, *x.shape[2:]), bool), axes, fill=False)
    grad_cells = np.zeros(cells.shape, g.dtype)
    with np.errstate(all="ignore"):
        maximum = reduce(np.maximum, at_offsets(cells))
        unsent = np.ones(g.shape, bool)
        offsets = zip(at_offsets(cells), at_offsets(real), at_offsets(grad_cells), strict=True)
        for cell, is_real, grad_cell in offsets:
            first = unsent & is_real & ((cell == maximum) | np.isnan(cell))
            np.copyto(grad_cell, g, where=first)
            unsent &= ~first
        return np.asarray(add_windows(grad_cells, axes), dtype)
