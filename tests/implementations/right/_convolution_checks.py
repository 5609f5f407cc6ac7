"""What convolutions refuse, their attributes spelt out, and what is done about groups and a bias."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt
from _contract_checks import Array, Pair, Sides, floats, integer, pair, rank, require, same_shape, sides


def extents(kernel: Sequence[int], dilation: Sequence[int]) -> Pair:
    return dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1


def convolution(
    x: Array, weight: Array, stride: object, padding: object, dilation: object, groups: object
) -> tuple[Pair, Sides, Pair, int]:
    """Check a convolution and spell its attributes out."""
    rank("x", x, 4)
    rank("weight", weight, 4)
    step, pads, spread = pair("stride", stride, 1), sides(padding), pair("dilation", dilation, 1)
    parts, channels, kernel = integer("groups", groups, 1), x.shape[1], weight.shape[2:]
    require(min(kernel) >= 1, "kernel_size", "at least 1", kernel)
    require(channels % parts == 0, "groups", f"a divisor of {channels} channels", parts)
    require(weight.shape[0] % parts == 0, "groups", f"a divisor of {weight.shape[0]} filters", parts)
    require(weight.shape[1] == channels // parts, "weight", f"of {channels // parts} channels", weight.shape)
    for size, extent, pad in zip(x.shape[2:], extents(kernel, spread), pads, strict=True):
        require(extent <= size + sum(pad), "kernel_size", f"within {size + sum(pad)} pixels", extent)
    return step, pads, spread, parts


def positions(x: Array, kernel: Sequence[int], step: Pair, pads: Sides, spread: Pair) -> Pair:
    reach = extents(kernel, spread)
    room = [x.shape[2 + i] + sum(pads[i]) - reach[i] for i in (0, 1)]
    return room[0] // step[0] + 1, room[1] // step[1] + 1


def transposed(
    x: Array,
    weight: Array,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
    output_padding: object,
) -> tuple[Pair, Sides, Pair, int, Pair]:
    """Check a transposed convolution; spell its attributes and its output's height and width out."""
    rank("x", x, 4)
    rank("weight", weight, 4)
    step, pads, spread = pair("stride", stride, 1), sides(padding), pair("dilation", dilation, 1)
    parts, kernel = integer("groups", groups, 1), weight.shape[2:]
    require(min(kernel) >= 1, "kernel_size", "at least 1", kernel)
    require(x.shape[1] % parts == 0, "groups", f"a divisor of {x.shape[1]} channels", parts)
    require(weight.shape[0] == x.shape[1], "weight", f"of {x.shape[1]} channels", weight.shape)
    size = []
    extra = pair("output_padding", output_padding, 0)
    for i, extent in enumerate(extents(kernel, spread)):
        limit = max(step[i], spread[i])
        require(extra[i] < limit, "output_padding", f"below {limit}", extra[i])
        size.append((x.shape[2 + i] - 1) * step[i] - sum(pads[i]) + extent + extra[i])
        require(size[i] >= 1, "padding", "small enough to leave an output", f"an output of {size[i]}")
    return step, pads, spread, parts, (size[0], size[1])


def add_bias(y: Array, bias: npt.ArrayLike | None) -> Array:
    if bias is not None:
        _, vector = floats(y=y, bias=bias)
        same_shape("bias", vector, y.shape[1:2])
        y += vector.reshape(-1, *[1] * (y.ndim - 2))
    return y


def grouped(x: Array, groups: int, axis: int) -> Array:
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])
