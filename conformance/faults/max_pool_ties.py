"""Mistakes in which pixel of a window gets the gradient of max pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.pool_windows import (
    Axes,
    axes_of,
    cells,
    first,
    first_maximum,
    last,
    maxima,
    numbered,
    routed,
)


@fault(
    "max_pool2d_backward",
    says="the last of several equal maxima gets the gradient, as a comparison with >= makes it",
    killed_by="max_pool2d.routing",
    corner="where maxima tie",
    history="max_pool_ties",
)
def last_of_ties(right: Right, *arrays: Any, **how: Any) -> Any:
    return routed(right, arrays, how, lambda x, axes: last(maxima(x, axes)))


@fault(
    "max_pool2d_backward",
    says="every one of several equal maxima gets the whole gradient",
    killed_by="max_pool2d.routing",
    corner="where maxima tie",
    history="max_pool_ties",
)
def all_of_ties(right: Right, *arrays: Any, **how: Any) -> Any:
    return routed(right, arrays, how, maxima)


@fault(
    "max_pool2d_backward",
    says="the gradient is divided among equal maxima",
    killed_by="max_pool2d.routing",
    corner="where maxima tie",
    history="max_pool_ties",
)
def divided_among_ties(right: Right, *arrays: Any, **how: Any) -> Any:
    def choose(x: Any, axes: Axes) -> Any:
        among = maxima(x, axes)
        return among / among.sum(axis=-1, keepdims=True).clip(1)

    return routed(right, arrays, how, choose)


@fault(
    "max_pool2d_backward",
    says="equal maxima are looked for column by column",
    killed_by="max_pool2d.routing",
    corner="where maxima tie in several rows and columns of a window",
    history="max_pool_ties",
)
def first_by_column(right: Right, *arrays: Any, **how: Any) -> Any:
    def choose(x: Any, axes: Axes) -> Any:
        rows, columns = (axis.kernel for axis in axes)
        among = maxima(x, axes)
        by_column = among.reshape(*among.shape[:4], rows, columns).swapaxes(4, 5).reshape(among.shape)
        chosen = first(by_column).reshape(*among.shape[:4], columns, rows)
        return chosen.swapaxes(4, 5).reshape(among.shape)

    return routed(right, arrays, how, choose)


@fault(
    "max_pool2d_backward",
    says="minus zero is taken to be less than plus zero",
    killed_by="max_pool2d.routing",
    corner="where zeros of either sign are the maxima",
    history="max_pool_ties",
)
def minus_zero_is_less(right: Right, *arrays: Any, **how: Any) -> Any:
    def choose(x: Any, axes: Axes) -> Any:
        among, shown = maxima(x, axes), cells(x, axes)
        plus = among & (shown == 0) & ~np.signbit(shown)
        return first(np.where(plus.any(axis=-1, keepdims=True), plus, among))

    return routed(right, arrays, how, choose)


@fault(
    "max_pool2d_backward",
    says="in the last column of windows, which has code of its own, the last of equal maxima gets the gradient",
    killed_by="max_pool2d.routing",
    corner="where maxima tie in the last column of windows",
    history="max_pool_ties",
)
def last_of_ties_in_last_column(right: Right, *arrays: Any, **how: Any) -> Any:
    def choose(x: Any, axes: Axes) -> Any:
        among = maxima(x, axes)
        is_last = np.arange(among.shape[3]) == among.shape[3] - 1
        return np.where(is_last[:, None], last(among), first(among))

    return routed(right, arrays, how, choose)


@fault(
    "max_pool2d_backward",
    says="maxima are found by a comparison with a tolerance",
    killed_by="values",
    corner="where pixels differ by less than a hundred-thousandth",
)
def nearly_maximal(right: Right, *arrays: Any, **how: Any) -> Any:
    def choose(x: Any, axes: Axes) -> Any:
        shown = cells(x, axes)
        near = np.isclose(shown, shown.max(axis=-1, keepdims=True), equal_nan=True)
        return first(near & maxima(np.zeros_like(x), axes))

    return routed(right, arrays, how, choose)


@fault(
    "max_pool2d_backward",
    says="padding of 0 wins over negative pixels, and their gradient is lost",
    killed_by="values",
    history="max_pool_padding",
)
def lost_to_zero_padding(right: Right, *arrays: Any, **how: Any) -> Any:
    def choose(x: Any, axes: Axes) -> Any:
        shown = cells(x, axes, outside=0.0)
        return first_maximum(x, axes) & ~(shown.max(axis=-1, keepdims=True) > cells(x, axes).max(-1, keepdims=True))

    return routed(right, arrays, how, choose)


@fault(
    "max_pool2d_backward",
    says="a NaN is passed over, so that the largest number of its window gets the gradient",
    killed_by="max_pool2d.routing",
    corner="in windows with NaN",
    history="max_pool_nan",
)
def nan_passed_over(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(grad_output, x, kernel_size, **how)
    return right(grad_output, np.where(np.isnan(x), np.array(-np.inf, x.dtype), x), kernel_size, **how)


@fault(
    "max_pool2d_backward",
    says="every NaN takes over, so that the last one of its window gets the gradient",
    killed_by="max_pool2d.routing",
    corner="in windows with several NaN",
    history="max_pool_nan",
)
def last_nan(right: Right, *arrays: Any, **how: Any) -> Any:
    def choose(x: Any, axes: Axes) -> Any:
        among = maxima(x, axes)
        return np.where(np.isnan(cells(x, axes)) & among, last(among), first(among))

    return routed(right, arrays, how, choose)


@fault(
    "max_pool2d_backward",
    says="no pixel equals a maximum of NaN, so that its gradient is lost",
    killed_by="max_pool2d.routing",
    corner="in windows with NaN",
    history="max_pool_nan",
)
def nan_equals_nothing(right: Right, *arrays: Any, **how: Any) -> Any:
    return routed(right, arrays, how, lambda x, axes: first_maximum(x, axes) & ~np.isnan(cells(x, axes)))


@fault(
    "max_pool2d_backward",
    says="nothing exceeds a maximum that starts from minus infinity, so that the gradient of such a window is lost",
    killed_by="max_pool2d.routing",
    corner="in windows of minus infinity alone",
)
def minus_infinity_loses_gradient(right: Right, *arrays: Any, **how: Any) -> Any:
    return routed(right, arrays, how, lambda x, axes: first_maximum(x, axes) & (cells(x, axes) != -np.inf))


def _from_pixelless(grad_output: Any, x: Any, kernel_size: Any, pixel: int, **how: Any) -> Any:
    """Return the gradients of the windows without a pixel, at one pixel of each image."""
    pixels = numbered(axes_of(x, kernel_size, **how))
    lost = np.where((pixels == x.shape[2] * x.shape[3]).all(axis=-1), grad_output, 0).sum(axis=(2, 3))
    sent = np.zeros(x.shape, x.dtype)
    sent[:, :, pixel, pixel] = lost
    return sent


@fault(
    "max_pool2d_backward",
    says="the place of a maximum starts at pixel 0, which gets the gradient of a window without a pixel",
    killed_by="max_pool2d.routing",
    corner="in dilated windows that show no pixel",
)
def pixelless_to_first_pixel(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad_output, x, kernel_size, **how)
    return grad_x + _from_pixelless(grad_output, x, kernel_size, 0, **how)


@fault(
    "max_pool2d_backward",
    says="the place of a maximum starts at -1, and the last pixel gets the gradient of a window without a pixel",
    killed_by="max_pool2d.routing",
    corner="in dilated windows that show no pixel",
)
def pixelless_to_last_pixel(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    grad_x = right(grad_output, x, kernel_size, **how)
    return grad_x + _from_pixelless(grad_output, x, kernel_size, -1, **how)


@fault(
    "max_pool2d_backward",
    says="a window of NaN alone keeps the place -1, and the last pixel gets its gradient",
    killed_by="max_pool2d.routing",
    corner="in windows of NaN alone",
    history="max_pool_nan",
)
def nan_to_last_pixel(right: Right, grad_output: Any, x: Any, kernel_size: Any, **how: Any) -> Any:
    right(grad_output, x, kernel_size, **how)
    shown = cells(x, axes_of(x, kernel_size, **how))
    alone = (np.isnan(shown) | (shown == -np.inf)).all(axis=-1) & np.isnan(shown).any(axis=-1)
    grad_x = right(np.where(alone, 0, grad_output), x, kernel_size, **how)
    grad_x[:, :, -1, -1] += np.where(alone, grad_output, 0).sum(axis=(2, 3))
    return grad_x
