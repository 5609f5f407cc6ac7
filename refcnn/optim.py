"""Update rules of gradient descent, as functions from old values to new ones."""

import numpy as np

from refcnn._blocks import blocks
from refcnn._checks import FloatArray, floats, fraction, integer, real, shape


def sgd_update(param: FloatArray, grad: FloatArray, *, lr: float) -> FloatArray:
    """Step against the gradient.

    param − lr · grad.

    Parameters
    ----------
    param : any shape, float16, float32 or float64
    grad : shape and dtype of `param`
    lr : float, the learning rate

    Returns
    -------
    shape and dtype of `param`

    Raises
    ------
    TypeError
        An array that is not floating, an attribute that is not a number.
    ValueError
        A gradient of another shape than the parameter.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.3.1, algorithm 8.1.

    Examples
    --------
    >>> sgd_update(np.array([1.0, 2.0]), np.array([4.0, -4.0]), lr=0.25).tolist()
    [0.0, 3.0]
    """
    (param, grad), dtype = floats("sgd_update", param=param, grad=grad)
    shape("sgd_update", "grad", grad, param.shape, param=param)
    lr = real("sgd_update", "lr", lr)
    with np.errstate(all="ignore"):  # a diverging parameter may become inf
        return np.asarray(param - lr * grad, dtype)


def momentum_update(
    param: FloatArray, grad: FloatArray, velocity: FloatArray, *, lr: float, momentum: float
) -> tuple[FloatArray, FloatArray]:
    """Step against a decaying sum of the gradients.

    velocity = momentum · velocity + grad, then param = param − lr · velocity.

    Parameters
    ----------
    param : any shape, float16, float32 or float64
    grad, velocity : shape and dtype of `param`
    lr : float, the learning rate
    momentum : float, how much of the velocity is left after a step

    Returns
    -------
    (param, velocity), shape and dtype of `param`

    Raises
    ------
    TypeError
        An array that is not floating, an attribute that is not a number.
    ValueError
        Arrays of another shape than the parameter.

    References
    ----------
    Polyak (1964), Some methods of speeding up the convergence of iteration methods. Goodfellow, Bengio and
    Courville (2016), section 8.3.2, with the learning rate inside the velocity.

    Examples
    --------
    >>> updated = momentum_update(np.array([1.0]), np.array([2.0]), np.array([4.0]), lr=0.25, momentum=0.5)
    >>> [array.tolist() for array in updated]
    [[0.0], [4.0]]
    """
    arrays = {"grad": grad, "velocity": velocity}
    (param, grad, velocity), dtype = floats("momentum_update", param=param, **arrays)
    for name, array in arrays.items():
        shape("momentum_update", name, array, param.shape, param=param)
    lr, momentum = real("momentum_update", "lr", lr), real("momentum_update", "momentum", momentum)
    with np.errstate(all="ignore"):
        velocity = momentum * velocity + grad
        return np.asarray(param - lr * velocity, dtype), np.asarray(velocity, dtype)


def adam_update(
    param: FloatArray,
    grad: FloatArray,
    m: FloatArray,
    v: FloatArray,
    *,
    step: int,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Step against the mean gradient, in units of its root mean square.

    m = beta1 · m + (1 − beta1) · grad and v = beta2 · v + (1 − beta2) · grad²; both started from 0, which is
    made good by m̂ = m / (1 − beta1^step) and v̂ = v / (1 − beta2^step). Then
    param = param − lr · m̂ / (√v̂ + eps).

    Parameters
    ----------
    param : any shape, float16, float32 or float64
    grad, m, v : shape and dtype of `param`
    step : int, counted from 1
    lr, eps : float
    beta1, beta2 : float in [0, 1)

    Returns
    -------
    (param, m, v), shape and dtype of `param`

    Raises
    ------
    TypeError
        An array that is not floating, an attribute of a wrong type.
    ValueError
        Arrays of another shape than the parameter, a step below 1, a beta outside [0, 1).

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1.

    Examples
    --------
    >>> zero = np.zeros(1)
    >>> param, m, v = adam_update(np.array([1.0]), np.array([-8.0]), zero, zero, step=1, lr=0.5, eps=0.0)
    >>> param.tolist()
    [1.5]
    """
    arrays = {"grad": grad, "m": m, "v": v}
    (param, grad, m, v), dtype = floats("adam_update", param=param, **arrays)
    for name, array in arrays.items():
        shape("adam_update", name, array, param.shape, param=param)
    step = integer("adam_update", "step", step, 1)
    beta1, beta2 = fraction("adam_update", "beta1", beta1), fraction("adam_update", "beta2", beta2)
    lr, eps = real("adam_update", "lr", lr), real("adam_update", "eps", eps)
    new = [np.empty(param.shape, dtype) for _ in range(3)]
    given = [np.ravel(array) for array in (param, grad, m, v)]
    with np.errstate(all="ignore"):
        for part in blocks(param.size, 16 * param.itemsize):  # that many passes, over what stays in cache
            param, grad, m, v = (array[part] for array in given)
            m = beta1 * m + (1 - beta1) * grad
            v = beta2 * v + (1 - beta2) * grad**2
            m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
            param = param - lr * (m_hat / (np.sqrt(v_hat) + eps))
            for array, values in zip(new, (param, m, v), strict=True):
                array.reshape(-1)[part] = values
    param, m, v = new
    return param, m, v
