"""Pooling on JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import lax

from conformance.adapters._arguments import Array, floats, rank, shape
from conformance.adapters._jax_bridge import call, gradients
from conformance.adapters._windows import Walk, pooling


def _reduced(image: Any, start: float, combine: Any, walk: Walk) -> Any:
    around = [(before, max(0, end)) for before, end in zip(walk.befores, walk.ends, strict=True)]
    return lax.reduce_window(
        image,
        # a number of NumPy: of one that is traced JAX cannot know that it changes nothing, and has no gradient
        image.dtype.type(start),
        combine,
        (1, 1, *walk.kernel),
        (1, 1, *walk.stride),
        ((0, 0), (0, 0), *around),
        window_dilation=(1, 1, *walk.dilation),
    )


def _largest(image: Any, walk: Walk) -> Any:
    return _reduced(image, -jnp.inf, lax.max, walk)


def max_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    dilation: object = 1,
    ceil_mode: bool = False,
) -> Array:
    """lax.reduce_window by lax.max."""
    (image,) = floats("max_pool2d", x=x)
    walk = pooling(
        "max_pool2d",
        image,
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    return np.asarray(call(_largest, image, how=(walk,)))


def _routed(image: Any, slope: Any, walk: Walk) -> Any:
    """Differentiate windows with a NaN, and those with nothing above -inf, by poolings of their own.

    JAX sends the gradient of a window to its last NaN, the contract to the first, which is the first maximum of the
    marks that stand where the NaNs are. To padding, which JAX makes -inf of, it sends that of a window whose
    maximum is -inf.
    """

    def route(source: Any, chosen: Any) -> Any:
        (grad,) = jax.vjp(lambda image: _largest(image, walk), source)[1](jnp.where(chosen, slope, 0))
        return grad

    marks = jnp.isnan(image).astype(image.dtype)
    nan, lowest = _largest(marks, walk) == 1, _largest(image, walk) == -jnp.inf
    ordinary = route(jnp.where(marks == 1, 0, image), ~nan & ~lowest)
    return ordinary + route(marks, nan) + route(jnp.ones_like(image), lowest)


def max_pool2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object,
    padding: object,
    dilation: object,
    ceil_mode: bool,
) -> Array:
    """lax.reduce_window by lax.max, by vjp.

    With dilation JAX raises NotImplementedError: it differentiates a maximum over windows without holes alone.
    """
    operator = "max_pool2d_backward"
    image, slope = floats(operator, x=x, grad_output=grad_output)
    walk = pooling(
        operator,
        image,
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    output = *image.shape[:2], *walk.output
    if np.isfinite(image).all():
        return gradients(operator, _largest, (image,), slope, output, how=(walk,))[0]
    shape(operator, "grad_output", slope, output)
    return np.asarray(call(_routed, image, slope, how=(walk,)))


def _mean(image: Any, counts: Any, walk: Walk) -> Any:
    return _reduced(image, 0, lax.add, walk) / counts


def _counts(walk: Walk, count_include_pad: bool) -> Array:
    """Count the cells of each window that the mean is over."""
    along = []
    for n, k, s, (before, after), o in zip(
        walk.image, walk.kernel, walk.stride, walk.padding, walk.output, strict=True
    ):
        first, end = (-before, n + after) if count_include_pad else (0, n)
        starts = np.arange(o) * s - before
        along.append(np.minimum(starts + k, end) - np.maximum(starts, first))
    return np.asarray(np.multiply.outer(*along))


def _pooling_mean(
    operator: str, x: npt.ArrayLike, kernel_size: object, count_include_pad: bool, **how: Any
) -> tuple[Array, Array, Walk]:
    (image,) = floats(operator, x=x)
    walk = pooling(operator, image, kernel_size, **how)
    return image, _counts(walk, count_include_pad).astype(image.dtype), walk


def avg_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """lax.reduce_window by lax.add, over the counts."""
    how = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    image, counts, walk = _pooling_mean("avg_pool2d", x, kernel_size, count_include_pad, **how)
    return np.asarray(call(_mean, image, counts, how=(walk,)))


def avg_pool2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object,
    padding: object,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Array:
    """lax.reduce_window by lax.add, over the counts, by vjp."""
    operator = "avg_pool2d_backward"
    how = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    image, counts, walk = _pooling_mean(operator, x, kernel_size, count_include_pad, **how)
    output = *image.shape[:2], *walk.output
    return gradients(operator, _mean, (image,), grad_output, output, rest=(counts,), how=(walk,))[0]


def _global(image: Any) -> Any:
    return image.mean((2, 3), keepdims=True)


def global_avg_pool2d(x: npt.ArrayLike) -> Array:
    """jnp.mean."""
    (image,) = floats("global_avg_pool2d", x=x)
    rank("global_avg_pool2d", "x", image, 4)
    return np.asarray(call(_global, image))


def global_avg_pool2d_backward(grad_output: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """jnp.mean by vjp."""
    operator = "global_avg_pool2d_backward"
    (image,) = floats(operator, x=x)
    rank(operator, "x", image, 4)
    return gradients(operator, _global, (image,), grad_output, (*image.shape[:2], 1, 1))[0]
