"""Windows that slide over images: the only stride arithmetic.

Convolution, pooling and normalisation all go through the cells of a window with `cells`, which says what that cell
shows as the window slides; padding is where it shows nothing. A signal of one dimension is an image of height 1.
"""

from collections.abc import Iterator
from types import EllipsisType
from typing import NamedTuple

from refcnn._checks import (
    FloatArray,
    Padding,
    Pair,
    Sides,
    fits,
    flag,
    four_sides,
    half_padding,
    pair,
    rank,
    transposed_output,
)


class Axis(NamedTuple):
    """One direction of an image and the windows that slide along it; lengths are in pixels."""

    size: int  # the image, without its padding
    kernel: int = 1  # cells of a window
    stride: int = 1  # from one window to the next
    dilation: int = 1  # from one cell of a window to the next
    before: int = 0  # padding above, or to the left
    after: int = 0  # padding below, or to the right
    outputs: int = 1  # number of windows

    @property
    def extent(self) -> int:
        """Length of a window from its first cell to its last."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """Length of the image with its padding."""
        return self.before + self.size + self.after

    @property
    def within(self) -> bool:
        """Whether every cell of every window lies in the image."""
        last = (self.outputs - 1) * self.stride + self.extent - self.before
        return self.before <= 0 and last <= self.size

    def shown(self, cell: int) -> tuple[slice, slice]:
        """Say which windows have this cell inside the image, and which pixels it shows there.

        The cell of window o lies at o·stride + cell·dilation − before; between 0 and size that is a pixel.
        """
        first = cell * self.dilation - self.before
        begin = max(0, -(first // self.stride))
        end = max(begin, min(self.outputs, (self.size - 1 - first) // self.stride + 1))
        pixel = first + begin * self.stride
        return slice(begin, end), slice(pixel, pixel + (end - begin) * self.stride, self.stride)

    def part(self, windows: slice) -> "Axis":
        """Return the axis of some of the windows, over the same image."""
        return self._replace(
            before=self.before - windows.start * self.stride,
            outputs=windows.stop - windows.start,
        )

    def with_padding_as_image(self) -> "Axis":
        """Return the same windows over an image that the padding is a part of."""
        return self._replace(size=self.padded, before=0, after=0)


Axes = tuple[Axis, Axis]
Index = tuple[EllipsisType, slice, slice]


def slide(
    operator: str,
    argument: str,
    size: int,
    kernel: int,
    stride: int,
    padding: Sides,
    dilation: int,
    ceil_mode: bool = False,
) -> Axis:
    """Count the windows that fit: ⌊(size + padding − extent) / stride⌋ + 1.

    `ceil_mode` adds the one that sticks out, if it starts inside the image or the padding before it.
    The argument is the one to blame for a kernel that does not fit.
    """
    axis = Axis(size, kernel, stride, dilation, *padding)
    fits(operator, argument, axis.extent, axis.padded, size)
    steps, rest = divmod(axis.padded - axis.extent, stride)
    outputs = steps + 1
    if ceil_mode and rest and outputs * stride < axis.before + size:
        outputs += 1
    return axis._replace(outputs=outputs)


def slide_both(
    operator: str,
    argument: str,
    sizes: tuple[int, ...],
    kernel_size: tuple[int, ...],
    stride: Pair,
    padding: Padding,
    dilation: Pair,
    ceil_mode: bool = False,
) -> Axes:
    """Resolve the attributes of an operator on images into a vertical and a horizontal axis."""
    strides, dilations = pair(operator, "stride", stride, 1), pair(operator, "dilation", dilation, 1)
    sides = four_sides(operator, padding)
    rows, columns = (
        slide(operator, argument, sizes[i], kernel_size[i], strides[i], sides[i], dilations[i], ceil_mode)
        for i in (0, 1)
    )
    return rows, columns


def slide_pool(
    operator: str,
    x_shape: tuple[int, ...],
    kernel_size: Pair,
    stride: Pair | None,
    padding: Padding,
    dilation: Pair,
    ceil_mode: bool,
) -> Axes:
    """Check what pooling asks of its attributes, and resolve them."""
    rank(operator, "x", x_shape, "(N, C, H, W)")
    kernel = pair(operator, "kernel_size", kernel_size, 1)
    half_padding(operator, four_sides(operator, padding), kernel)
    strides = kernel if stride is None else stride
    ceil = flag(operator, "ceil_mode", ceil_mode)
    return slide_both(operator, "kernel_size", x_shape[2:], kernel, strides, padding, dilation, ceil)


def spread_both(
    operator: str,
    sizes: tuple[int, ...],
    kernel_size: tuple[int, ...],
    stride: Pair,
    padding: Padding,
    output_padding: Pair,
    dilation: Pair,
) -> Axes:
    """Resolve a transposed convolution: its output is the image that windows slide over, its input what they give."""
    strides, dilations = pair(operator, "stride", stride, 1), pair(operator, "dilation", dilation, 1)
    sides, extras = four_sides(operator, padding), pair(operator, "output_padding", output_padding, 0)

    def axis(i: int) -> Axis:
        span = (sizes[i] - 1) * strides[i] + dilations[i] * (kernel_size[i] - 1) + extras[i] + 1
        size = span - sum(sides[i])
        transposed_output(operator, size, extras[i], strides[i], dilations[i], sizes)
        return Axis(size, kernel_size[i], strides[i], dilations[i], *sides[i], outputs=sizes[i])

    return axis(0), axis(1)


def output_shape(x: FloatArray, axes: Axes) -> tuple[int, ...]:
    """Return (N, C, OH, OW)."""
    return (*x.shape[:2], *(axis.outputs for axis in axes))


class Cell(NamedTuple):
    """One cell of all windows: those that have it inside the image, and the pixels that it shows in them.

    Both index the last two axes of an array, of outputs and of pixels, and pick the same number of each.
    """

    offset: tuple[int, int]  # (kh, kw)
    outputs: Index
    pixels: Index


def cells(axes: Axes) -> Iterator[Cell]:
    """Go through the cells of a window, in row-major order.

    A loop over the few cells, each of which is an image, is many times faster than one over the many windows.
    """
    rows, columns = ([axis.shown(cell) for cell in range(axis.kernel)] for axis in axes)
    for i, (oh, h) in enumerate(rows):
        for j, (ow, w) in enumerate(columns):
            yield Cell((i, j), (..., oh, ow), (..., h, w))
