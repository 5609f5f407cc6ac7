"""Windows as a matrix, and convolutions, on JAX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import lax

from conformance.adapters._arguments import Array, floats, per_axis, rank, shape
from conformance.adapters._jax_bridge import call, gradients
from conformance.adapters._windows import Walk, convolution, transposed, windows


def _columns(image: Any, walk: Walk) -> Any:
    # lax.conv_general_dilated_patches multiplies by ones and zeros, and makes NaN of an infinity times 0
    padded = jnp.pad(image, ((0, 0), (0, 0), *walk.padding))
    rows, columns = (
        np.arange(k)[:, None] * d + np.arange(count) * s
        for k, d, count, s in zip(walk.kernel, walk.dilation, walk.output, walk.stride, strict=True)
    )
    # (n, c, kh, kw, oh, ow)
    cells = padded[:, :, rows[:, None, :, None], columns[None, :, None, :]]
    return cells.transpose(0, 4, 5, 1, 2, 3).reshape(-1, image.shape[1] * walk.kernel[0] * walk.kernel[1])


def _add_up(cols: Any, input_shape: tuple[int, ...], walk: Walk) -> Any:
    (image,) = jax.linear_transpose(lambda image: _columns(image, walk), jnp.zeros(input_shape, cols.dtype))(cols)
    return image


def im2col(
    x: npt.ArrayLike, kernel_size: object, *, stride: object = 1, padding: object = 0, dilation: object = 1
) -> Array:
    """Gather each window into a row."""
    (image,) = floats("im2col", x=x)
    rank("im2col", "x", image, 4)
    walk = windows("im2col", image.shape[2:], kernel_size, stride=stride, padding=padding, dilation=dilation)
    return np.asarray(call(_columns, image, how=(walk,)))


def col2im(
    cols: npt.ArrayLike,
    input_shape: Sequence[int],
    kernel_size: object,
    *,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
) -> Array:
    """Transpose `im2col` by jax.linear_transpose."""
    (rows,) = floats("col2im", cols=cols)
    N, C, H, W = per_axis("col2im", "input_shape", input_shape, 4, 0)
    walk = windows("col2im", (H, W), kernel_size, stride=stride, padding=padding, dilation=dilation)
    shape("col2im", "cols", rows, (N * int(np.prod(walk.output)), C * int(np.prod(walk.kernel))))
    return np.asarray(call(_add_up, rows, how=((N, C, H, W), walk)))


def _correlate(x: Any, weight: Any, bias: Any, walk: Walk) -> Any:
    return _convolved(x, weight, bias, walk.stride, walk.padding, walk.dilation, walk.groups)


def _convolved(
    x: Any,
    weight: Any,
    bias: Any,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int,
    spread: Sequence[int] | None = None,
) -> Any:
    y = lax.conv_general_dilated(
        x,
        weight,
        stride,
        padding,
        lhs_dilation=spread,
        rhs_dilation=dilation,
        feature_group_count=groups,
        # by default some devices keep fewer bits
        precision=lax.Precision.HIGHEST,
    )
    return y + bias.reshape(-1, *[1] * len(stride))


def _scatter(x: Any, weight: Any, bias: Any, walk: Walk, extra: tuple[int, ...]) -> Any:
    """Put zeros between the pixels and turn the kernels round, for lax.conv_transpose has no groups."""
    C, per_group, *kernel = weight.shape
    parts = weight.reshape(walk.groups, C // walk.groups, per_group, *kernel)
    # (g, C / g, F / g, …) -> (F, C / g, …)
    turned = jnp.flip(parts.swapaxes(1, 2).reshape(-1, C // walk.groups, *kernel), (2, 3))
    around = [
        (d * (k - 1) - before, d * (k - 1) - after + e)
        for d, k, (before, after), e in zip(walk.dilation, kernel, walk.padding, extra, strict=True)
    ]
    return _convolved(x, turned, bias, (1, 1), around, walk.dilation, walk.groups, walk.stride)


def _conv(operator: str, x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None, **how: object) -> Array:
    image, kernels, *vectors = floats(operator, x=x, weight=weight, bias=bias)
    walk = convolution(operator, image, kernels, *vectors, **how)
    vector = vectors[0] if vectors else np.zeros(len(kernels), image.dtype)
    return np.asarray(call(_correlate, image, kernels, vector, how=(walk,)))


def _conv_backward(
    operator: str, grad_output: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike, **how: object
) -> tuple[Array, ...]:
    image, kernels = floats(operator, x=x, weight=weight)
    walk = convolution(operator, image, kernels, **how)
    operands = image, kernels, np.zeros(len(kernels), image.dtype)
    output = len(image), len(kernels), *walk.output
    return gradients(operator, _correlate, operands, grad_output, output, how=(walk,))


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
    """lax.conv_general_dilated along one axis."""
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
    """lax.conv_general_dilated by vjp."""
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
    """lax.conv_general_dilated along two axes."""
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
    """lax.conv_general_dilated by vjp."""
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
    """lax.conv_general_dilated of a spread image."""
    image, kernels, *vectors = floats("conv_transpose2d", x=x, weight=weight, bias=bias)
    how = transposed(
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
    vector = vectors[0] if vectors else np.zeros(kernels.shape[1] * how[0].groups, image.dtype)
    return np.asarray(call(_scatter, image, kernels, vector, how=how))


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
    """lax.conv_general_dilated of a spread image by vjp."""
    operator = "conv_transpose2d_backward"
    image, kernels = floats(operator, x=x, weight=weight)
    how = transposed(
        operator,
        image,
        kernels,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    filters = kernels.shape[1] * how[0].groups
    operands = image, kernels, np.zeros(filters, image.dtype)
    output = len(image), filters, *how[0].output
    return gradients(operator, _scatter, operands, grad_output, output, how=how)
