"""Linear layer, sigmoid, softmax and the loss by scipy.linalg and scipy.special."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.linalg import get_blas_funcs

from conformance.adapters._arguments import Array, axis_of, features, floats, labels_or_weights


def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    """scipy.linalg.blas.gemm."""
    samples, matrix, *vectors = floats("linear", x=x, weight=weight, bias=bias)
    features("linear", samples, matrix, *vectors)
    y = np.zeros((len(samples), len(matrix)), samples.dtype)
    if samples.size and matrix.size:
        (gemm,) = get_blas_funcs(("gemm",), (samples, matrix))
        y = np.ascontiguousarray(gemm(1.0, samples, matrix, trans_b=True))
    for vector in vectors:
        y += vector
    return y


def sigmoid(x: npt.ArrayLike) -> Array:
    """scipy.special.expit."""
    (values,) = floats("sigmoid", x=x)
    return np.asarray(special.expit(values))


def softmax(x: npt.ArrayLike, *, axis: int = -1) -> Array:
    """scipy.special.softmax, which takes no batch without samples."""
    (scores,) = floats("softmax", x=x)
    number = axis_of("softmax", scores, axis)
    return np.asarray(special.softmax(scores, axis=number)) if scores.size else scores


def cross_entropy(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    """scipy.special.log_softmax, and the mean of what the target picks."""
    (scores,) = floats("cross_entropy", logits=logits)
    wanted = labels_or_weights("cross_entropy", scores, target)
    logarithms = np.asarray(special.log_softmax(scores, axis=1))
    if wanted.ndim == 1:
        return np.asarray(-np.take_along_axis(logarithms, wanted[:, None], 1).mean())
    # a weight of 0 silences a logarithm of -inf
    terms = np.multiply(wanted, logarithms, out=np.zeros_like(logarithms), where=wanted != 0)
    return np.asarray(-terms.sum() / len(scores))
