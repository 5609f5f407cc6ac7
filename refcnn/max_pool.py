"""Max pooling: a window becomes its maximum."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from refcnn._blocks import blocks
from refcnn._checks import FloatArray, Padding, Pair, floats, shape
from refcnn._windows import Axes, cells, output_shape, slide_pool


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
    y = np.empty(output_shape(x, axes), dtype)
    for images in blocks(len(x), 3 * x[:1].nbytes):
        y[images] = _maximum(x[images], axes)
    return y


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
    grad_x = np.empty(x.shape, x.dtype)  # not empty_like: the flat view below needs rows one after the other
    with np.errstate(all="ignore"):  # inf − inf is NaN, and no cause for a warning
        for images in blocks(len(x), 3 * x[:1].nbytes):
            pixels, gradients = grad_x[images].reshape(-1), g[images]
            visit, steps = _last_to_take_over(x[images], axes)
            if images.start == 0:
                origin = _origins(visit.shape, x.shape, axes)  # of the first block, which is the largest
            source = origin[: len(visit)] + steps[visit]
            shows_any = visit > 0
            if not shows_any.all():
                source, gradients = source[shows_any], gradients[shows_any]
            pixels[:] = 0
            # Windows that overlap may have the same source: add.at adds up, where an assignment would keep the last.
            np.add.at(pixels, source.reshape(-1), gradients.reshape(-1))
        return np.asarray(grad_x, dtype)


def _maximum(x: FloatArray, axes: Axes) -> FloatArray:
    """Return the maximum of each window, of −∞ where it shows no pixel."""
    y = np.full(output_shape(x, axes), -np.inf, x.dtype)
    with np.errstate(all="ignore"):  # NumPy may flag the comparisons with NaN
        for _, outputs, pixels in cells(axes):
            np.maximum(y[outputs], x[pixels], out=y[outputs])
    return y


def _last_to_take_over(x: FloatArray, axes: Axes) -> tuple[NDArray[np.unsignedinteger[Any]], NDArray[np.intp]]:
    """Return which visit found the maximum of each window (0 for none), and where in a window each visit looks.

    The cells are visited from the last to the first, so that a cell takes over from those after it that it equals,
    and a NaN from all. A cell lies at (kh·dilation)·W + kw·dilation from the first of its window, in pixels laid out
    flat.
    """
    rows, columns = axes
    visits = list(reversed(list(cells(axes))))
    best = np.full(output_shape(x, axes), -np.inf, x.dtype)
    visit = np.zeros(best.shape, np.min_scalar_type(len(visits)))
    steps = np.zeros(1 + len(visits), np.intp)
    for number, ((i, j), outputs, pixels) in enumerate(visits, 1):
        shown = x[pixels].copy()  # read three times, from one piece of memory
        takes_over = (shown >= best[outputs]) | np.isnan(shown)
        np.maximum(best[outputs], shown, out=best[outputs])
        np.maximum(visit[outputs], takes_over * visit.dtype.type(number), out=visit[outputs])
        steps[number] = i * rows.dilation * x.shape[3] + j * columns.dilation
    return visit, steps


def _origins(y_shape: tuple[int, ...], x_shape: tuple[int, ...], axes: Axes) -> NDArray[np.intp]:
    """Return where the first cell of each window (N, C, OH, OW) lies, in pixels laid out flat."""
    (N, C), (H, W), (rows, columns) = y_shape[:2], x_shape[2:], axes
    image = np.arange(N * C).reshape(N, C, 1, 1) * (H * W)
    top = (np.arange(rows.outputs) * rows.stride - rows.before).reshape(-1, 1) * W
    left = np.arange(columns.outputs) * columns.stride - columns.before
    return image + top + left
