"""Bad input, a case for each rule of the contract: what is bad stands in the note."""

from __future__ import annotations

import math
from collections.abc import Iterator

from conformance.bad_input.good import GOOD
from conformance.bad_input.spoilt import SPOILT, Spoilt
from conformance.case import Case
from conformance.contract import OPERATORS
from conformance.oracle import output_shape

__all__ = ["GOOD", "for_backward", "for_forward"]


# What a backward function is not passed, so that it cannot refuse it.
_FORWARD_ONLY = frozenset({"bias", "beta"})


def _spoil(case: Case, note: str, spoilt: Spoilt) -> Case:
    return case.but(
        shapes={**case.shapes, **spoilt.get("shapes", {})},
        attributes={**case.attributes, **spoilt.get("attributes", {})},
        data=spoilt.get("data", case.data),
        note=note,
    )


def for_forward(operator: str) -> Iterator[Case]:
    """Yield the calls that a forward function has to refuse."""
    good = GOOD[operator]
    yield good.but(dtype="int64", note="integer arrays")
    yield good.but(data="bytes", note="pixels of 8 bits")
    for note, spoilt in SPOILT[operator]:
        yield _spoil(good, note, spoilt)


def for_backward(operator: str) -> Iterator[Case]:
    """Yield the calls that a backward function has to refuse, a ``grad_output`` of the wrong shape among them."""
    good = GOOD[operator]
    back = OPERATORS[operator].backward
    if back is not None and "grad_output" in back.arguments:
        right = output_shape(good)
        good = good.with_shapes(grad_output=right)
        for axis, size in enumerate(right):
            for wrong in sorted({size + 1, size - 1, 1} - {0, size}):
                shape = (*right[:axis], wrong, *right[axis + 1 :])
                note = f"a grad_output of {wrong} instead of {size} along axis {axis}"
                yield good.with_shapes(grad_output=shape).but(note=note)
        yield good.with_shapes(grad_output=(1,) * len(right)).but(
            note="a grad_output of one number, which would broadcast"
        )
        yield good.with_shapes(grad_output=()).but(note="a grad_output without axes, which would broadcast")
        yield good.with_shapes(grad_output=right[1:]).but(note="a grad_output without a batch axis")
        yield good.with_shapes(grad_output=(math.prod(right),)).but(note="a grad_output that is flat")
        for shape in {(*right[:-2], right[-1], right[-2]), right[:2], good.shapes["x"]} - {right}:
            note = f"a grad_output of shape {shape} instead of {right}"
            yield good.with_shapes(grad_output=shape).but(note=note)
    if operator == "batch_norm":
        images = good.with_shapes(x=(2, 3, 2, 4), grad_output=(2, 3, 4, 2))
        yield images.but(note="a grad_output of images with rows and columns exchanged")
    yield good.but(dtype="int64", note="integer arrays")
    yield good.but(data="bytes", note="pixels of 8 bits")
    for note, spoilt in SPOILT[operator]:
        if not _FORWARD_ONLY & set(spoilt.get("shapes", {})) or "weight" in spoilt.get("shapes", {}):
            yield _spoil(good, note, spoilt)
