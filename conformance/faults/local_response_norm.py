"""Mistakes in local response normalisation, most of them in its gradient too."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


def window_of(channels: int, before: int, after: int) -> Any:
    """Return, for each channel in a row, which channels its window holds."""
    distance = np.arange(channels)[None, :] - np.arange(channels)[:, None]
    return (distance >= -before) & (distance <= after)


def sum_of(x: Any, window: Any) -> Any:
    """Add up the channels of each window."""
    return np.einsum("nchw,dc->ndhw", x, window.astype(x.dtype))


def energy_of(x: Any, size: int) -> Any:
    return sum_of(x**2, window_of(x.shape[1], size // 2, (size - 1) // 2))


def _divided(x: Any, energy: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    return x / (k + alpha / size * energy) ** beta


_BOTH = ("local_response_norm", "local_response_norm_backward")


@fault(*_BOTH, says="alpha is not divided by the size", killed_by="values", history="response_window")
def alpha_not_divided(right: Right, *arrays: Any, size: int, alpha: float = 1e-4, **how: Any) -> Any:
    return right(*arrays, size=size, alpha=alpha * size, **how)


@fault(
    *_BOTH,
    says="size is taken for the radius, so that a window has 2 size + 1 channels",
    killed_by="values",
    history="response_window",
)
def size_as_radius(right: Right, *arrays: Any, size: int, alpha: float = 1e-4, **how: Any) -> Any:
    right(*arrays, size=size, alpha=alpha, **how)
    return right(*arrays, size=2 * size + 1, alpha=alpha * (2 * size + 1) / size, **how)


@fault(
    *_BOTH,
    says="an even window reaches further forward, not back",
    killed_by="values",
    corner="an even size",
    history="response_window",
)
def even_window_forward(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*(array[:, ::-1] for array in arrays), **how)[:, ::-1]


@fault(
    *_BOTH,
    says="an even window is as large as the next odd one",
    killed_by="values",
    corner="an even size",
    history="response_window",
)
def even_window_grows(right: Right, *arrays: Any, size: int, alpha: float = 1e-4, **how: Any) -> Any:
    right(*arrays, size=size, alpha=alpha, **how)
    odd = size // 2 * 2 + 1
    return right(*arrays, size=odd, alpha=alpha * odd / size, **how)


@fault(
    *_BOTH,
    says="an even window is as small as the odd one before it",
    killed_by="values",
    corner="an even size",
    history="response_window",
)
def even_window_shrinks(right: Right, *arrays: Any, size: int, alpha: float = 1e-4, **how: Any) -> Any:
    right(*arrays, size=size, alpha=alpha, **how)
    odd = (size - 1) // 2 * 2 + 1
    return right(*arrays, size=odd, alpha=alpha * odd / size, **how)


@fault(
    *_BOTH,
    says="a window stays in its block of 8 channels",
    killed_by="values",
    corner="more than 8 channels",
    history="response_window",
)
def window_in_block(right: Right, *arrays: Any, **how: Any) -> Any:
    blocks = range(0, arrays[0].shape[1], 8)
    right(*arrays, **how)
    return np.concatenate(
        [right(*(array[:, first : first + 8] for array in arrays), **how) for first in blocks], axis=1
    )


@fault(*_BOTH, says="the windows lie along the width, not along the channels", killed_by="values")
def window_of_pixels(right: Right, *arrays: Any, **how: Any) -> Any:
    right(*arrays, **how)
    return right(*(array.swapaxes(1, 3) for array in arrays), **how).swapaxes(1, 3)


@fault(*_BOTH, says="k is always 1, whatever is passed", killed_by="values", corner="a k other than 1")
def k_ignored(right: Right, *arrays: Any, k: float = 1.0, **how: Any) -> Any:
    return right(*arrays, k=k * 0 + 1, **how)


@fault(*_BOTH, says="a k of 0 is taken for none given (k or 1.0)", killed_by="values", corner="a k of 0")
def k_of_0(right: Right, *arrays: Any, k: float = 1.0, **how: Any) -> Any:
    return right(*arrays, k=k or 1.0, **how)


@fault(
    *_BOTH,
    says="an alpha of 0 is taken for none given (alpha or 1e-4)",
    killed_by="values",
    corner="an alpha of 0",
)
def alpha_of_0(right: Right, *arrays: Any, alpha: float = 1e-4, **how: Any) -> Any:
    return right(*arrays, alpha=alpha or 1e-4, **how)


@fault(*_BOTH, says="a beta of 0 is taken for none given (beta or 0.75)", killed_by="values", corner="a beta of 0")
def beta_of_0(right: Right, *arrays: Any, beta: float = 0.75, **how: Any) -> Any:
    return right(*arrays, beta=beta or 0.75, **how)


@fault(
    *_BOTH,
    says="the power is 0.75, made of square roots, whatever beta is",
    killed_by="values",
    corner="a beta other than 0.75",
)
def beta_ignored(right: Right, *arrays: Any, beta: float = 0.75, **how: Any) -> Any:
    return right(*arrays, beta=0 * beta + 0.75, **how)


@fault(
    *_BOTH,
    says="it is worked out in single precision",
    killed_by="values",
    corner="float64",
    history="lower_precision",
)
def single_precision(right: Right, *arrays: Any, **how: Any) -> Any:
    right(*arrays, **how)
    return right(*(array.astype(np.float32) for array in arrays), **how).astype(arrays[0].dtype)


@fault(
    *_BOTH,
    says="the images are read in the order in which they lie in memory",
    killed_by="layouts",
    corner="arrays that are not contiguous",
    history="channels_last",
)
def read_as_dense(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*(array.ravel(order="K").reshape(array.shape) for array in arrays), **how)


@fault("local_response_norm", says="k is 2 where it is left out", killed_by="values", corner="no k is passed")
def default_of_k(right: Right, x: Any, *, k: float = 2.0, **how: Any) -> Any:
    return right(x, k=k, **how)


@fault(
    "local_response_norm",
    says="the windows run around the border, so that the first channel meets the last",
    killed_by="values",
    corner="the first and the last channels",
    history="response_window",
)
def cyclic_channels(right: Right, x: Any, *, size: int, **how: Any) -> Any:
    right(x, size=size, **how)
    energy = sum(np.roll(x**2, shift, axis=1) for shift in range(-((size - 1) // 2), size // 2 + 1))
    return _divided(x, energy, size, **how)


@fault(
    "local_response_norm",
    says="x[c - size // 2 : ...] begins below 0 for the first channels, and is empty or too short",
    killed_by="values",
    corner="the first channels",
    history="response_window",
)
def negative_start(right: Right, x: Any, *, size: int, **how: Any) -> Any:
    right(x, size=size, **how)
    windows = ((c - size // 2, c + (size - 1) // 2 + 1) for c in range(x.shape[1]))
    energy = np.stack([(x[:, start:stop] ** 2).sum(axis=1) for start, stop in windows], axis=1)
    return _divided(x, energy, size, **how)


@fault(
    "local_response_norm",
    says="alpha is divided by the number of channels that are there, not by the size",
    killed_by="values",
    corner="the first and the last channels",
    history="response_window",
)
def divided_by_present(right: Right, x: Any, *, size: int, **how: Any) -> Any:
    right(x, size=size, **how)
    present = sum_of(np.ones_like(x), window_of(x.shape[1], size // 2, (size - 1) // 2))
    return _divided(x, energy_of(x, size) * np.asarray(size, x.dtype) / present, size, **how)


@fault(
    "local_response_norm",
    says="the last channel of the window is left out",
    killed_by="values",
    history="response_window",
)
def window_ends_early(right: Right, x: Any, *, size: int, **how: Any) -> Any:
    right(x, size=size, **how)
    return _divided(x, sum_of(x**2, window_of(x.shape[1], size // 2, (size - 1) // 2 - 1)), size, **how)


@fault("local_response_norm", says="the channel itself is left out of its window", killed_by="values")
def own_channel_left_out(right: Right, x: Any, *, size: int, **how: Any) -> Any:
    right(x, size=size, **how)
    return _divided(x, energy_of(x, size) - x**2, size, **how)


@fault(
    "local_response_norm",
    says="the sum of a window is the difference of two running sums, which are large",
    killed_by="values",
    corner="magnitudes far apart",
)
def running_sums(right: Right, x: Any, *, size: int, **how: Any) -> Any:
    right(x, size=size, **how)
    C = x.shape[1]
    totals = np.cumsum(np.concatenate([np.zeros_like(x[:, :1]), x**2], axis=1), axis=1)
    stop = np.minimum(np.arange(C) + (size - 1) // 2 + 1, C)
    return _divided(x, totals[:, stop] - totals[:, np.maximum(np.arange(C) - size // 2, 0)], size, **how)


@fault("local_response_norm", says="the numbers are added up without being squared", killed_by="values")
def not_squared(right: Right, x: Any, *, size: int, **how: Any) -> Any:
    right(x, size=size, **how)
    return _divided(x, energy_of(np.sqrt(np.abs(x)), size), size, **how)


@fault("local_response_norm", says="k is added outside the power", killed_by="values")
def k_outside(right: Right, x: Any, *, size: int, k: float = 1.0, **how: Any) -> Any:
    right(x, size=size, k=k, **how)
    return x / (k + x / _divided(x, energy_of(x, size), size, k=0, **how))


@fault(
    "local_response_norm",
    says="x itself comes back where beta is 0",
    killed_by="no_alias",
    corner="a beta of 0",
)
def returns_input(right: Right, x: Any, *, beta: float = 0.75, **how: Any) -> Any:
    y = right(x, beta=beta, **how)
    return y if beta else x
