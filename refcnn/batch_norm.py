"""Batch normalisation: each channel by the statistics of the batch."""

import math

import numpy as np

from refcnn._checks import FloatArray, enough_values, flag, floats, rank, real, shape


def batch_norm(
    x: FloatArray,
    gamma: FloatArray,
    beta: FloatArray,
    running_mean: FloatArray,
    running_var: FloatArray,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give every channel mean 0 and variance 1, then scale and shift it.

    y = gamma · (x − mean) / √(var + eps) + beta, per channel. In training, mean = Σ x / n and
    var = Σ (x − mean)² / n over the batch and the pixels, n values in all, and

    running_mean = (1 − momentum) · running_mean + momentum · mean,
    running_var = (1 − momentum) · running_var + momentum · var · n / (n − 1).

    Otherwise mean = running_mean and var = running_var, and these come back as they are.

    Parameters
    ----------
    x : (N, C) or (N, C, H, W), float16, float32 or float64
    gamma, beta, running_mean, running_var : (C,), dtype of `x`
    training : bool
    momentum : float, the weight of the new batch in the running statistics
    eps : float

    Returns
    -------
    (y, running_mean, running_var), of the shapes of `x` and (C,)

    Raises
    ------
    TypeError
        An array that is not floating, an attribute of a wrong type.
    ValueError
        Shapes that do not fit each other, training with fewer than two values per channel.

    References
    ----------
    Ioffe and Szegedy (2015), Batch normalization, algorithms 1 and 2.

    Examples
    --------
    >>> x, one, zero = np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1)
    >>> y, mean, var = batch_norm(x, one, zero, zero, one, training=True, momentum=0.5, eps=0.0)
    >>> y.tolist(), mean.tolist(), var.tolist()
    ([[-1.0], [1.0]], [1.0], [1.5])
    """
    arrays = {"gamma": gamma, "beta": beta, "running_mean": running_mean, "running_var": running_var}
    (x, gamma, beta, old_mean, old_var), dtype = floats("batch_norm", x=x, **arrays)
    training = _check_channels("batch_norm", x, arrays, training)
    momentum, eps = real("batch_norm", "momentum", momentum), real("batch_norm", "eps", eps)
    with np.errstate(all="ignore"):  # inf − inf is NaN, and no cause for a warning
        centred, mean, var = _centre(x, old_mean, old_var, training)
        y = _along_channels(gamma, x) * (centred / np.sqrt(_along_channels(var, x) + eps))
        if training:
            n = _values_per_channel(x)
            old_mean = (1 - momentum) * old_mean + momentum * mean
            old_var = (1 - momentum) * old_var + momentum * (var * (n / (n - 1)))
        # Copies, since out of training the running statistics still are the caller's arrays.
        return (
            np.asarray(y + _along_channels(beta, x), dtype),
            np.array(old_mean, dtype),
            np.array(old_var, dtype),
        )


def batch_norm_backward(
    grad_output: FloatArray,
    x: FloatArray,
    gamma: FloatArray,
    running_mean: FloatArray,
    running_var: FloatArray,
    *,
    training: bool,
    eps: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the gradients of `batch_norm` in the values, the scales and the shifts.

    With g = grad_output, x̂ = (x − mean) / √(var + eps), and sums over the n values of a channel:

    grad_beta = Σ g, grad_gamma = Σ g·x̂,
    grad_x = gamma / √(var + eps) · (g − grad_beta / n − x̂ · grad_gamma / n) in training, for mean and var
    depend on x too; otherwise they are constants and grad_x = gamma / √(var + eps) · g.

    Parameters
    ----------
    grad_output : shape and dtype of `x`
    x, gamma, running_mean, running_var, training, eps : as in `batch_norm`

    Returns
    -------
    (grad_x, grad_gamma, grad_beta), of the shapes of `x`, `gamma` and `beta`

    Raises
    ------
    TypeError, ValueError
        As `batch_norm`, and for a `grad_output` of another shape than `x`.

    References
    ----------
    Ioffe and Szegedy (2015), Batch normalization, section 3.

    Examples
    --------
    >>> x, one, zero = np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1)
    >>> g = np.array([[1.0], [5.0]])
    >>> [grad.tolist() for grad in batch_norm_backward(g, x, one, zero, one, training=False, eps=0.0)]
    [[[1.0], [5.0]], [16.0], [6.0]]
    """
    arrays = {"gamma": gamma, "running_mean": running_mean, "running_var": running_var}
    operator = "batch_norm_backward"
    (g, x, gamma, old_mean, old_var), dtype = floats(operator, grad_output=grad_output, x=x, **arrays)
    training = _check_channels(operator, x, arrays, training)
    shape(operator, "grad_output", g, x.shape)
    eps = real(operator, "eps", eps)
    axes, n = _reduced(x), _values_per_channel(x)
    with np.errstate(all="ignore"):
        centred, _, var = _centre(x, old_mean, old_var, training)
        std = np.sqrt(_along_channels(var, x) + eps)
        x_hat = centred / std
        grad_beta, grad_gamma = g.sum(axes), (g * x_hat).sum(axes)
        if training:
            g = g - _along_channels(grad_beta / n, x) - x_hat * _along_channels(grad_gamma / n, x)
        grad_x = _along_channels(gamma, x) / std * g
        return np.asarray(grad_x, dtype), np.asarray(grad_gamma, dtype), np.asarray(grad_beta, dtype)


def _check_channels(operator: str, x: FloatArray, parameters: dict[str, FloatArray], training: bool) -> bool:
    """Refuse parameters that are not one number a channel, and return the flag."""
    rank(operator, "x", x.shape, "(N, C)", "(N, C, H, W)")
    for name, parameter in parameters.items():
        shape(operator, name, parameter, (x.shape[1],), x=x)
    training = flag(operator, "training", training)
    if training:
        enough_values(operator, _values_per_channel(x), x)
    return training


def _centre(
    x: FloatArray, running_mean: FloatArray, running_var: FloatArray, training: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return x − mean, mean and the biased variance, of the batch or as they are remembered."""
    if not training:
        return x - _along_channels(running_mean, x), running_mean, running_var
    axes = _reduced(x)
    mean = x.mean(axes)
    centred = x - _along_channels(mean, x)
    # The rounding of a mean far from 0 may exceed the spread around it, but shows up as the mean that is left
    # (Chan, Golub and LeVeque 1983, Algorithms for computing the sample variance, equation 1.7).
    rest = centred.mean(axes)
    centred -= _along_channels(rest, x)
    return centred, mean + rest, (centred**2).mean(axes)


def _reduced(x: FloatArray) -> tuple[int, ...]:
    """Return the axes of the batch and of the pixels, all but that of the channels."""
    return (0, *range(2, x.ndim))


def _values_per_channel(x: FloatArray) -> int:
    return math.prod(x.shape[axis] for axis in _reduced(x))


def _along_channels(values: FloatArray, x: FloatArray) -> FloatArray:
    """Give (C,) the axes of `x`."""
    return np.expand_dims(values, _reduced(x))
