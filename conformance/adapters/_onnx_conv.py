"""Convolutions, and the adjoint of im2col, on ONNX Runtime's kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from conformance.adapters._arguments import Array, floats, per_axis, shape
from conformance.adapters._onnx_bridge import KERNELS, needs_float32, node, run
from conformance.adapters._windows import Walk, convolution, transposed, windows

_NO_DOUBLE = "https://github.com/microsoft/onnxruntime/issues/7546"

_CHECKED = "https://github.com/microsoft/onnxruntime/pull/29446"


def pads(walk: Walk) -> tuple[int, ...]:
    """Order padding as ONNX wants it: all that comes before the image, then all that comes after."""
    return (*walk.befores, *(after for _, after in walk.padding))


def _convolve(
    operator: str, x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None, **how: object
) -> Array:
    operands = floats(operator, x=x, weight=weight, bias=bias)
    image, kernels, *vectors = operands
    walk = convolution(operator, image, kernels, *vectors, **how)
    needs_float32(operator, "Conv", image, _NO_DOUBLE)
    names = ("x", "weight", "bias")[: len(operands)]
    conv = node(
        "Conv",
        " ".join(names),
        "y",
        kernel_shape=walk.kernel,
        strides=walk.stride,
        pads=pads(walk),
        dilations=walk.dilation,
        group=walk.groups,
    )
    return run(conv, **dict(zip(names, operands, strict=True)))[0]


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
    """Conv along one axis."""
    return _convolve("conv1d", x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


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
    """Conv along two axes."""
    return _convolve("conv2d", x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


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
    """ConvTranspose."""
    operator = "conv_transpose2d"
    operands = floats(operator, x=x, weight=weight, bias=bias)
    walk, extra = transposed(
        operator,
        *operands,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    needs_float32(operator, "ConvTranspose", operands[0], _NO_DOUBLE)
    if any(e >= step for e, step in zip(extra, walk.stride, strict=True)):
        raise NotImplementedError(
            f"{operator}: ONNX Runtime takes no output_padding as large as the stride: {_CHECKED}"
        )
    names = ("x", "weight", "bias")[: len(operands)]
    conv = node(
        "ConvTranspose",
        " ".join(names),
        "y",
        kernel_shape=walk.kernel,
        strides=walk.stride,
        pads=pads(walk),
        output_padding=extra,
        dilations=walk.dilation,
        group=walk.groups,
    )
    return run(conv, **dict(zip(names, operands, strict=True)))[0]


def col2im(
    cols: npt.ArrayLike,
    input_shape: Sequence[int],
    kernel_size: object,
    *,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
) -> Array:
    """Col2Im, which has the windows as columns of one matrix an image."""
    (rows,) = floats("col2im", cols=cols)
    N, C, H, W = per_axis("col2im", "input_shape", input_shape, 4, 0)
    walk = windows("col2im", (H, W), kernel_size, stride=stride, padding=padding, dilation=dilation)
    positions, cells = int(np.prod(walk.output)), C * int(np.prod(walk.kernel))
    shape("col2im", "cols", rows, (N * positions, cells))
    needs_float32("col2im", "Col2Im", rows, KERNELS)
    columns = np.ascontiguousarray(rows.reshape(N, positions, cells).swapaxes(1, 2))
    fold = node("Col2Im", "columns image block", "x", strides=walk.stride, pads=pads(walk), dilations=walk.dilation)
    image, block = np.array(walk.image, np.int64), np.array(walk.kernel, np.int64)
    return run(fold, columns=columns, image=image, block=block)[0]
