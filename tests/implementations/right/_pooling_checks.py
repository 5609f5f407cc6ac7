"""What pooling refuses, and its attributes spelt out."""

from __future__ import annotations

from _contract_checks import Array, Pair, Sides, pair, rank, require, sides


def pooled_length(n: int, k: int, s: int, pad: Pair, d: int, ceil_mode: bool) -> int:
    left_over = n + sum(pad) - d * (k - 1) - 1
    require(2 * max(pad) <= k, "padding", f"at most half of kernel_size {k}", pad)
    require(left_over >= 0, "kernel_size", f"within {n + sum(pad)} pixels", f"{k}, dilation {d}")
    count = left_over // s + 1
    # the window that rounding up adds must still start inside the image or before it
    if ceil_mode and left_over % s and count * s < n + pad[0]:
        count += 1
    return count


def pooling(
    x: Array, kernel_size: object, stride: object, padding: object, dilation: object, ceil_mode: bool
) -> tuple[Pair, Pair, Sides, Pair, Pair]:
    """Check a pooling; spell its attributes and its output's height and width out."""
    rank("x", x, 4)
    kernel, pads, spread = pair("kernel_size", kernel_size, 1), sides(padding), pair("dilation", dilation, 1)
    step = kernel if stride is None else pair("stride", stride, 1)
    sizes = [pooled_length(x.shape[2 + i], kernel[i], step[i], pads[i], spread[i], ceil_mode) for i in (0, 1)]
    return kernel, step, pads, spread, (sizes[0], sizes[1])
