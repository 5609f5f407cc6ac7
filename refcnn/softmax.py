"""Softmax: any values into positive weights."""

import numpy as np

from refcnn._checks import FloatArray, axis_of, floats, shape


def softmax(x: FloatArray, *, axis: int = -1) -> FloatArray:
    """Turn the values along an axis into positive weights that sum to 1.

    y[i] = exp(x[i] − m) / Σ exp(x[j] − m), the sum over j. Every m gives the same weights; with m = max x no
    exponential overflows.

    Parameters
    ----------
    x : any shape of at least one axis, float16, float32 or float64
    axis : int, the axis to sum over, counted from either end

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating, an axis that is not an int.
    ValueError
        An axis out of range.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.2.2.3, equations 6.29 and 6.33.

    Examples
    --------
    >>> softmax(np.array([[1000.0, 1000.0], [0.0, -1000.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    (x,), dtype = floats("softmax", x=x)
    axis = axis_of("softmax", axis, x)
    with np.errstate(all="ignore"):  # an overflow of x − m ends in exp(−∞) = 0, as it should
        return np.asarray(_softmax(x, axis), dtype)


def softmax_backward(grad_output: FloatArray, x: FloatArray, *, axis: int = -1) -> FloatArray:
    """Return the gradient of `softmax`.

    With g = grad_output and y = softmax(x): grad_x[i] = y[i] · (g[i] − Σ g[j]·y[j]), the sum over j.

    Parameters
    ----------
    grad_output : shape and dtype of `x`
    x, axis : as in `softmax`

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError, ValueError
        As `softmax`, and for a `grad_output` of another shape than `x`.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.2.2.3.

    Examples
    --------
    >>> softmax_backward(np.array([4.0, 8.0]), np.array([0.0, 0.0])).tolist()
    [-1.0, 1.0]
    """
    (g, x), dtype = floats("softmax_backward", grad_output=grad_output, x=x)
    axis = axis_of("softmax_backward", axis, x)
    shape("softmax_backward", "grad_output", g, x.shape)
    with np.errstate(all="ignore"):
        y = _softmax(x, axis)
        return np.asarray(y * (g - (g * y).sum(axis, keepdims=True)), dtype)


def _softmax(x: FloatArray, axis: int) -> FloatArray:
    # The initial value lets an axis of length 0 have a maximum.
    e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))
    return np.asarray(e / e.sum(axis, keepdims=True))
