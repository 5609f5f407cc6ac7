"""The loss of a classifier: softmax and cross-entropy in one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from refcnn._checks import FloatArray, FloatDType, batch, floats, labels, rank, shape

Target = FloatArray | NDArray[np.integer[Any]]


def cross_entropy(logits: FloatArray, target: Target) -> np.floating[Any]:
    """Return the batch mean of the cross-entropy between target weights and softmax(logits).

    loss = Σ −target[n, k] · log p[n, k] / N, the sum over n and k. With m = max logits[n] over k, the
    log-probability is log p[n, k] = (logits[n, k] − m) − log Σ exp(logits[n, j] − m), exact for large
    logits, while the logarithm of a softmax would be that of 0.

    Parameters
    ----------
    logits : (N, K), float16, float32 or float64
    target : (N,) integer labels from 0 to K − 1, or (N, K) floating weights, whose sum is not checked

    Returns
    -------
    scalar, dtype of `logits`

    Raises
    ------
    TypeError
        Logits that are not floating.
    ValueError
        Labels out of range, shapes that do not fit each other, an empty batch.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, sections 3.13 and 6.2.2.3, equation 6.30.

    Examples
    --------
    >>> print(cross_entropy(np.array([[0.0, 1000.0], [1000.0, 0.0]]), np.array([0, 0])))
    500.0
    """
    logits, weights, dtype = _logits_and_weights("cross_entropy", logits, target)
    with np.errstate(all="ignore"):  # a logit too small to tell from −∞ has the probability 0
        shifted = logits - logits.max(axis=1, keepdims=True, initial=-np.inf)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        # A weight of 0 asks for nothing, not even where the probability is 0 and its logarithm −∞.
        terms = np.where((weights == 0) & np.isneginf(log_p), 0, -weights * log_p)
        # Divided before it is summed, the mean of large terms cannot overflow.
        loss: np.floating[Any] = dtype.type((terms.sum(axis=1) / len(logits)).sum())
        return loss


def cross_entropy_backward(logits: FloatArray, target: Target) -> FloatArray:
    """Return the gradient of `cross_entropy` in the logits.

    grad[n, k] = (softmax(logits)[n, k] · Σ target[n, j] − target[n, k]) / N, the sum over j; it is 1 for
    labels and for probabilities.

    Parameters
    ----------
    logits, target : as in `cross_entropy`

    Returns
    -------
    (N, K), dtype of `logits`

    Raises
    ------
    TypeError, ValueError
        As `cross_entropy`.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.2.2.3.

    Examples
    --------
    >>> cross_entropy_backward(np.array([[0.0, 0.0], [0.0, -1000.0]]), np.array([0, 1])).tolist()
    [[-0.25, 0.25], [0.5, -0.5]]
    """
    logits, weights, dtype = _logits_and_weights("cross_entropy_backward", logits, target)
    with np.errstate(all="ignore"):
        e = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        softmax = e / e.sum(axis=1, keepdims=True)
        grad = softmax * weights.sum(axis=1, keepdims=True) - weights
        return np.asarray(grad / len(logits), dtype)


def _logits_and_weights(
    operator: str, logits: FloatArray, target: NDArray[Any]
) -> tuple[FloatArray, FloatArray, FloatDType]:
    """Check both arguments; a label becomes a weight of 1 for its class."""
    target = np.asarray(target)
    if np.issubdtype(target.dtype, np.integer):
        (logits,), dtype = floats(operator, logits=logits)
        rank(operator, "logits", logits.shape, "(N, K)")
        labels(operator, target, logits)
        weights = np.zeros_like(logits)
        weights[np.arange(len(logits)), target] = 1
    else:
        (logits, weights), dtype = floats(operator, logits=logits, target=target)
        rank(operator, "logits", logits.shape, "(N, K)")
        shape(operator, "target", weights, logits.shape, logits=logits)
    batch(operator, logits)
    return logits, weights, dtype
