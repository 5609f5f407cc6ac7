"""Where the windows of a convolution stand, to let them stand at wrong places."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.oracle.geometry import pair, sides

of_any = partial(fault, "conv1d", "conv2d")
of_any_backward = partial(fault, "conv1d_backward", "conv2d_backward")


class Places(NamedTuple):
    """Where windows stand, an entry for each axis of the image."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]


def places(x: Any, *, padding: Any = 0, stride: Any = 1, dilation: Any = 1, **_: Any) -> Places:
    """Read the attributes of a convolution of signals or of images."""
    around = sides(padding) if x.ndim == 4 else (pair(padding),)
    before, after = zip(*around, strict=True)
    axes = x.ndim - 2
    return Places(before, after, pair(stride)[:axes], pair(dilation)[:axes])


def attributes(where: Places, groups: int = 1) -> dict[str, Any]:
    """Say where windows stand as a convolution wants to hear it."""
    padding = tuple(zip(where.before, where.after, strict=True))
    said = {"padding": padding, "stride": where.stride, "dilation": where.dilation}
    return {name: each if len(each) == 2 else each[0] for name, each in said.items()} | {"groups": groups}


def padded(x: Any, how: dict[str, Any], mode: Any = "constant") -> Any:
    """Lay the padding around an image."""
    where = places(x, **how)
    return np.pad(x, ((0, 0), (0, 0), *zip(where.before, where.after, strict=True)), mode=mode)


def excerpt(x: Any, kernel: Any, outputs: Any, where: Places) -> Any:
    """Cut out what windows see: zero where there is no image."""
    spans = [
        (count - 1) * step + gap * (cells - 1) + 1
        for count, cells, step, gap in zip(outputs, kernel, where.stride, where.dilation, strict=True)
    ]
    around = [(ahead, span) for ahead, span in zip(where.before, spans, strict=True)]
    every: tuple[slice, ...] = (slice(None), slice(None), *map(slice, spans))
    return np.pad(x, ((0, 0), (0, 0), *around))[every]


def read(right: Right, x: Any, weight: Any, bias: Any, how: dict[str, Any], **wrong: Any) -> Any:
    """Give as many outputs as is right, read at the wrong places."""
    y, where = right(x, weight, bias, **how), places(x, **how)._replace(**wrong)
    seen = excerpt(x, weight.shape[2:], y.shape[2:], where)
    none = (0,) * len(where.before)
    return right(seen, weight, bias, **attributes(where._replace(before=none, after=none), how.get("groups", 1)))


def spatial(array: Any) -> tuple[int, ...]:
    """Return the axes behind those of samples and channels."""
    return tuple(range(2, array.ndim))


def dealt(count: int, groups: int) -> Any:
    """Order channels as they are dealt to groups in turn, like cards, not as a block for each."""
    return np.arange(count).reshape(-1, groups).T.reshape(-1)


def read_back(
    right: Right, grad_output: Any, x: Any, weight: Any, how: dict[str, Any], **wrong: Any
) -> tuple[Any, Any, Any]:
    """Return gradients of the right shapes, of windows at the wrong places."""
    where = places(x, **how)._replace(**wrong)
    seen = excerpt(x, weight.shape[2:], grad_output.shape[2:], where)
    none = (0,) * len(where.before)
    bare = attributes(where._replace(before=none, after=none), how["groups"])
    grad_seen, grad_weight, grad_bias = right(grad_output, seen, weight, **bare)
    return put_back(grad_seen, where.before, x.shape[2:]), grad_weight, grad_bias


def put_back(seen: Any, before: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    """Cut the image out of what windows saw: the adjoint of `excerpt`."""
    ends = [ahead + size for ahead, size in zip(before, sizes, strict=True)]
    every: tuple[slice, ...] = (slice(None), slice(None), *map(slice, before, ends))
    return np.pad(seen, ((0, 0), (0, 0), *((0, end) for end in ends)))[every]
