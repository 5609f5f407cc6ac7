"""Mistakes in average pooling and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.faults.fault import Body, Fault, Right, fault
from conformance.faults.pool_windows import (
    Axes,
    add_cells,
    axes_of,
    cells,
    counts,
    numbered,
    overwritten,
    with_numbers,
)

Divisors = Callable[[Axes, bool], Any]


def _divisor(says: str, corner: str = "", forward: str = "divisor") -> Callable[[Body], tuple[Fault, ...]]:
    """Make a wrong divisor a fault of the average, which an image of ones shows, and one of its gradient."""

    def decorate(body: Body) -> tuple[Fault, ...]:
        known: dict[str, Any] = {"says": says, "corner": corner, "history": "average_divisor"}
        made = fault("avg_pool2d", killed_by=forward, **known)(body)
        return made + fault("avg_pool2d_backward", killed_by="values", **known)(body)

    return decorate


def _divided(right: Right, arrays: Any, how: Any, wrong: Divisors) -> Any:
    """Divide the average, or the gradients of the windows, by other numbers."""
    y = right(*arrays, **how)
    *gradients, x, kernel_size = arrays
    axes = axes_of(x, kernel_size, **how)
    include = how.get("count_include_pad", True)
    factor = counts(axes, include) / wrong(axes, include)
    scaled = [(gradient * factor).astype(y.dtype) for gradient in gradients]
    return right(*scaled, x, kernel_size, **how) if scaled else (y * factor).astype(y.dtype)


def _area(axes: Axes) -> int:
    rows, columns = axes
    return rows.kernel * columns.kernel


@_divisor("padding always counts in the divisor: count_include_pad is ignored")
def padding_always_counts(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **how | {"count_include_pad": True})


@_divisor("padding never counts in the divisor: count_include_pad is ignored")
def padding_never_counts(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **how | {"count_include_pad": False})


@_divisor("count_include_pad means its opposite")
def count_include_pad_inverted(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **how | {"count_include_pad": not how.get("count_include_pad", True)})


@_divisor("the divisor is always the number of cells of the kernel")
def kernel_area(right: Right, *arrays: Any, **how: Any) -> Any:
    return _divided(right, arrays, how, lambda axes, _include: _area(axes))


@_divisor(
    "cells that overhang the padded image count in the divisor",
    corner="in the windows of ceil_mode that overhang",
)
def overhang_counts(right: Right, *arrays: Any, **how: Any) -> Any:
    return _divided(right, arrays, how, lambda axes, include: _area(axes) if include else counts(axes, False))


@_divisor(
    "without count_include_pad the padding in front is left out of the divisor, but that behind is not",
    corner="in the last windows, without count_include_pad",
)
def padding_behind_counts(right: Right, *arrays: Any, **how: Any) -> Any:
    def wrong(axes: Axes, include: bool) -> Any:
        rows, columns = (axis.inside_padded & (include | (axis.pixels >= 0)) for axis in axes)
        return np.outer(rows.sum(axis=1), columns.sum(axis=1))

    return _divided(right, arrays, how, wrong)


@_divisor(
    "without count_include_pad the padding above and below is left out of the divisor, but that beside is not",
    corner="in the first and the last column of windows, without count_include_pad",
)
def padding_beside_counts(right: Right, *arrays: Any, **how: Any) -> Any:
    def wrong(axes: Axes, include: bool) -> Any:
        rows, columns = axes[0].inside_padded if include else axes[0].inside, axes[1].inside_padded
        return np.outer(rows.sum(axis=1), columns.sum(axis=1))

    return _divided(right, arrays, how, wrong)


@_divisor(
    "the height of the kernel stands for its width in the divisor",
    corner="where the kernel is not square",
)
def kernel_taken_for_square(right: Right, *arrays: Any, **how: Any) -> Any:
    return _divided(right, arrays, how, lambda axes, include: counts(axes, include) * axes[0].kernel / axes[1].kernel)


@_divisor(
    "the cells are counted in a byte",
    corner="in windows of more than 255 cells",
    forward="values",
)
def counted_in_byte(right: Right, *arrays: Any, **how: Any) -> Any:
    return _divided(right, arrays, how, lambda axes, include: counts(axes, include) % 256)


@fault(
    "avg_pool2d",
    says="without count_include_pad it is the cells other than 0 that are counted, pixels of 0 left out",
    killed_by="values",
    corner="where pixels are 0, without count_include_pad",
    history="average_divisor",
)
def zeros_not_counted(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    axes = axes_of(x, kernel_size, **how)
    nonzero = np.count_nonzero(cells(x, axes, outside=0.0), axis=-1).clip(1)
    divided = (y * (counts(axes, False) / nonzero)).astype(y.dtype)
    return y if how.get("count_include_pad", True) else divided


@fault(
    "avg_pool2d",
    says="the divisors are remembered from an earlier output of the same shape and kernel, whatever its padding",
    killed_by="divisor",
    corner="where an earlier call had other padding",
    history="average_divisor",
    remembers=True,
)
def divisors_by_shape(right: Right, memory: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)

    def wrong(axes: Axes, include: bool) -> Any:
        return memory.setdefault((y.shape[2:], kernel_size), counts(axes, include))

    return _divided(right, (x, kernel_size), how, wrong)


@fault(
    "avg_pool2d",
    says="the sum of a window is a difference of running sums, in which a small window beside large pixels drowns",
    killed_by="values",
    corner="beside pixels that are much larger",
)
def running_sums(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    y = right(x, kernel_size, **how)
    before = np.cumsum(x, axis=3) - x
    restored = np.cumsum(x, axis=3) - before
    return right(restored.astype(y.dtype), kernel_size, **how)


@fault("avg_pool2d", says="the average is rounded down to a whole number", killed_by="exact")
def divided_as_integers(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return np.floor(right(x, kernel_size, **how))


@fault(
    "avg_pool2d",
    says="a NaN counts as 0",
    killed_by="not_a_number",
    corner="in windows with NaN",
)
def nan_counts_as_zero(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(np.where(np.isnan(x), np.zeros_like(x), x), kernel_size, **how)


def _shares(grad_output: Any, axes: Axes, count_include_pad: bool) -> Any:
    """Return what each cell of each window gets of the window's gradient."""
    share = (grad_output / counts(axes, count_include_pad)).astype(grad_output.dtype)
    return np.repeat(share[..., None], _area(axes), axis=-1)


@fault("avg_pool2d_backward", says="the gradient is not divided at all", killed_by="values")
def not_divided(right: Right, *arrays: Any, **how: Any) -> Any:
    return _divided(right, arrays, how, lambda _axes, _include: np.ones(1))


@fault(
    "avg_pool2d_backward",
    says="where windows overlap, the gradient of a later one overwrites that of an earlier one",
    killed_by="values",
    corner="where windows overlap",
)
def last_window_wins(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(grad_output, x, kernel_size, **how)
    axes = axes_of(x, kernel_size, **how)
    shares = _shares(grad_output, axes, how["count_include_pad"])
    source = np.broadcast_to(numbered(axes), shares.shape)
    return overwritten(shares, source, x.shape)


@fault(
    "avg_pool2d_backward",
    says="the padding of a side goes to the opposite side",
    killed_by="values",
    corner="where the padding of opposite sides differs",
    history="padding_side",
)
def padding_sides_exchanged(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(grad_output, x, kernel_size, **how)
    rows, columns = axes_of(x, kernel_size, **how)
    shares = _shares(grad_output, [rows, columns], how["count_include_pad"])
    return add_cells(shares, with_numbers([rows, columns], before=(rows.after, columns.after)))


@fault(
    "avg_pool2d_backward",
    says="each gradient is repeated until the next window begins, so that pixels between windows get one",
    killed_by="values",
    corner="with a stride above the kernel",
    history="stride_above_kernel",
)
def repeated_up_to_stride(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(grad_output, x, kernel_size, **how)
    rows, columns = axes_of(x, kernel_size, **how)
    wide = with_numbers([rows, columns], kernel=(max(rows.kernel, rows.stride), max(columns.kernel, columns.stride)))
    share = _shares(grad_output, [rows, columns], how["count_include_pad"])[..., :1]
    return add_cells(np.repeat(share, _area(wide), axis=-1), wide)
