"""The attributes of a walk over windows, checked and spelled out, for every adapter alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from conformance.adapters._arguments import Shaped, Sides, integer, per_axis, rank, require, shape, sides


class Walk(NamedTuple):
    """Windows over an image: how large, how far apart, and how many along each axis."""

    image: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Sides
    dilation: tuple[int, ...]
    output: tuple[int, ...]
    groups: int = 1

    @property
    def befores(self) -> list[int]:
        """Padding at the top and on the left."""
        return [before for before, _ in self.padding]

    @property
    def symmetric(self) -> bool:
        """Whether each axis is padded alike on both sides."""
        return all(before == after for before, after in self.padding)

    @property
    def ends(self) -> list[int]:
        """How far beyond the image the last windows end; negative if some of the image is left over."""
        return [
            (count - 1) * step + spread * (k - 1) + 1 - before - size
            for count, step, spread, k, (before, _), size in zip(
                self.output, self.stride, self.dilation, self.kernel, self.padding, self.image, strict=True
            )
        ]


def _walk(
    operator: str, image: Sequence[int], kernel: tuple[int, ...], stride: object, padding: object, dilation: object
) -> Walk:
    """Count the windows along each axis; that one fits at all is required."""
    axes = len(image)
    steps = per_axis(operator, "stride", stride, axes, 1)
    pads = sides(operator, padding, axes)
    spread = per_axis(operator, "dilation", dilation, axes, 1)
    counts = []
    for size, k, s, (before, after), d in zip(image, kernel, steps, pads, spread, strict=True):
        room, extent = size + before + after, d * (k - 1) + 1
        require(extent <= room, operator, "kernel_size", f"within the padded image of {room}", f"{extent} (dilated)")
        counts.append((room - extent) // s + 1)
    return Walk(tuple(image), kernel, steps, pads, spread, tuple(counts))


def windows(
    operator: str, image: Sequence[int], kernel_size: object, *, stride: object, padding: object, dilation: object
) -> Walk:
    """Check what `im2col` and `col2im` are given."""
    return _walk(operator, image, per_axis(operator, "kernel_size", kernel_size, 2, 1), stride, padding, dilation)


def convolution(
    operator: str,
    x: Shaped,
    weight: Shaped,
    *bias: Shaped,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
) -> Walk:
    """Check a convolution along one axis or two, as the operator's name says; a bias is optional."""
    axes = 1 if operator.startswith("conv1d") else 2
    rank(operator, "x", x, axes + 2)
    rank(operator, "weight", weight, axes + 2)
    parts = integer(operator, "groups", groups, 1)
    kernel = tuple(weight.shape[2:])
    require(min(kernel) >= 1, operator, "kernel_size", "at least 1", kernel)
    C, F = x.shape[1], weight.shape[0]
    require(C % parts == 0 and F % parts == 0, operator, "groups", f"a divisor of {C} and {F}", parts)
    shape(operator, "weight", weight, (F, C // parts, *kernel))
    for vector in bias:
        shape(operator, "bias", vector, (F,))
    return _walk(operator, x.shape[2:], kernel, stride, padding, dilation)._replace(groups=parts)


def transposed(
    operator: str,
    x: Shaped,
    weight: Shaped,
    *bias: Shaped,
    stride: object,
    padding: object,
    output_padding: object,
    dilation: object,
    groups: object,
) -> tuple[Walk, tuple[int, ...]]:
    """Check a transposed convolution; return its attributes, with its output, and the output padding."""
    rank(operator, "x", x, 4)
    rank(operator, "weight", weight, 4)
    steps = per_axis(operator, "stride", stride, 2, 1)
    pads = sides(operator, padding, 2)
    extra = per_axis(operator, "output_padding", output_padding, 2, 0)
    spread = per_axis(operator, "dilation", dilation, 2, 1)
    parts = integer(operator, "groups", groups, 1)
    kernel = tuple(weight.shape[2:])
    require(min(kernel) >= 1, operator, "kernel_size", "at least 1", kernel)
    require(x.shape[1] % parts == 0, operator, "groups", f"a divisor of {x.shape[1]}", parts)
    shape(operator, "weight", weight, (x.shape[1], *weight.shape[1:]))
    for vector in bias:
        shape(operator, "bias", vector, (weight.shape[1] * parts,))
    sizes = []
    for n, k, s, (before, after), e, d in zip(x.shape[2:], kernel, steps, pads, extra, spread, strict=True):
        require(e < max(s, d), operator, "output_padding", f"below max(stride, dilation) = {max(s, d)}", e)
        sizes.append((n - 1) * s - before - after + d * (k - 1) + e + 1)
    require(min(sizes) >= 1, operator, "padding", "small enough to leave an output", f"output {sizes}")
    return Walk(tuple(x.shape[2:]), kernel, steps, pads, spread, tuple(sizes), parts), extra


def pooling(
    operator: str,
    x: Shaped,
    kernel_size: object,
    *,
    stride: object,
    padding: object,
    ceil_mode: bool,
    dilation: object = 1,
) -> Walk:
    """Check a pooling; the output is that of `ceil_mode`, if asked for."""
    rank(operator, "x", x, 4)
    kernel = per_axis(operator, "kernel_size", kernel_size, 2, 1)
    for k, pair in zip(kernel, sides(operator, padding, 2), strict=True):
        require(2 * max(pair) <= k, operator, "padding", f"at most half of kernel_size {k}", padding)
    walk = _walk(operator, x.shape[2:], kernel, kernel if stride is None else stride, padding, dilation)
    if not ceil_mode:
        return walk
    output = []
    for n, count, k, s, (before, after), d in zip(
        walk.image, walk.output, kernel, walk.stride, walk.padding, walk.dilation, strict=True
    ):
        left_over = n + before + after - d * (k - 1) - 1 - (count - 1) * s
        # one window more, unless it would start beyond the image
        output.append(count + (left_over > 0 and count * s < n + before))
    return walk._replace(output=tuple(output))
