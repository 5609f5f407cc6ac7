"""A vector: one call of one function, with what must come of it, as plain numbers that any language can read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import is_whole
from conformance.contract import FUNCTIONS
from conformance.oracle import Answer, answers
from conformance.requirements import Requirement
from conformance.vectors.attributes import plain_attributes
from conformance.vectors.flags import FLAGS, flags_of_case, flags_of_numbers, has_tie
from conformance.vectors.notes import note_of
from conformance.vectors.precise import precise_answers

Array = NDArray[Any]

WITHIN, ZERO_OR_WITHIN, NOT_FINITE, REFUSE = "within", "zero or within", "not finite", "refuse"
RULES: Mapping[str, str] = MappingProxyType(
    {
        WITHIN: "every element is off by at most its allowed error; NaN is NaN, an infinity that infinity",
        ZERO_OR_WITHIN: "as within, but an element may be 0 instead: dropout in training, whose mask is its own",
        NOT_FINITE: "an element whose value is NaN must be NaN or an infinity; the others may be anything",
        REFUSE: "the call must be refused",
    }
)

# What a single call can show, by the last part of a requirement's id, and the rule that it is judged by.
_RULE_OF: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("values", "exact", "special_values", "empty_batch", "routing", "padding", "divisor"), WITHIN),
        "scale": ZERO_OR_WITHIN,
        "not_a_number": NOT_FINITE,
        "refusals": REFUSE,
    }
)


@dataclass(frozen=True)
class Vector:
    """A call with its answers, one a result; a call that must be refused has none."""

    id: str
    function: str
    requirement: str
    rule: str
    note: str
    flags: tuple[str, ...]
    dtype: str
    attributes: Mapping[str, Any]
    inputs: Mapping[str, Array]
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class Candidate:
    """What may become a vector: a requirement with one of its cases."""

    requirement: Requirement
    case: Case
    is_corner: bool

    @property
    def function(self) -> str:
        """The function that is called."""
        return self.requirement.needs[0]

    @property
    def shown_by_one_call(self) -> bool:
        """Whether the requirement is about a single call."""
        return self._kind in _RULE_OF

    @property
    def _kind(self) -> str:
        return self.requirement.id.partition(".")[2]

    @property
    def rule(self) -> str:
        """The rule that a result is judged by."""
        drops = self.case.attributes.get("training", False) and self.case.attributes.get("p", 0) > 0
        rule = _RULE_OF[self._kind]
        return WITHIN if rule == ZERO_OR_WITHIN and not drops else rule

    @property
    def is_exact(self) -> bool:
        """Whether nothing may be rounded: sums of small whole numbers, or of different powers of two."""
        return self._kind in ("exact", "routing")

    @cached_property
    def id(self) -> str:
        """The function with a digest of the case: a vector keeps its id whatever is added around it."""
        case = {name: value for name, value in self.case.to_dict().items() if name != "note"}
        text = json.dumps([self.function, self.rule, self.is_exact, case], sort_keys=True)
        return f"{self.function}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @cached_property
    def call(self) -> Call:
        """The call, with the arrays that the function is passed."""
        whole = (backward if self.function.endswith("_backward") else forward)(self.case)
        passed = FUNCTIONS[self.function].arguments
        return Call(self.function, self.case, {name: each for name, each in whole.arrays.items() if name in passed})

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """What the call passes besides arrays."""
        return plain_attributes(self.function, self.case)

    @cached_property
    def flags_of_case(self) -> set[str]:
        """The flags that are known before the arrays are made."""
        named = flags_of_case(self.function, self.case, self.attributes)
        if self.rule == REFUSE:
            return named | {"bad-input"}
        return named | ({"exact"} if self.is_exact else set())

    @cached_property
    def flags(self) -> set[str]:
        """What is in the vector."""
        named = self.flags_of_case | flags_of_numbers(self.call)
        return named | ({"tie"} if self.rule != REFUSE and has_tie(self.call) else set())


def make_vector(candidate: Candidate, conventions: Mapping[str, str]) -> Vector | None:
    """Return the vector, or nothing where it could not tell right from wrong, or has several right answers."""
    found: tuple[Answer, ...] | None = ()
    if candidate.rule != REFUSE:
        found = _answers(candidate, conventions)
    if found is None:
        return None
    names = FUNCTIONS[candidate.function].results
    return Vector(
        id=candidate.id,
        function=candidate.function,
        requirement=candidate.requirement.id,
        rule=candidate.rule,
        note=note_of(candidate.function, candidate.case),
        flags=tuple(flag for flag in FLAGS if flag in candidate.flags),
        dtype=candidate.case.dtype,
        attributes=candidate.attributes,
        inputs=candidate.call.arrays,
        answers={name: _in_one_form(answer) for name, answer in zip(names, found, strict=False)},
    )


def _in_one_form(answer: Answer) -> Answer:
    """Return the answer with one NaN and one zero; which of the many comes depends on NumPy's version."""
    return Answer(np.where(np.isnan(answer.value), np.nan, answer.value + 0.0), answer.allowed)


def _answers(candidate: Candidate, conventions: Mapping[str, str]) -> tuple[Answer, ...] | None:
    call = candidate.call
    if candidate.rule == NOT_FINITE:
        return _lost(answers(call.function, call.case, call.arrays, conventions)[0])
    any_maximum = conventions.get("max_pool2d.ties") == "any" and call.function == "max_pool2d_backward"
    if any_maximum and "tie" in candidate.flags:
        return None
    if candidate.is_exact:
        found = answers(call.function, call.case, call.arrays, conventions)
        if not all(_is_unrounded(answer, call.case.dtype) for answer in found):
            return None
        found = tuple(Answer(answer.value, np.zeros(answer.value.shape)) for answer in found)
    else:
        found = precise_answers(call.function, call.case, call.arrays, conventions)
    shows = "empty" in candidate.flags or any(np.any(answer.value) for answer in found)
    return found if shows else None


def _is_unrounded(answer: Answer, dtype: str) -> bool:
    """Return whether the numbers are whole, and have so few digits that each partial sum of them had room."""
    bits = np.finfo(dtype).nmant + 1
    return is_whole(answer.value) and bool(np.all(np.abs(answer.value) * 64 <= 2.0 ** (bits + 6)))


def _lost(answer: Answer) -> tuple[Answer, ...] | None:
    lost = ~np.isfinite(answer.value)
    return (Answer(np.where(lost, np.nan, 0.0), np.zeros(lost.shape)),) if lost.any() else None
