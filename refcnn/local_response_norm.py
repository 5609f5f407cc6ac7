"""Local response normalisation: each value by the energy of its neighbours in other channels."""

import numpy as np

from refcnn._checks import FloatArray, floats, integer, rank, real, shape
from refcnn._windows import Axis


def local_response_norm(
    x: FloatArray, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> FloatArray:
    """Divide each value by a power of the energy of its neighbours in other channels.

    y[c] = x[c] / s[c]^beta with s[c] = k + alpha / size · Σ x[c']², at each pixel of each image, the sum over
    the channels c' = c − ⌊size / 2⌋ … c + ⌊(size − 1) / 2⌋ that exist.

    Parameters
    ----------
    x : (N, C, H, W), float16, float32 or float64
    size : int, in channels
    alpha, beta, k : float

    Returns
    -------
    (N, C, H, W), dtype of `x`

    Raises
    ------
    TypeError
        An array that is not floating, an attribute that is not a number.
    ValueError
        A wrong number of axes, a size below 1.

    References
    ----------
    Krizhevsky, Sutskever and Hinton (2012), ImageNet classification with deep convolutional neural networks,
    section 3.3; their alpha is not divided by the size.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    >>> local_response_norm(x, size=2, alpha=2.0, beta=1.0, k=0.0).ravel().tolist()
    [1.0, 0.4, 0.23076923076923078]
    """
    (x,), dtype = floats("local_response_norm", x=x)
    rank("local_response_norm", "x", x.shape, "(N, C, H, W)")
    size, alpha, beta, k = _lrn_attributes("local_response_norm", size, alpha, beta, k)
    with np.errstate(all="ignore"):
        s = k + alpha / size * _sum_channels(x**2, size // 2, (size - 1) // 2)
        return np.asarray(x / s**beta, dtype)


def local_response_norm_backward(
    grad_output: FloatArray, x: FloatArray, *, size: int, alpha: float, beta: float, k: float
) -> FloatArray:
    """Return the gradient of `local_response_norm`.

    With g = grad_output and s as in `local_response_norm`:

    grad_x[c] = g[c] / s[c]^beta − 2·alpha·beta / size · x[c] · Σ g[c']·x[c'] / s[c']^(beta + 1),

    the sum over the channels whose windows show c: c' = c − ⌊(size − 1) / 2⌋ … c + ⌊size / 2⌋, the window
    of the forward pass mirrored.

    Parameters
    ----------
    grad_output : shape and dtype of `x`
    x, size, alpha, beta, k : as in `local_response_norm`

    Returns
    -------
    (N, C, H, W), dtype of `x`

    Raises
    ------
    TypeError, ValueError
        As `local_response_norm`, and for a `grad_output` of another shape than `x`.

    References
    ----------
    Krizhevsky, Sutskever and Hinton (2012), section 3.3.

    Examples
    --------
    >>> x = np.array([1.0, 2.0]).reshape(1, 2, 1, 1)
    >>> g = np.array([0.0, 1.0]).reshape(1, 2, 1, 1)
    >>> local_response_norm_backward(g, x, size=2, alpha=2.0, beta=1.0, k=0.0).ravel().tolist()
    [-0.16, -0.12]
    """
    operator = "local_response_norm_backward"
    (g, x), dtype = floats(operator, grad_output=grad_output, x=x)
    rank(operator, "x", x.shape, "(N, C, H, W)")
    shape(operator, "grad_output", g, x.shape)
    size, alpha, beta, k = _lrn_attributes(operator, size, alpha, beta, k)
    before, after = size // 2, (size - 1) // 2
    with np.errstate(all="ignore"):
        s = k + alpha / size * _sum_channels(x**2, before, after)
        through_s = _sum_channels(g * x / s ** (beta + 1), after, before)
        return np.asarray(g / s**beta - 2 * alpha * beta / size * x * through_s, dtype)


def _lrn_attributes(operator: str, size: int, alpha: float, beta: float, k: float) -> tuple[int, float, float, float]:
    size = integer(operator, "size", size, 1)
    return size, real(operator, "alpha", alpha), real(operator, "beta", beta), real(operator, "k", k)


def _sum_channels(x: FloatArray, before: int, after: int) -> FloatArray:
    """Add up the channels c − before … c + after that exist, for each c: windows that slide along the channels."""
    C = x.shape[1]
    channels = Axis(C, kernel=before + 1 + after, before=before, outputs=C)
    total = np.zeros_like(x)
    for cell in range(channels.kernel):
        outputs, shown = channels.shown(cell)
        total[:, outputs] += x[:, shown]
    return total
