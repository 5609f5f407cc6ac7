"""What a vector reveals, in words: a corner brings its reason, a case of the grid is told by what meets in it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from conformance.case import Case
from conformance.contract import OPERATORS, REQUIRED

# What the kinds of data in ``conformance.kinds`` are good for. A kind that is not here has nothing of its own to show.
_DATA: Mapping[str, str] = MappingProxyType(
    {
        "integers": "whole numbers, whose sums have no rounding",
        "wide": "magnitudes far apart",
        "octaves": "numbers of every octave and sign",
        "distinct": "no two numbers alike",
        "positive": "positive numbers alone",
        "negative": "negative numbers alone: a zero that should not be there shows",
        "ties": "equal numbers: a choice between them shows",
        "ones": "ones, which show what a window is divided by",
        "confident": "numbers so large that probabilities become tiny",
        "large": "numbers in the thousands, at which exponentials overflow or vanish",
        "shifted": "numbers near ten thousand: an exponential that is not shifted overflows",
        "limits": "numbers near the largest finite one",
        "extremes": "the largest finite numbers among ordinary ones",
        "signed_zeros": "zeros of either sign",
        "offset": "a large mean with a small variance",
        "constant": "channels that are constant",
        "plain_gamma": "a gamma and a beta of zeros and ones",
        "zeros": "gradients of zero: nothing may be divided by zero",
        "one_hot": "one-hot targets",
        "smoothed": "smoothed targets",
        "uint8_labels": "labels of 8 bits",
        "int32_labels": "labels of 32 bits",
    }
)


def note_of(function: str, case: Case) -> str:
    """Return what a call of a function on a case is there to show.

    Examples
    --------
    >>> case = Case("conv1d", {"x": (2, 1, 5), "weight": (1, 1, 2)}, {"stride": 2, "padding": (0, 3)}, data="wide")
    >>> note_of("conv1d", case)
    'what goes wrong where these meet: 2 samples, stride 2, padding (0, 3); magnitudes far apart'
    """
    if case.note:
        return case.note
    first = next(iter(case.shapes.values()))
    meeting = []
    if len(first) > 1 and not case.operator.endswith("_update"):
        alike = " all alike" if case.layout == "broadcast" and first[0] > 1 else ""
        meeting.append(f"{first[0]} sample{'s' * (first[0] != 1)}{alike}")
    defaults = OPERATORS[case.operator].forward.attributes
    meeting += [
        f"{name} {_short(value)}"
        for name, value in case.attributes.items()
        if name != "input_shape" and value != defaults.get(name, REQUIRED)
    ]
    meeting += ["a bias"] if "bias" in case.shapes and function == case.operator else []
    told = f"where these meet: {', '.join(meeting)}" if meeting else "with plain numbers"
    return f"what goes wrong {told}" + (f"; {_DATA[case.data]}" if case.data in _DATA else "")


def _short(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
