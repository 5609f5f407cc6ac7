"""Dropout, inverted: what is kept is scaled up in training, so that nothing is left to do afterwards."""

import numpy as np

from refcnn._blocks import keep
from refcnn._checks import FloatArray, FloatDType, flag, floats, fraction, integer, shape


def dropout(x: FloatArray, *, p: float, training: bool, seed: int) -> FloatArray:
    """Drop every cell with probability p, and scale up the others.

    y = x / (1 − p) where a cell is kept, 0 where it is dropped; the expectation of y is x. Without training,
    y = x. A cell is kept where a uniform number of [0, 1) is at least p; the numbers depend on the seed
    and the shape alone.

    Parameters
    ----------
    x : any shape, float16, float32 or float64
    p : float in [0, 1)
    training : bool
    seed : int of at least 0

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating, an attribute of a wrong type.
    ValueError
        A probability outside [0, 1), a negative seed.

    References
    ----------
    Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting, section 10.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> set((dropout(x, p=0.5, training=True, seed=0) / x).tolist()) <= {0.0, 2.0}
    True
    >>> dropout(x, p=0.5, training=False, seed=0).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    (x,), dtype = floats("dropout", x=x)
    return _drop("dropout", x, dtype, p, training, seed)


def dropout_backward(grad_output: FloatArray, x: FloatArray, *, p: float, training: bool, seed: int) -> FloatArray:
    """Drop the gradients of the dropped cells, and scale up the others.

    grad_x = grad_output / (1 − p) where a cell is kept, 0 where it is dropped: the mask of `dropout` again.

    Parameters
    ----------
    grad_output : shape and dtype of `x`
    x, p, training, seed : as in `dropout`

    Returns
    -------
    shape and dtype of `x`

    Raises
    ------
    TypeError, ValueError
        As `dropout`, and for a `grad_output` of another shape than `x`.

    References
    ----------
    Srivastava et al. (2014), Dropout, section 5.1.

    Examples
    --------
    >>> x, attributes = np.ones(4), dict(p=0.5, training=True, seed=0)
    >>> dropout_backward(x, x, **attributes).tolist() == dropout(x, **attributes).tolist()
    True
    """
    (g, x), dtype = floats("dropout_backward", grad_output=grad_output, x=x)
    shape("dropout_backward", "grad_output", g, x.shape)
    return _drop("dropout_backward", g, dtype, p, training, seed)


def _drop(operator: str, values: FloatArray, dtype: FloatDType, p: float, training: bool, seed: int) -> FloatArray:
    """Return fresh values, dropped and scaled when training."""
    p, seed = fraction(operator, "p", p), integer(operator, "seed", seed, 0)
    if not flag(operator, "training", training):
        return np.array(values, dtype)
    kept = np.random.default_rng(seed).random(values.shape) >= p
    with np.errstate(all="ignore"):  # a value near the limit of its dtype may become inf
        return np.asarray(keep(values / (1 - p), kept), dtype)
