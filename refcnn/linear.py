"""The fully connected layer: one matrix product and a shift."""

import numpy as np

from refcnn._checks import FloatArray, features, floats, shape


def linear(x: FloatArray, weight: FloatArray, bias: FloatArray | None = None) -> FloatArray:
    """Map every row of features by one affine map.

    y = x · weightᵀ + bias.

    Parameters
    ----------
    x : (N, D_in), float16, float32 or float64
    weight : (D_out, D_in), dtype of `x`
    bias : (D_out,), dtype of `x`

    Returns
    -------
    (N, D_out), dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating.
    ValueError
        Shapes that do not fit each other.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.1, equation 6.3.

    Examples
    --------
    >>> linear(np.array([[1.0, 2.0]]), np.array([[1.0, 1.0], [3.0, -1.0]]), np.array([0.5, 0.0])).tolist()
    [[3.5, 1.0]]
    """
    (x, weight, b), dtype = floats("linear", x=x, weight=weight, bias=bias)
    features("linear", x, weight)
    shape("linear", "bias", bias, weight.shape[:1], weight=weight)
    with np.errstate(all="ignore"):  # inf · 0 is NaN, and no cause for a warning
        return np.asarray(x @ weight.T + b, dtype)


def linear_backward(
    grad_output: FloatArray, x: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the gradients of `linear` in the features, the weights and the biases.

    With g = grad_output: grad_x = g · weight, grad_weight = gᵀ · x, grad_bias = Σ g[n] over n.

    Parameters
    ----------
    grad_output : (N, D_out), dtype of `x`
    x, weight : as in `linear`

    Returns
    -------
    (grad_x, grad_weight, grad_bias), of the shapes of `x`, `weight` and `bias`

    Raises
    ------
    TypeError, ValueError
        As `linear`, and for a `grad_output` of another shape than the output.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.5.6.

    Examples
    --------
    >>> x, weight = np.array([[1.0, 2.0]]), np.array([[1.0, 1.0], [3.0, -1.0]])
    >>> [grad.tolist() for grad in linear_backward(np.array([[1.0, 10.0]]), x, weight)]
    [[[31.0, -9.0]], [[1.0, 2.0], [10.0, 20.0]], [1.0, 10.0]]
    """
    (g, x, weight), dtype = floats("linear_backward", grad_output=grad_output, x=x, weight=weight)
    features("linear_backward", x, weight)
    shape("linear_backward", "grad_output", g, (len(x), len(weight)), x=x, weight=weight)
    with np.errstate(all="ignore"):
        return np.asarray(g @ weight, dtype), np.asarray(g.T @ x, dtype), np.asarray(g.sum(axis=0), dtype)
