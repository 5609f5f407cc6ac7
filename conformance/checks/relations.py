"""What an operator's answers have to do with one another, whatever they are: judged without the oracle.

On small whole numbers both sides of a relation are exact, so they must be equal; only averages, and an implementation
that declares ``normwise``, may be off, by what the oracle allows each call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, forward
from conformance.case import Case
from conformance.comparison import PASSED, Finding, InconclusiveError, compare, first_violation
from conformance.contract import AVERAGES
from conformance.data import draw
from conformance.implementation import Implementation
from conformance.oracle import Answer
from conformance.oracle.geometry import pair, sides

Array = NDArray[Any]
Check = Callable[[Implementation, Case], Finding]


@dataclass(frozen=True)
class _Side:
    """One side of a relation: the value and what it may be off by."""

    value: Array
    allowed: Array


def _run(implementation: Implementation, case: Case, arrays: Mapping[str, Array]) -> _Side:
    call = Call(case.operator, case, arrays)
    answer = call.answers(implementation)[0]  # before the call, which may change its arguments
    value = call.run(implementation)[0]
    if value.shape != answer.value.shape:
        raise InconclusiveError(f"the result has shape {value.shape}, so it stands in no relation")
    transforms = implementation.conventions.get(f"{case.operator}.accuracy") == "normwise"
    exact = not transforms and case.operator not in AVERAGES
    # float64 holds what is compared; the oracle is asked only how far off a transform or a mean may be.
    return _Side(value.astype(np.float64), np.zeros(answer.value.shape) if exact else answer.allowed)


def _equal(name: str, left: _Side, value: Array, allowed: Array | float = 0.0) -> Finding:
    if not np.any(value):
        raise InconclusiveError("both sides are zero")
    return compare(name, left.value, Answer(value, left.allowed + allowed))


def linearity(argument: str) -> Check:
    """f(2 a - 3 b) = 2 f(a) - 3 f(b) in one argument, with no bias."""

    def check(implementation: Implementation, case: Case) -> Finding:
        arrays = dict(forward(case).arrays)
        a = arrays[argument]
        b = draw("integers", a.shape, case.dtype, case.seed, 3)
        left, first, second = (
            _run(implementation, case, arrays | {argument: value}) for value in (2 * a - 3 * b, a, b)
        )
        allowed = 2 * first.allowed + 3 * second.allowed
        return _equal(f"f(2a - 3b) in {argument}", left, 2 * first.value - 3 * second.value, allowed)

    return check


def sample_independence(implementation: Implementation, case: Case) -> Finding:
    """Compare the answer to a batch with the answers to its samples, one after the other."""
    arrays = dict(forward(case).arrays)
    first = next(iter(arrays))
    whole = _run(implementation, case, arrays)
    findings = [PASSED]
    for n in range(len(arrays[first])):
        alone = _run(implementation, case, arrays | {first: arrays[first][n : n + 1]})
        side = _Side(whole.value[n : n + 1], whole.allowed[n : n + 1])
        findings.append(_equal(f"sample {n} of y", side, alone.value, alone.allowed))
    return first_violation(*findings)


def channel_independence(implementation: Implementation, case: Case) -> Finding:
    """Compare the answer to an image with the answers to its channels, one after the other."""
    x = forward(case).arrays["x"]
    whole = _run(implementation, case, {"x": x})
    findings = [PASSED]
    for c in range(x.shape[1]):
        alone = _run(implementation, case, {"x": x[:, c : c + 1]})
        side = _Side(whole.value[:, c : c + 1], whole.allowed[:, c : c + 1])
        findings.append(_equal(f"channel {c} of y", side, alone.value, alone.allowed))
    return first_violation(*findings)


def groups(implementation: Implementation, case: Case) -> Finding:
    """Compare a grouped convolution with as many separate ones, of its channels in order."""
    arrays = dict(forward(case).arrays)
    count = case.all_attributes["groups"]
    whole = _run(implementation, case, arrays)
    xs, weights = np.split(arrays["x"], count, axis=1), np.split(arrays["weight"], count, axis=0)
    biases = np.split(arrays["bias"], count) if "bias" in arrays else [None] * count
    parts = [
        _run(
            implementation,
            case.with_attributes(groups=1),
            {"x": x, "weight": weight} | ({} if bias is None else {"bias": bias}),
        )
        for x, weight, bias in zip(xs, weights, biases, strict=True)
    ]
    joined = np.concatenate([part.value for part in parts], axis=1)
    allowed = np.concatenate([part.allowed for part in parts], axis=1)
    return _equal("the grouped y", whole, joined, allowed)


def _spatial(array: Array) -> int:
    return array.ndim - 2


def _steps(case: Case, name: str, count: int) -> tuple[int, ...]:
    """Return an attribute a spatial axis."""
    return (case.all_attributes[name],) if count == 1 else pair(case.all_attributes[name])


def _paddings(case: Case, count: int) -> tuple[tuple[int, int], ...]:
    padding = case.all_attributes["padding"]
    return (pair(padding),) if count == 1 else sides(padding)


def _every(steps: tuple[int, ...]) -> tuple[slice, ...]:
    return (slice(None), slice(None), *(slice(None, None, step) for step in steps))


def _spread(array: Array, steps: tuple[int, ...]) -> Array:
    """Put zeros between the pixels."""
    sizes = [(size - 1) * step + 1 for size, step in zip(array.shape[2:], steps, strict=True)]
    wide = np.zeros((*array.shape[:2], *sizes), array.dtype)
    wide[_every(steps)] = array
    return wide


def stride(implementation: Implementation, case: Case) -> Finding:
    """With stride s, the answer is every s-th pixel of the answer with stride 1."""
    arrays = forward(case).arrays
    steps = _steps(case, "stride", _spatial(arrays["x"]))
    dense = _run(implementation, case.with_attributes(stride=1), arrays)
    return _equal(
        "y with a stride",
        _run(implementation, case, arrays),
        dense.value[_every(steps)],
        dense.allowed[_every(steps)],
    )


def transposed_stride(implementation: Implementation, case: Case) -> Finding:
    """With stride s, a transposed convolution is that of an image with s - 1 zeros between its pixels."""
    arrays = dict(forward(case).arrays)
    wide = _spread(arrays["x"], pair(case.all_attributes["stride"]))
    extra = pair(case.all_attributes["output_padding"])
    dilations = pair(case.all_attributes["dilation"])
    if any(more >= gap for more, gap in zip(extra, dilations, strict=True)):
        raise InconclusiveError("without the stride, output_padding would be too large")
    dense = _run(implementation, case.with_attributes(stride=1), arrays | {"x": wide})
    return _equal("y with a stride", _run(implementation, case, arrays), dense.value, dense.allowed)


def dilation(implementation: Implementation, case: Case) -> Finding:
    """With dilation d, the answer is that of a kernel with d - 1 zeros between its cells."""
    arrays = dict(forward(case).arrays)
    wide = _spread(arrays["weight"], _steps(case, "dilation", _spatial(arrays["x"])))
    if "output_padding" in case.attributes:
        raise InconclusiveError("without the dilation, output_padding may be too large")
    dense = _run(implementation, case.with_attributes(dilation=1), arrays | {"weight": wide})
    return _equal("y with a dilation", _run(implementation, case, arrays), dense.value, dense.allowed)


def padding(implementation: Implementation, case: Case) -> Finding:
    """With padding, the answer is that of the image with zeros around it and no padding."""
    arrays = dict(forward(case).arrays)
    around = ((0, 0), (0, 0), *_paddings(case, _spatial(arrays["x"])))
    padded = np.pad(arrays["x"], around)
    bare = _run(implementation, case.with_attributes(padding=0), arrays | {"x": padded})
    return _equal("y with padding", _run(implementation, case, arrays), bare.value, bare.allowed)


def cropping(implementation: Implementation, case: Case) -> Finding:
    """With padding, a transposed convolution is the one without, its border cut off."""
    arrays = forward(case).arrays
    bare = _run(implementation, case.with_attributes(padding=0), arrays)
    inner = tuple(
        slice(before, size - after)
        for size, (before, after) in zip(bare.value.shape[2:], _paddings(case, 2), strict=True)
    )
    cut = (slice(None), slice(None), *inner)
    return _equal("y with padding", _run(implementation, case, arrays), bare.value[cut], bare.allowed[cut])


def pointwise_kernel(implementation: Implementation, case: Case) -> Finding:
    """With a kernel of one cell, the answer is a matrix product at every pixel."""
    arrays = forward(case).arrays
    matrix = arrays["weight"].reshape(arrays["weight"].shape[:2]).astype(np.float64)
    if case.operator == "conv_transpose2d":
        matrix = matrix.T
    # f filter, c channel, n sample
    product = np.einsum("fc,nc...->nf...", matrix, arrays["x"].astype(np.float64))
    if "bias" in arrays:
        product = product + arrays["bias"].reshape(1, -1, *(1,) * _spatial(arrays["x"]))
    return _equal("y of a 1x1 kernel", _run(implementation, case, arrays), product)


def shift(implementation: Implementation, case: Case) -> Finding:
    """Move the image by one stride: the answer must move by one pixel, along each axis in turn."""
    arrays = dict(forward(case).arrays)
    name = next(iter(arrays))
    image = arrays[name]
    still = _run(implementation, case, arrays)
    findings = [PASSED]
    for axis in range(2, image.ndim):
        step = _shift_step(case, axis - 2, _spatial(image))
        # The rows that come in are new numbers, so that a copy of the old border would show.
        entering = draw("integers", tuple(_with(image.shape, axis, step)), case.dtype, case.seed, axis)
        moved = _run(implementation, case, arrays | {name: np.concatenate([entering, image], axis=axis)})
        ahead = still.value.shape[axis]
        tail = [slice(None)] * image.ndim
        tail[axis] = slice(moved.value.shape[axis] - ahead, None)
        side = _Side(moved.value[tuple(tail)], moved.allowed[tuple(tail)])
        findings.append(_equal(f"y of the image moved along axis {axis}", side, still.value, still.allowed))
    return first_violation(*findings)


def _shift_step(case: Case, axis: int, count: int) -> int:
    if "kernel_size" in case.attributes and case.all_attributes["stride"] is None:
        return pair(case.attributes["kernel_size"])[axis]
    return _steps(case, "stride", count)[axis]


def _with(shape: tuple[int, ...], axis: int, size: int) -> list[int]:
    changed = list(shape)
    changed[axis] = size
    return changed


def softmax_shift(implementation: Implementation, case: Case) -> Finding:
    """Adding one number to all logits along the axis changes nothing, and every sum is one."""
    call = forward(case)
    logits = np.round(call.arrays["x"])
    findings = []
    for added in (0.0, 7.0, 1e4, -1e4):
        moved = Call("softmax", case, {"x": logits + np.asarray(added, logits.dtype)})
        (answer,), base = moved.answers(implementation), Call("softmax", case, {"x": logits}).answers(implementation)[0]
        (y,) = moved.run(implementation)
        findings.append(compare(f"softmax(x + {added:.0f})", y, Answer(base.value, answer.allowed)))
    return first_violation(*findings)


def normalised(implementation: Implementation, case: Case) -> Finding:
    """In training, with gamma 1 and beta 0, every channel has mean 0 and variance v / (v + eps)."""
    call = forward(case)
    C = call.arrays["gamma"].shape
    plain = call.but(gamma=np.ones(C, case.dtype), beta=np.zeros(C, case.dtype))
    answer, y = plain.answers(implementation)[0], plain.run(implementation)[0]
    if y.shape != answer.value.shape:
        raise InconclusiveError(f"y has shape {y.shape}, so it has no channels to look at")
    axes = (0, *range(2, y.ndim))
    y = y.astype(np.float64)
    slack = answer.allowed.mean(axis=axes) + 1e-12
    size = np.abs(answer.value)
    return first_violation(
        compare("the mean of y by channel", y.mean(axis=axes), Answer(np.zeros(C), slack)),
        compare(
            "the mean square of y by channel",
            (y**2).mean(axis=axes),
            Answer(
                (answer.value**2).mean(axis=axes),
                ((2 * size + answer.allowed) * answer.allowed).mean(axis=axes) + 1e-12,
            ),
        ),
    )
