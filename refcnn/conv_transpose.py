"""Transposed convolution: the adjoint of `conv2d`, with the roles of its input and output exchanged."""

import numpy as np

from refcnn._checks import FloatArray, Padding, Pair, floats, shape, transposed_filters
from refcnn._correlate import correlate, correlate_filters, correlate_transposed
from refcnn._windows import spread_both


def conv_transpose2d(
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> FloatArray:
    """Let every pixel of the images stamp its filter onto a larger image, and add up the stamps.

    y[n, f, oh, ow] = bias[f] + Σ x[n, c, h, w] · weight[c, f', kh, kw], the sum over all c, h, w, kh, kw with
    oh = h·stride + kh·dilation − top and ow = w·stride + kw·dilation − left, and with c in the group of f.
    OH = (H − 1)·stride − top − bottom + dilation·(KH − 1) + output_padding + 1, and OW alike.

    It maps back what `conv2d` with the same attributes maps forth; `padding` is what that one would add,
    and is here cut away. A stride makes several sizes map to one, `output_padding` tells which to restore.

    Parameters
    ----------
    x : (N, C, H, W), float16, float32 or float64
    weight : (C, F / groups, KH, KW), dtype of `x`
    bias : (F,), dtype of `x`
    stride, dilation : int or (vertical, horizontal), in pixels of the output
    padding : int, (vertical, horizontal) or ((top, bottom), (left, right)), in pixels of the output
    output_padding : int or (vertical, horizontal), below max(stride, dilation), in pixels of the output
    groups : int, the number of parts of the channels that do not see each other

    Returns
    -------
    (N, F, OH, OW), dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating, or an attribute that is not an int.
    ValueError
        Shapes that do not fit each other, an attribute out of range, an output without pixels, channels not
        divisible by `groups`.

    References
    ----------
    Dumoulin and Visin (2016), A guide to convolution arithmetic for deep learning, chapter 4.

    Examples
    --------
    >>> x, weight = np.array([[[[1.0, 2.0]]]]), np.array([[[[1.0, 10.0, 100.0]]]])
    >>> conv_transpose2d(x, weight, stride=2, padding=((0, 0), (0, 0))).tolist()
    [[[[1.0, 10.0, 102.0, 20.0, 200.0]]]]
    """
    (x, weight, b), dtype = floats("conv_transpose2d", x=x, weight=weight, bias=bias)
    transposed_filters("conv_transpose2d", x, weight, bias, groups)
    axes = spread_both("conv_transpose2d", x.shape[2:], weight.shape[2:], stride, padding, output_padding, dilation)
    with np.errstate(all="ignore"):  # inf · 0 is NaN, and no cause for a warning
        return np.asarray(correlate_transposed(x, weight, axes, groups) + b.reshape(-1, 1, 1), dtype)


def conv_transpose2d_backward(
    grad_output: FloatArray,
    x: FloatArray,
    weight: FloatArray,
    *,
    stride: Pair,
    padding: Padding,
    output_padding: Pair,
    dilation: Pair,
    groups: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the gradients of `conv_transpose2d` in the images, the filters and the biases.

    The adjoint of an adjoint is the map itself. With g = grad_output, and with its windows:

    grad_x = conv2d(g, weight), of which the first H×W outputs exist;
    grad_weight[c, f, kh, kw] = Σ x[n, c, h, w] · window[n, f', kh, kw, h, w] over n, h, w;
    grad_bias[f] = Σ g[n, f, oh, ow] over n, oh, ow.

    Parameters
    ----------
    grad_output : (N, F, OH, OW), dtype of `x`
    x, weight, stride, padding, output_padding, dilation, groups : as in `conv_transpose2d`

    Returns
    -------
    (grad_x, grad_weight, grad_bias), of the shapes of `x`, `weight` and `bias`

    Raises
    ------
    TypeError, ValueError
        As `conv_transpose2d`, and for a `grad_output` of another shape than the output.

    References
    ----------
    Dumoulin and Visin (2016), A guide to convolution arithmetic for deep learning, section 4.1.

    Examples
    --------
    >>> x, weight = np.array([[[[1.0, 2.0]]]]), np.array([[[[5.0, 7.0]]]])
    >>> attributes = dict(stride=1, padding=0, output_padding=0, dilation=1, groups=1)
    >>> grads = conv_transpose2d_backward(np.array([[[[1.0, 10.0, 100.0]]]]), x, weight, **attributes)
    >>> [grad.ravel().tolist() for grad in grads]
    [[75.0, 750.0], [21.0, 210.0], [111.0]]
    """
    operator = "conv_transpose2d_backward"
    (g, x, weight), dtype = floats(operator, grad_output=grad_output, x=x, weight=weight)
    transposed_filters(operator, x, weight, None, groups)
    axes = spread_both(operator, x.shape[2:], weight.shape[2:], stride, padding, output_padding, dilation)
    wanted = (len(x), weight.shape[1] * groups, *(axis.size for axis in axes))
    shape(operator, "grad_output", g, wanted, x=x, weight=weight)
    with np.errstate(all="ignore"):
        grad_x = np.asarray(correlate(g, weight, np.zeros(1, g.dtype), axes, groups), dtype)
        grad_weight = np.asarray(correlate_filters(x, g, axes, groups), dtype)
        return grad_x, grad_weight, np.asarray(g.sum(axis=(0, 2, 3)), dtype)
