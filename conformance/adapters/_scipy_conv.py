"""Convolutions by scipy.signal.correlate, and their gradients, which are correlations too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import signal

from conformance.adapters._arguments import Array, cotangent, floats
from conformance.adapters._windows import Walk, convolution, transposed


def _valid(array: Array, kernel: Array) -> Array:
    """Correlate over all axes, where the kernel fits; SciPy makes one axis of an array without numbers."""
    if array.size:
        # method "direct", for the Fourier transform would mix all elements
        return np.asarray(signal.correlate(array, kernel, mode="valid", method="direct"))
    return np.zeros([n - k + 1 for n, k in zip(array.shape, kernel.shape, strict=True)], array.dtype)


def _spaced(cells: Array, gaps: Sequence[int]) -> Array:
    """Put zeros between the cells along all axes but the first two, for SciPy knows no dilation."""
    sizes = [(n - 1) * gap + 1 for n, gap in zip(cells.shape[2:], gaps, strict=True)]
    result = np.zeros((*cells.shape[:2], *sizes), cells.dtype)
    result[:, :, *_every(gaps)] = cells
    return result


def _every(steps: Sequence[int]) -> tuple[slice, ...]:
    return tuple(slice(None, None, step) for step in steps)


def _groups(walk: Walk, *pairs: tuple[Array, int]) -> zip[tuple[Array, ...]]:
    """Part each array into the groups along its axis, and go through them side by side."""
    return zip(*(np.split(array, walk.groups, axis) for array, axis in pairs), strict=True)


def _cut(full: Array, walk: Walk, sizes: Sequence[int]) -> Array:
    """Cut `sizes` out behind the padding; where nothing reached, there is nothing."""
    short = [max(0, before + size - n) for before, size, n in zip(walk.befores, sizes, full.shape[2:], strict=True)]
    longer = np.pad(full, ((0, 0), (0, 0), *((0, more) for more in short)))
    return longer[:, :, *(slice(before, before + size) for before, size in zip(walk.befores, sizes, strict=True))]


def _correlate(image: Array, weight: Array, walk: Walk) -> Array:
    """Correlate (N, C, …) with each (C / groups, …) kernel, all channels at once."""
    parts = [
        _valid(channels, kernel[None])[:, :, *_every(walk.stride)]
        for channels, kernels in _groups(walk, (image, 1), (_spaced(weight, walk.dilation), 0))
        for kernel in kernels
    ]
    return np.concatenate(parts, axis=1)


def _scatter(slopes: Array, weight: Array, walk: Walk) -> Array:
    """Add each slope times its kernel up, over the whole padded image: correlate with the kernels turned round."""
    turned = np.flip(_spaced(weight, walk.dilation), tuple(range(2, weight.ndim)))
    around = [(n - 1, n - 1) for n in turned.shape[2:]]
    spread = np.pad(_spaced(slopes, walk.stride), ((0, 0), (0, 0), *around))
    parts = [
        _valid(filters, kernels[None, :, channel])
        for filters, kernels in _groups(walk, (spread, 1), (turned, 0))
        for channel in range(weight.shape[1])
    ]
    return np.concatenate(parts, axis=1)


def _weigh(image: Array, slopes: Array, walk: Walk) -> Array:
    """Correlate each channel with each filter's slopes, over the batch."""
    if len(image) == 0:
        return np.zeros((slopes.shape[1], image.shape[1] // walk.groups, *walk.kernel), image.dtype)
    parts = [
        _valid(channels, filters[:, [number]])
        for channels, filters in _groups(walk, (image, 1), (_spaced(slopes, walk.stride), 1))
        for number in range(filters.shape[1])
    ]
    whole = np.concatenate(parts)[:, :, *_every(walk.dilation)]
    return whole[:, :, *(slice(size) for size in walk.kernel)]


def _padded(image: Array, walk: Walk) -> Array:
    return np.pad(image, ((0, 0), (0, 0), *walk.padding))


def _conv(operator: str, x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None, **how: object) -> Array:
    image, kernels, *vectors = floats(operator, x=x, weight=weight, bias=bias)
    walk = convolution(operator, image, kernels, *vectors, **how)
    y = _correlate(_padded(image, walk), kernels, walk)
    for vector in vectors:
        y += vector.reshape(-1, *[1] * len(walk.kernel))
    return y


def _conv_backward(
    operator: str, grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike, **how: object
) -> tuple[Array, ...]:
    image, kernels = floats(operator, x=x, weight=weight)
    walk = convolution(operator, image, kernels, **how)
    slopes = cotangent(operator, grad_output, image.dtype, (len(image), len(kernels), *walk.output))
    grad_x = _cut(_scatter(slopes, kernels, walk), walk, walk.image)
    grad_bias = slopes.sum(axis=(0, *range(2, slopes.ndim)))
    return grad_x, _weigh(_padded(image, walk), slopes, walk), grad_bias


def conv1d(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> Array:
    """scipy.signal.correlate over a signal."""
    return _conv("conv1d", x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def conv1d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
) -> tuple[Array, ...]:
    """Differentiate `conv1d`."""
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _conv_backward("conv1d_backward", grad_output, x, weight, **how)


def conv2d(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> Array:
    """scipy.signal.correlate over an image."""
    return _conv("conv2d", x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def conv2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
) -> tuple[Array, ...]:
    """Differentiate `conv2d`."""
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _conv_backward("conv2d_backward", grad_output, x, weight, **how)


def conv_transpose2d(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: object = 1,
    padding: object = 0,
    output_padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> Array:
    """Scatter each pixel times its kernel, as the gradient of `conv2d` does."""
    image, kernels, *vectors = floats("conv_transpose2d", x=x, weight=weight, bias=bias)
    walk, _ = transposed(
        "conv_transpose2d",
        image,
        kernels,
        *vectors,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    y = _cut(_scatter(image, kernels, walk), walk, walk.output)
    for vector in vectors:
        y += vector.reshape(-1, 1, 1)
    return y


def conv_transpose2d_backward(
    grad_output: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: object,
    padding: object,
    output_padding: object,
    dilation: object,
    groups: object,
) -> tuple[Array, ...]:
    """Differentiate `conv_transpose2d`, of which `conv2d` is the gradient."""
    operator = "conv_transpose2d_backward"
    image, kernels = floats(operator, x=x, weight=weight)
    walk, _ = transposed(
        operator,
        image,
        kernels,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    filters = kernels.shape[1] * walk.groups
    slopes = cotangent(operator, grad_output, image.dtype, (len(image), filters, *walk.output))
    # x is what windows over the output gave: as many as there are pixels in x, and none beyond
    seen = _padded(slopes, walk)
    for axis, (n, s, d, k) in enumerate(zip(walk.image, walk.stride, walk.dilation, walk.kernel, strict=True), 2):
        seen = seen.take(range((n - 1) * s + d * (k - 1) + 1), axis)
    return _correlate(seen, kernels, walk), _weigh(seen, image, walk), slopes.sum(axis=(0, 2, 3))
