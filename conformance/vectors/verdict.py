"""Judge results by the answers and allowed errors that were exported; nothing is computed anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.comparison import Finding, compare, violated
from conformance.oracle import Answer
from conformance.vectors.folder import Export
from conformance.vectors.results import REFUSED, UNSUPPORTED, MismatchError, Results, UnreadableError, Wanted
from conformance.vectors.vector import NOT_FINITE, REFUSE, ZERO_OR_WITHIN

RIGHT, WRONG, UNREADABLE, NOT_SUPPORTED, MISSING = "right", "wrong", "unreadable", "not supported", "missing"
STATUSES = (RIGHT, WRONG, UNREADABLE, NOT_SUPPORTED, MISSING)


@dataclass(frozen=True)
class Verdict:
    """What became of one vector; ``worst`` is the largest error as a part of the allowed one."""

    entry: Mapping[str, Any]
    status: str
    message: str = ""
    worst: float = 0.0

    @property
    def fails(self) -> bool:
        """Whether something was given, and is not right."""
        return self.status in (WRONG, UNREADABLE)


def judge_results(export: Export, results: Results) -> Iterator[Verdict]:
    """Yield a verdict on each vector."""
    for entry in export.vectors:
        yield _verdict(export, entry, results)


def strangers(export: Export, results: Results) -> list[str]:
    """Return what was given under names that no vector has."""
    known = {entry["id"] for entry in export.vectors}
    return sorted(set(results.ids) - known)


def _verdict(export: Export, entry: Mapping[str, Any], results: Results) -> Verdict:
    id_ = entry["id"]
    refusal, unsupported = results.said(id_, REFUSED), results.said(id_, UNSUPPORTED)
    if sum((refusal is not None, unsupported is not None, results.answered(id_))) > 1:
        return Verdict(entry, UNREADABLE, "more than one of results, refused and unsupported is given")
    if unsupported is not None:
        return Verdict(entry, NOT_SUPPORTED, unsupported)
    if entry["rule"] == REFUSE:
        if results.answered(id_):
            return Verdict(entry, WRONG, f"{entry['note']}: was accepted, must be refused", np.inf)
        return Verdict(entry, MISSING) if refusal is None else Verdict(entry, RIGHT)
    if refusal is not None:
        return Verdict(entry, WRONG, f"was refused, but has an answer ({refusal})", np.inf)
    return _compared(export, entry, results)


def _compared(export: Export, entry: Mapping[str, Any], results: Results) -> Verdict:
    """Compare the results that are there; one that fails counts before one that is missing."""
    worst, missing = 0.0, []
    for name, answer in export.answers(entry):
        if not results.has(entry["id"], name):
            missing.append(name)
            continue
        wanted = Wanted(name, np.dtype(entry["results"][name]["dtype"]), answer.value.shape)
        try:
            got = results.read(entry["id"], wanted)
        except UnreadableError as error:
            return Verdict(entry, UNREADABLE, str(error), np.inf)
        except MismatchError as error:
            return Verdict(entry, WRONG, str(error), np.inf)
        finding = _finding(entry["rule"], name, got, answer)
        if finding.violation is not None:
            return Verdict(entry, WRONG, finding.violation.message, finding.worst)
        worst = max(worst, finding.worst)
    return Verdict(entry, MISSING, f"no {', '.join(missing)}", worst) if missing else Verdict(entry, RIGHT, "", worst)


def _finding(rule: str, name: str, got: Any, answer: Answer) -> Finding:
    if rule == ZERO_OR_WITHIN:
        answer = Answer(np.where(got == 0, 0.0, answer.value), answer.allowed)
    if rule != NOT_FINITE:
        return compare(name, got, answer)
    lost = np.isnan(answer.value)
    wrong = np.argwhere(lost & np.isfinite(got))
    if len(wrong) == 0:
        return Finding()
    place = tuple(int(index) for index in wrong[0])
    return violated(
        f"{name}{list(place)} is {got[place]}, but depends on a NaN or an infinity; {len(wrong)} of {lost.sum()} are "
        "finite"
    )
