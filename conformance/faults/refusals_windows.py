"""Mistakes in which sizes, strides, paddings and groups functions with windows refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault

CONVOLUTIONS = ("conv1d", "conv2d", "conv_transpose2d")
POOLS = ("max_pool2d", "avg_pool2d")


def both(*functions: str) -> tuple[str, ...]:
    return (*functions, *(f"{name}_backward" for name in functions))


def _each(value: Any, repair: Callable[[int], Any]) -> Any:
    """Repair every number of an attribute; None stays."""
    if isinstance(value, tuple):
        return tuple(_each(part, repair) for part in value)
    return value if value is None else repair(value)


def _repaired(how: dict[str, Any], name: str, repair: Callable[[int], Any]) -> dict[str, Any]:
    return how | ({name: _each(how[name], repair)} if name in how else {})


@fault(
    *both(*CONVOLUTIONS),
    "im2col",
    "col2im",
    says="a stride of 0 is taken for 1",
    killed_by="refusals",
    corner="only with a stride of 0",
    history="zero_attribute",
)
def stride_of_zero(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **_repaired(how, "stride", lambda size: size or 1))


@fault(
    *both(*POOLS),
    says="a stride of 0 is taken as not given",
    killed_by="refusals",
    corner="only with a stride of 0",
    history="zero_attribute",
)
def stride_of_zero_as_missing(right: Right, *arrays: Any, stride: Any = None, **how: Any) -> Any:
    return right(*arrays, stride=stride or None, **how)


@fault(
    *both(*CONVOLUTIONS, "max_pool2d"),
    "im2col",
    "col2im",
    says="a dilation of 0 is taken for 1",
    killed_by="refusals",
    corner="only with a dilation of 0",
    history="zero_attribute",
)
def dilation_of_zero(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **_repaired(how, "dilation", lambda size: size or 1))


@fault(
    "im2col",
    *POOLS,
    says="a kernel size of 0 is taken for 1",
    killed_by="refusals",
    corner="only with a kernel size of 0",
    history="zero_attribute",
)
def kernel_of_zero(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(x, _each(kernel_size, lambda size: size or 1), **how)


@fault(
    "conv1d",
    "conv2d",
    says="groups of 0 stand for as many as the channels allow",
    killed_by="refusals",
    corner="only with 0 groups",
    history="zero_attribute",
)
def groups_of_zero(right: Right, x: Any, weight: Any, *bias: Any, groups: int = 1, **how: Any) -> Any:
    return right(x, weight, *bias, groups=groups or x.shape[1] // weight.shape[1], **how)


@fault(*both(*CONVOLUTIONS), says="the sign of groups is dropped", killed_by="refusals")
def negative_groups(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **_repaired(how, "groups", abs))


@fault("im2col", *CONVOLUTIONS, *POOLS, says="the sign of the stride is dropped", killed_by="refusals")
def negative_stride(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **_repaired(how, "stride", abs))


@fault(*both(*CONVOLUTIONS, "max_pool2d"), says="the sign of the dilation is dropped", killed_by="refusals")
def negative_dilation(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **_repaired(how, "dilation", abs))


@fault("im2col", *POOLS, says="the sign of the kernel size is dropped", killed_by="refusals")
def negative_kernel(right: Right, x: Any, kernel_size: Any, **how: Any) -> Any:
    return right(x, _each(kernel_size, abs), **how)


@fault(*both(*CONVOLUTIONS, *POOLS), "im2col", says="negative padding is taken for 0", killed_by="refusals")
def negative_padding(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **_repaired(how, "padding", lambda size: max(size, 0)))


@fault(
    "conv2d",
    *POOLS,
    says="negative padding is refused only where one number stands for all sides",
    killed_by="refusals",
    corner="only with a padding of its own for each side",
)
def negative_side(right: Right, *arrays: Any, padding: Any = 0, **how: Any) -> Any:
    return right(*arrays, padding=padding if isinstance(padding, int) else _each(padding, lambda p: max(p, 0)), **how)


@fault("im2col", "conv2d", "max_pool2d", says="negative padding crops the image", killed_by="refusals")
def cropped(right: Right, x: Any, *arrays: Any, padding: Any = 0, **how: Any) -> Any:
    crop = -padding if isinstance(padding, int) and padding < 0 else 0
    inner = x[..., crop : x.shape[-2] - crop, crop : x.shape[-1] - crop]
    return right(inner, *arrays, padding=0 if crop else padding, **how)


def _sides(padding: Any) -> Any:
    """Return ((top, bottom), (left, right))."""
    pair = padding if isinstance(padding, tuple) else (padding, padding)
    return tuple(sides if isinstance(sides, tuple) else (sides, sides) for sides in pair)


def _pair(size: Any) -> Any:
    return size if isinstance(size, tuple) else (size, size)


@fault(*POOLS, says="padding above half of the kernel is cut down to it", killed_by="refusals")
def padding_above_half(right: Right, x: Any, kernel_size: Any, *, padding: Any = 0, **how: Any) -> Any:
    sides = zip(_sides(padding), _pair(kernel_size), strict=True)
    return right(x, kernel_size, padding=tuple((min(a, k // 2), min(b, k // 2)) for (a, b), k in sides), **how)


@fault(
    *both(*POOLS),
    says="only the padding in front is checked against the kernel",
    killed_by="refusals",
    corner="only where the padding behind is the larger one",
)
def padding_behind(right: Right, *arrays: Any, padding: Any = 0, **how: Any) -> Any:
    cut = tuple((front, min(behind, max(front, 1))) for front, behind in _sides(padding))
    return right(*arrays, padding=padding if cut == _sides(padding) else tuple((a, a) for a, _ in cut), **how)


@fault(
    *(f"{name}_backward" for name in POOLS),
    says="the backward function takes any padding",
    killed_by="refusals",
    corner="only where grad_output fits",
)
def any_padding(right: Right, grad: Any, x: Any, kernel_size: Any, *, padding: Any, **how: Any) -> Any:
    sides = _sides(padding)
    wide = any(2 * max(side) > k for side, k in zip(sides, _pair(kernel_size), strict=True))
    (top, bottom), (left, end) = sides if wide else ((0, 0), (0, 0))
    around = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, end)))
    inner = right(grad, around, kernel_size, padding=0 if wide else padding, **how)
    return inner[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@fault(
    *POOLS,
    says="a kernel that does not fit is cut to the image in ceil_mode",
    killed_by="refusals",
    corner="only in ceil_mode",
)
def ceil_mode_kernel(right: Right, x: Any, kernel_size: Any, *, padding: Any = 0, **how: Any) -> Any:
    room = [size + sum(sides) for size, sides in zip(x.shape[-2:], _sides(padding), strict=True)]
    fitting = tuple(map(min, _pair(kernel_size), room)) if how.get("ceil_mode") else kernel_size
    return right(x, fitting, padding=padding, **how)


@fault(*both("conv_transpose2d"), says="an output_padding that is too large is cut down", killed_by="refusals")
def output_padding_cut(right: Right, *arrays: Any, output_padding: Any = 0, **how: Any) -> Any:
    sizes = zip(*(_pair(how.get(name, 1)) for name in ("stride", "dilation")), strict=True)
    cut = tuple(min(more, max(size) - 1) for more, size in zip(_pair(output_padding), sizes, strict=True))
    return right(*arrays, output_padding=cut, **how)


@fault(
    "im2col",
    "conv1d",
    "conv2d",
    says="a stride of 0 is divided by before it is checked",
    killed_by="refusals",
    corner="only with a stride of 0",
)
def division_by_zero(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **_repaired(how, "stride", lambda size: size * (size // size)))
