"""Activations that act on each cell alone: relu, sigmoid and tanh."""

import numpy as np

from refcnn._blocks import keep
from refcnn._checks import FloatArray, floats, shape


def relu(x: FloatArray) -> FloatArray:
    """Cut off what is negative.

    y = max(x, 0); NaN stays NaN.

    Parameters
    ----------
    x : any shape, float16, float32 or float64

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating.

    References
    ----------
    Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines.

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 3.0]
    """
    (x,), dtype = floats("relu", x=x)
    with np.errstate(all="ignore"):  # NumPy may flag the comparison with NaN
        return np.asarray(np.maximum(x, 0), dtype)


def relu_backward(grad_output: FloatArray, x: FloatArray) -> FloatArray:
    """Let the gradient through where `x` is positive.

    grad_x = grad_output where x > 0, else 0; so the derivative at 0 is 0.

    Parameters
    ----------
    grad_output : shape and dtype of `x`
    x : as in `relu`

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError, ValueError
        An array that is not floating, a `grad_output` of another shape than `x`.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.3.

    Examples
    --------
    >>> relu_backward(np.array([5.0, 6.0, 7.0]), np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 7.0]
    """
    (g, x), dtype = floats("relu_backward", grad_output=grad_output, x=x)
    shape("relu_backward", "grad_output", g, x.shape)
    with np.errstate(all="ignore"):
        return np.asarray(keep(g, x > 0), dtype)


def sigmoid(x: FloatArray) -> FloatArray:
    """Squash into (0, 1).

    y = 1 / (1 + exp(−x)). With e = exp(−|x|), which cannot overflow, that is 1 / (1 + e) for x ≥ 0 and
    e / (1 + e) for x < 0.

    Parameters
    ----------
    x : any shape, float16, float32 or float64

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 3.10, equation 3.30.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    (x,), dtype = floats("sigmoid", x=x)
    with np.errstate(all="ignore"):  # exp runs down to 0, as it should
        e = np.exp(-np.abs(x))
        return np.asarray(np.where(x < 0, e, 1) / (1 + e), dtype)


def sigmoid_backward(grad_output: FloatArray, x: FloatArray) -> FloatArray:
    """Return the gradient of `sigmoid`.

    grad_x = grad_output · y·(1 − y), where y·(1 − y) = e / (1 + e)² with e = exp(−|x|): so written, nothing
    cancels when y is close to 1.

    Parameters
    ----------
    grad_output : shape and dtype of `x`
    x : as in `sigmoid`

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError, ValueError
        An array that is not floating, a `grad_output` of another shape than `x`.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 3.10, equation 3.35.

    Examples
    --------
    >>> sigmoid_backward(np.array([8.0]), np.array([0.0])).tolist()
    [2.0]
    """
    (g, x), dtype = floats("sigmoid_backward", grad_output=grad_output, x=x)
    shape("sigmoid_backward", "grad_output", g, x.shape)
    with np.errstate(all="ignore"):
        return np.asarray(g * _logistic_slope(x), dtype)


def tanh(x: FloatArray) -> FloatArray:
    """Squash into (−1, 1).

    y = (exp(x) − exp(−x)) / (exp(x) + exp(−x)).

    Parameters
    ----------
    x : any shape, float16, float32 or float64

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.3.2.

    Examples
    --------
    >>> tanh(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    (x,), dtype = floats("tanh", x=x)
    with np.errstate(all="ignore"):
        return np.asarray(np.tanh(x), dtype)


def tanh_backward(grad_output: FloatArray, x: FloatArray) -> FloatArray:
    """Return the gradient of `tanh`.

    grad_x = grad_output · (1 − y²), where 1 − y² = 4·e / (1 + e)² with e = exp(−|2x|): so written, nothing
    cancels when y is close to 1. It is four times the slope of `sigmoid` at 2x.

    Parameters
    ----------
    grad_output : shape and dtype of `x`
    x : as in `tanh`

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError, ValueError
        An array that is not floating, a `grad_output` of another shape than `x`.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.3.2: tanh(x) = 2·sigmoid(2x) − 1.

    Examples
    --------
    >>> tanh_backward(np.array([8.0]), np.array([0.0])).tolist()
    [8.0]
    """
    (g, x), dtype = floats("tanh_backward", grad_output=grad_output, x=x)
    shape("tanh_backward", "grad_output", g, x.shape)
    with np.errstate(all="ignore"):
        return np.asarray(g * (4 * _logistic_slope(2 * x)), dtype)


def _logistic_slope(x: FloatArray) -> FloatArray:
    e = np.exp(-np.abs(x))
    return np.asarray(e / (1 + e) ** 2)
