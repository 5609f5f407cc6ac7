"""Arguments are checked here, at the door; no other module words an error.

Every message reads ``<operator>: <argument> must be <rule>, got <value> (<shapes>)``.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating[Any]]
FloatDType: TypeAlias = np.dtype[np.floating[Any]]
Sides: TypeAlias = tuple[int, int]
Pair: TypeAlias = int | tuple[int, int]
Padding: TypeAlias = int | tuple[int, int] | tuple[Sides, Sides]


def require(
    holds: bool,
    operator: str,
    argument: str,
    rule: str,
    got: object,
    error: type[Exception] = ValueError,
    /,
    **arrays: FloatArray,
) -> None:
    """Refuse an argument that breaks its rule, quoting the shapes of the arrays concerned."""
    if holds:
        return
    shapes = ", ".join(f"{name} {np.shape(array)}" for name, array in arrays.items())
    raise error(f"{operator}: {argument} must be {rule}, got {got}" + (f" ({shapes})" if shapes else ""))


def floats(operator: str, /, **arrays: FloatArray | None) -> tuple[list[FloatArray], FloatDType]:
    """Return the arrays in the dtype to compute in, and the dtype to answer in.

    float16 is computed in float32. None, an absent bias, becomes a zero that broadcasts.
    """
    given = {name: np.asarray(array) for name, array in arrays.items() if array is not None}
    for name, array in given.items():
        is_float = array.dtype.type in (np.float16, np.float32, np.float64)
        require(is_float, operator, name, "a float16, float32 or float64 array", array.dtype, TypeError)
    # The dtypes, not the arrays: NumPy 1 would let an array without axes lose against its neighbours.
    answer: FloatDType = np.dtype(np.result_type(*(array.dtype for array in given.values())).type)
    compute = np.promote_types(answer, np.float32)
    return [np.asarray(given.get(name, 0.0), compute) for name in arrays], answer


def integer(operator: str, argument: str, value: int, least: int) -> int:
    """Return a Python int of at least `least`; True and 1.0 are no ints."""
    is_int = isinstance(value, int | np.integer) and not isinstance(value, bool)
    require(is_int, operator, argument, "an int", repr(value), TypeError)
    require(value >= least, operator, argument, f"at least {least}", value)
    return int(value)


def real(operator: str, argument: str, value: float) -> float:
    """Return a Python float, so that a NumPy scalar cannot raise the dtype of a result."""
    is_real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    require(is_real, operator, argument, "a real number", repr(value), TypeError)
    return float(value)


def fraction(operator: str, argument: str, value: float) -> float:
    """Return a Python float of the half-open interval [0, 1)."""
    number = real(operator, argument, value)
    require(0 <= number < 1, operator, argument, "in [0, 1)", number)
    return number


def flag(operator: str, argument: str, value: bool) -> bool:
    """Return a Python bool."""
    require(isinstance(value, bool | np.bool_), operator, argument, "a bool", repr(value), TypeError)
    return bool(value)


def pair(operator: str, argument: str, value: Pair, least: int) -> tuple[int, int]:
    """Turn an int or (vertical, horizontal) into two ints."""
    if not isinstance(value, tuple | list):
        both = integer(operator, argument, value, least)
        return both, both
    require(len(value) == 2, operator, argument, "an int or a pair", value)
    first, second = value
    return integer(operator, argument, first, least), integer(operator, argument, second, least)


def four_sides(operator: str, padding: Padding) -> tuple[Sides, Sides]:
    """Turn a padding of any of its forms into ((top, bottom), (left, right))."""
    if not isinstance(padding, tuple | list):
        return pair(operator, "padding", padding, 0), pair(operator, "padding", padding, 0)
    rule = "an int, (vertical, horizontal) or ((top, bottom), (left, right))"
    require(len(padding) == 2, operator, "padding", rule, padding)
    vertical, horizontal = padding
    return pair(operator, "padding", vertical, 0), pair(operator, "padding", horizontal, 0)


def rank(operator: str, argument: str, got: tuple[int, ...], *layouts: str) -> None:
    """Refuse the shape of an array whose number of axes is that of none of the layouts."""
    ranks = [layout.count(",") + 1 for layout in layouts]
    require(len(got) in ranks, operator, argument, " or ".join(layouts), f"shape {got}")


def shape(
    operator: str,
    argument: str,
    array: FloatArray | None,
    wanted: tuple[int, ...],
    **arrays: FloatArray,
) -> None:
    """Refuse an array of another shape than the one wanted; None, an absent bias, fits."""
    got = wanted if array is None else np.shape(array)
    require(got == wanted, operator, argument, f"of shape {wanted}", f"shape {got}", **arrays)


def image_shape(operator: str, value: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return `input_shape` as the four ints (N, C, H, W)."""
    is_sequence = isinstance(value, tuple | list)
    require(is_sequence, operator, "input_shape", "a tuple (N, C, H, W)", repr(value), TypeError)
    require(len(value) == 4, operator, "input_shape", "(N, C, H, W)", value)
    N, C, H, W = (integer(operator, "input_shape", size, 0) for size in value)
    return N, C, H, W


def pixels(operator: str, x: FloatArray) -> None:
    """Refuse images that have no pixel to take the mean of, or to start from."""
    require(0 not in x.shape[2:], operator, "x", "of at least one pixel", f"shape {x.shape}")


def groups_divide(operator: str, groups: int, channels: dict[str, int], **arrays: FloatArray) -> None:
    """Refuse a group count below 1, or one that divides not all of the channel counts."""
    integer(operator, "groups", groups, 1)
    for name, count in channels.items():
        require(count % groups == 0, operator, "groups", f"a divisor of {name} = {count}", groups, **arrays)


def filters(
    operator: str,
    layout: str,
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray | None,
    groups: int,
) -> None:
    """Refuse filters (F, C / groups, kernel) and biases (F,) that do not fit the images."""
    rank(operator, "x", x.shape, f"(N, C, {layout})")
    rank(operator, "weight", weight.shape, f"(F, C / groups, {'KH, KW' if layout == 'H, W' else 'K'})")
    C, F = x.shape[1], weight.shape[0]
    groups_divide(operator, groups, {"C": C, "F": F}, x=x, weight=weight)
    got, depth = weight.shape[1], C // groups
    rule = f"of {depth} channels (C / groups = {C} / {groups})"
    require(got == depth, operator, "weight", rule, f"{got} channels", x=x, weight=weight)
    kernel(operator, weight)
    shape(operator, "bias", bias, (F,), weight=weight)


def transposed_filters(operator: str, x: FloatArray, weight: FloatArray, bias: FloatArray | None, groups: int) -> None:
    """Refuse filters (C, F / groups, KH, KW) and biases (F,) that do not fit the images."""
    rank(operator, "x", x.shape, "(N, C, H, W)")
    rank(operator, "weight", weight.shape, "(C, F / groups, KH, KW)")
    pixels(operator, x)
    C, got = x.shape[1], weight.shape[0]
    groups_divide(operator, groups, {"C": C}, x=x, weight=weight)
    require(got == C, operator, "weight", f"of C = {C} filters", f"{got} filters", x=x, weight=weight)
    kernel(operator, weight)
    shape(operator, "bias", bias, (weight.shape[1] * groups,), weight=weight)


def features(operator: str, x: FloatArray, weight: FloatArray) -> None:
    """Refuse weights (D_out, D_in) that do not fit the rows (N, D_in)."""
    rank(operator, "x", x.shape, "(N, D_in)")
    rank(operator, "weight", weight.shape, "(D_out, D_in)")
    got, D_in = weight.shape[1], x.shape[1]
    require(got == D_in, operator, "weight", f"of D_in = {D_in} columns", f"{got} columns", x=x, weight=weight)


def kernel(operator: str, weight: FloatArray) -> None:
    """Refuse filters whose kernels have no cell."""
    require(0 not in weight.shape[2:], operator, "weight", "of kernel size at least 1", f"shape {weight.shape}")


def fits(operator: str, argument: str, extent: int, padded: int, size: int) -> None:
    """Refuse a (dilated) kernel that is longer than the padded image."""
    rule = f"a kernel that fits the padded image of {padded} pixels"
    require(extent <= padded, operator, argument, rule, f"{extent} pixels (image {size})")


def half_padding(operator: str, padding: tuple[Sides, Sides], kernel_size: tuple[int, int]) -> None:
    """Refuse padding of more than half the kernel: a plain window must not miss the image."""
    for sides, size in zip(padding, kernel_size, strict=True):
        holds = 2 * max(sides) <= size
        rule = f"at most half the kernel_size {kernel_size}"
        require(holds, operator, "padding", rule, padding)


def transposed_output(
    operator: str, output: int, output_padding: int, stride: int, dilation: int, image: tuple[int, ...]
) -> None:
    """Refuse an output without pixels, or extra pixels that no window could account for."""
    limit = max(stride, dilation)
    rule = f"below max(stride, dilation) = {limit}"
    require(output_padding < limit, operator, "output_padding", rule, output_padding)
    got = f"output size {output} (image {image})"
    require(output >= 1, operator, "padding", "small enough to leave an output", got)


def axis_of(operator: str, axis: int, x: FloatArray) -> int:
    """Return an axis that `x` has, counted from either end."""
    number = integer(operator, "axis", axis, -x.ndim)
    require(number < x.ndim, operator, "axis", f"below {x.ndim}", number, x=x)
    return number


def labels(operator: str, target: NDArray[np.integer[Any]], logits: FloatArray) -> None:
    """Refuse labels that are not one class number for each row of the logits."""
    N, K = logits.shape
    rule = f"labels of shape {(N,)} or floating weights of shape {(N, K)}"
    got = f"labels of shape {target.shape}"
    require(target.shape == (N,), operator, "target", rule, got, logits=logits)
    worst = target[(target < 0) | (target >= K)][:1].tolist()
    require(not worst, operator, "target", f"labels from 0 to {K - 1}", *worst or [None], logits=logits)


def batch(operator: str, logits: FloatArray) -> None:
    """Refuse an empty batch, which has no mean."""
    require(len(logits) > 0, operator, "logits", "a batch of at least 1", f"shape {logits.shape}")


def enough_values(operator: str, count: int, x: FloatArray) -> None:
    """Refuse fewer than the two values per channel that a variance takes."""
    require(count >= 2, operator, "x", "of at least 2 values per channel when training", count, x=x)
