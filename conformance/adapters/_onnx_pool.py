"""Pooling on ONNX Runtime's kernels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from conformance.adapters._arguments import Array, floats, rank
from conformance.adapters._onnx_bridge import KERNELS, needs_float32, node, run, scalars
from conformance.adapters._onnx_conv import pads
from conformance.adapters._windows import Walk, pooling


def max_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    dilation: object = 1,
    ceil_mode: bool = False,
) -> Array:
    """MaxPool."""
    (image,) = floats("max_pool2d", x=x)
    how = pooling(
        "max_pool2d",
        image,
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    attributes = {
        "kernel_shape": how.kernel,
        "strides": how.stride,
        "pads": pads(how),
        "dilations": how.dilation,
        "ceil_mode": int(ceil_mode),
    }
    if np.isfinite(image).all() and not _may_miss_the_image(how):
        return run(node("MaxPool", "x", "y", **attributes), x=image)[0]
    # By its stride, dtype and padding MaxPool has kernels that answer with the lowest finite number where nothing is
    # larger, and whether they see a NaN depends on its place. So they are asked also where there is a NaN, and where
    # there is anything beyond -inf. https://github.com/microsoft/onnxruntime/issues/16350
    return run(
        node("IsNaN", "x", "is_nan"),
        node("CastLike", "is_nan x", "nans"),
        node("Greater", "x lowest", "is_more"),
        node("CastLike", "is_more x", "mores"),
        node("MaxPool", "x", "maxima", **attributes),
        node("MaxPool", "nans", "pooled_nans", **attributes),
        node("MaxPool", "mores", "pooled_mores", **attributes),
        node("Greater", "pooled_nans zero", "has_nan"),
        node("Greater", "pooled_mores zero", "has_more"),
        node("Where", "has_more maxima lowest", "largest"),
        node("Where", "has_nan nan largest", "y"),
        x=image,
        **scalars(image.dtype, {"lowest": -np.inf, "zero": 0, "nan": np.nan}),
    )[0]


def _may_miss_the_image(how: Walk) -> bool:
    """Whether a window may lie in the padding with all of its cells, as only a dilated one can."""
    return max(how.dilation) > 1 and any(before or after for before, after in how.padding)


def avg_pool2d(
    x: npt.ArrayLike,
    kernel_size: object,
    *,
    stride: object = None,
    padding: object = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """AveragePool."""
    (image,) = floats("avg_pool2d", x=x)
    how = pooling("avg_pool2d", image, kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode)
    needs_float32("avg_pool2d", "AveragePool", image, KERNELS)
    pool = node(
        "AveragePool",
        "x",
        "y",
        kernel_shape=how.kernel,
        strides=how.stride,
        pads=pads(how),
        ceil_mode=int(ceil_mode),
        count_include_pad=int(count_include_pad),
    )
    return run(pool, x=image)[0]


def global_avg_pool2d(x: npt.ArrayLike) -> Array:
    """GlobalAveragePool."""
    (image,) = floats("global_avg_pool2d", x=x)
    rank("global_avg_pool2d", "x", image, 4)
    needs_float32("global_avg_pool2d", "GlobalAveragePool", image, KERNELS)
    return run(node("GlobalAveragePool", "x", "y"), x=image)[0]
