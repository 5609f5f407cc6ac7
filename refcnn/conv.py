"""Convolution of images and of signals, and its gradients.

Convolution is the one of the field: cross-correlation, the kernel is not flipped.
"""

import numpy as np

from refcnn._checks import FloatArray, Padding, Pair, Sides, filters, floats, integer, pair, shape
from refcnn._correlate import correlate, correlate_filters, correlate_transposed
from refcnn._windows import Axes, Axis, slide, slide_both


def conv2d(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> FloatArray:
    """Correlate images with a bank of filters.

    y[n, f, oh, ow] = bias[f] + Σ weight[f, c, kh, kw] · x[n, c', h, w], the sum over c, kh and kw, where
    h = oh·stride + kh·dilation − top and w = ow·stride + kw·dilation − left; x is 0 in the padding, and c' is
    the c-th channel in the group of f.

    OH = ⌊(H + top + bottom − dilation·(KH − 1) − 1) / stride⌋ + 1, and OW alike.

    Parameters
    ----------
    x : (N, C, H, W), float16, float32 or float64
    weight : (F, C / groups, KH, KW), dtype of `x`
    bias : (F,), dtype of `x`
    stride, dilation : int or (vertical, horizontal), in pixels
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), in pixels
    groups : int, the number of parts of the channels that do not see each other

    Returns
    -------
    (N, F, OH, OW), dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating, or an attribute that is not an int.
    ValueError
        Shapes that do not fit each other, an attribute out of range, a kernel that does not fit the padded
        image, channels or filters not divisible by `groups`.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 9.1. Dumoulin and Visin (2016), A guide to
    convolution arithmetic for deep learning, chapter 2. Groups: Krizhevsky et al. (2012), section 3.5.

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    >>> conv2d(x, np.array([[[[1.0, 0.0], [0.0, -1.0]]]])).tolist()
    [[[[-4.0, -4.0], [-4.0, -4.0]]]]
    """
    (x, weight, b), dtype = floats("conv2d", x=x, weight=weight, bias=bias)
    filters("conv2d", "H, W", x, weight, bias, groups)
    axes = slide_both("conv2d", "weight", x.shape[2:], weight.shape[2:], stride, padding, dilation)
    with np.errstate(all="ignore"):  # inf · 0 is NaN, and no cause for a warning
        return np.asarray(correlate(x, weight, b, axes, groups), dtype)


def conv2d_backward(
    grad_output: FloatArray,
    x: FloatArray,
    weight: FloatArray,
    *,
    stride: Pair,
    padding: Padding,
    dilation: Pair,
    groups: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the gradients of `conv2d` in the images, the filters and the biases.

    With g = grad_output and the windows of x as in `conv2d`:

    grad_x adds up g[n, f, oh, ow] · weight[f] over all windows, each where it lies in the image;
    grad_weight[f, c, kh, kw] = Σ g[n, f, oh, ow] · window[n, c', kh, kw, oh, ow] over n, oh, ow;
    grad_bias[f] = Σ g[n, f, oh, ow] over n, oh, ow.

    Parameters
    ----------
    grad_output : (N, F, OH, OW), dtype of `x`
    x, weight, stride, padding, dilation, groups : as in `conv2d`

    Returns
    -------
    (grad_x, grad_weight, grad_bias), of the shapes of `x`, `weight` and `bias`

    Raises
    ------
    TypeError, ValueError
        As `conv2d`, and for a `grad_output` of another shape than the output.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 9.5, equations 9.11 and 9.13.

    Examples
    --------
    >>> x, weight = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[5.0, 7.0]]]])
    >>> grads = conv2d_backward(np.ones((1, 1, 1, 2)), x, weight, stride=1, padding=0, dilation=1, groups=1)
    >>> [grad.ravel().tolist() for grad in grads]
    [[5.0, 12.0, 7.0], [3.0, 5.0], [2.0]]
    """
    (g, x, weight), dtype = floats("conv2d_backward", grad_output=grad_output, x=x, weight=weight)
    filters("conv2d_backward", "H, W", x, weight, None, groups)
    axes = slide_both("conv2d_backward", "weight", x.shape[2:], weight.shape[2:], stride, padding, dilation)
    wanted = (len(x), len(weight), *(axis.outputs for axis in axes))
    shape("conv2d_backward", "grad_output", g, wanted, x=x, weight=weight)
    with np.errstate(all="ignore"):
        grad_x = np.asarray(correlate_transposed(g, weight, axes, groups), dtype)
        grad_weight = np.asarray(correlate_filters(g, x, axes, groups), dtype)
        return grad_x, grad_weight, np.asarray(g.sum(axis=(0, 2, 3)), dtype)


def conv1d(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: int = 1,
    padding: Pair = 0,
    dilation: int = 1,
    groups: int = 1,
) -> FloatArray:
    """Correlate signals with a bank of filters: `conv2d` on images of height 1.

    y[n, f, ol] = bias[f] + Σ weight[f, c, k] · x[n, c', ol·stride + k·dilation − left], the sum over c and k.

    Parameters
    ----------
    x : (N, C, L), float16, float32 or float64
    weight : (F, C / groups, K), dtype of `x`
    bias : (F,), dtype of `x`
    stride, dilation : int, in samples
    padding : int or (left, right), in samples
    groups : int, the number of parts of the channels that do not see each other

    Returns
    -------
    (N, F, OL), dtype of `x`, with OL = ⌊(L + left + right − dilation·(K − 1) − 1) / stride⌋ + 1

    Raises
    ------
    TypeError, ValueError
        As `conv2d`.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 9.1.

    Examples
    --------
    >>> conv1d(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]]), padding=(1, 0)).tolist()
    [[[1.0, 1.0, 2.0]]]
    """
    (x, weight, b), dtype = floats("conv1d", x=x, weight=weight, bias=bias)
    filters("conv1d", "L", x, weight, bias, groups)
    axes = _row("conv1d", x.shape[2], weight.shape[2], stride, padding, dilation)
    with np.errstate(all="ignore"):
        return np.asarray(correlate(x[:, :, None], weight[:, :, None], b, axes, groups)[:, :, 0], dtype)


def conv1d_backward(
    grad_output: FloatArray,
    x: FloatArray,
    weight: FloatArray,
    *,
    stride: int,
    padding: Pair,
    dilation: int,
    groups: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the gradients of `conv1d` in the signals, the filters and the biases.

    The formulas are those of `conv2d_backward`, on images of height 1.

    Parameters
    ----------
    grad_output : (N, F, OL), dtype of `x`
    x, weight, stride, padding, dilation, groups : as in `conv1d`

    Returns
    -------
    (grad_x, grad_weight, grad_bias), of the shapes of `x`, `weight` and `bias`

    Raises
    ------
    TypeError, ValueError
        As `conv1d`, and for a `grad_output` of another shape than the output.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 9.5.

    Examples
    --------
    >>> x, weight = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[5.0, 7.0]]])
    >>> grads = conv1d_backward(np.ones((1, 1, 2)), x, weight, stride=1, padding=0, dilation=1, groups=1)
    >>> [grad.ravel().tolist() for grad in grads]
    [[5.0, 12.0, 7.0], [3.0, 5.0], [2.0]]
    """
    (g, x, weight), dtype = floats("conv1d_backward", grad_output=grad_output, x=x, weight=weight)
    filters("conv1d_backward", "L", x, weight, None, groups)
    axes = _row("conv1d_backward", x.shape[2], weight.shape[2], stride, padding, dilation)
    wanted = (len(x), len(weight), axes[1].outputs)
    shape("conv1d_backward", "grad_output", g, wanted, x=x, weight=weight)
    x, weight, g = x[:, :, None], weight[:, :, None], g[:, :, None]
    with np.errstate(all="ignore"):
        grad_x = np.asarray(correlate_transposed(g, weight, axes, groups)[:, :, 0], dtype)
        grad_weight = np.asarray(correlate_filters(g, x, axes, groups)[:, :, 0], dtype)
        return grad_x, grad_weight, np.asarray(g.sum(axis=(0, 2, 3)), dtype)


def _row(operator: str, length: int, kernel: int, stride: int, padding: Pair, dilation: int) -> Axes:
    """Resolve the attributes of an operator on signals, as images of height 1."""
    strides, dilations = integer(operator, "stride", stride, 1), integer(operator, "dilation", dilation, 1)
    sides: Sides = pair(operator, "padding", padding, 0)
    return Axis(1), slide(operator, "weight", length, kernel, strides, sides, dilations)
