"""Which cases become vectors: all of a run's that one call can show, or a few that are worth the most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

from conformance.bad_input import GOOD
from conformance.contract import OPERATORS
from conformance.implementation import Implementation
from conformance.plan import Plan
from conformance.requirements import requirements_for
from conformance.vectors.vector import REFUSE, Candidate

Reveals = Callable[[Candidate], set[str]]


class Choice(StrEnum):
    """How many vectors to write."""

    SMALL = "small"
    FULL = "full"


# How many corners, cases of the grid and refusals of a function the small set takes, and how many numbers one may hold.
_CORNERS, _GRID, _REFUSALS = 9, 4, 8
_NUMBERS = 2500


def candidates(
    choice: Choice, operators: Iterable[str], seed: int, conventions: Mapping[str, str]
) -> Iterator[tuple[str, tuple[Candidate, ...]]]:
    """Yield each function with what is to become its vectors: corners, the grid, then what must be refused."""
    for operator in operators:
        by_function: dict[str, dict[str, Candidate]] = {name.name: {} for name in OPERATORS[operator].functions}
        for candidate in _all(operator, choice, seed, conventions):
            by_function[candidate.function].setdefault(candidate.id, candidate)
        for function, found in by_function.items():
            in_order = tuple(sorted(found.values(), key=_order))
            yield function, _few(in_order) if choice == Choice.SMALL else in_order


def _all(operator: str, choice: Choice, seed: int, conventions: Mapping[str, str]) -> Iterator[Candidate]:
    plan = Plan("quick" if choice == Choice.SMALL else "default", seed)
    for requirement in requirements_for(Implementation("", None, conventions), [operator]):
        for position, case in enumerate(requirement.cases(plan)):
            candidate = Candidate(requirement, case, position < len(requirement.corners))
            if not candidate.shown_by_one_call:
                break
            yield candidate


def _order(candidate: Candidate) -> int:
    return 2 if candidate.rule == REFUSE else 0 if candidate.is_corner else 1


def _few(in_order: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    small = [candidate for candidate in in_order if candidate.case.elements <= _NUMBERS]
    corners, grid, refusals = ([each for each in small if _order(each) == part] for part in range(3))
    return (
        *_greedy(corners, lambda each: {each.case.note, *_kinds(each)}, _CORNERS),
        *_greedy(grid, lambda each: {*_kinds(each), *_levels(each)}, _GRID),
        *_one_of_each(refusals),
    )


def _kinds(candidate: Candidate) -> set[str]:
    return {candidate.case.data, candidate.rule, *candidate.flags_of_case}


def _levels(candidate: Candidate) -> set[str]:
    return {f"{name}={value}" for name, value in candidate.attributes.items()}


def _one_of_each(refusals: list[Candidate]) -> list[Candidate]:
    """Return a call that is bad in each argument, those first that are bad in few, and others while there is room."""
    in_order = sorted(refusals, key=lambda each: (len(_spoilt(each)), each.case.note, each.id))
    first: dict[frozenset[str], Candidate] = {}
    for candidate in in_order:
        first.setdefault(_spoilt(candidate), candidate)
    others = [candidate for candidate in in_order if candidate is not first[_spoilt(candidate)]]
    return [*first.values(), *others][:_REFUSALS]


def _spoilt(candidate: Candidate) -> frozenset[str]:
    """Return in what a bad case differs from the good one that it was made from."""
    case, good = candidate.case, GOOD[candidate.case.operator]
    given, before = ({**each.shapes, **each.attributes} for each in (case, good))
    differ = {name for name, value in given.items() if value != before.get(name)}
    return frozenset(differ) | ({"dtype"} if case.dtype != good.dtype else {case.data} - {good.data})


def _greedy(pool: list[Candidate], reveals: Reveals, count: int) -> list[Candidate]:
    """Return up to ``count`` of the pool, in its order: each time the one that reveals most that is new.

    Of equals, one of another element type than the one before is taken, and the smallest.
    """
    left = {position: reveals(candidate) for position, candidate in enumerate(pool)}
    chosen: list[int] = []
    seen: set[str] = set()
    before = ""
    while left and len(chosen) < count:
        best = max(left, key=lambda each: _worth(pool[each], left[each] - seen, before, each))
        if not left[best] - seen:
            break
        chosen.append(best)
        before = pool[best].case.dtype
        seen |= left.pop(best)
    return [pool[position] for position in sorted(chosen)]


def _worth(candidate: Candidate, new: set[str], before: str, position: int) -> tuple[int, bool, int, int]:
    return len(new), candidate.case.dtype != before, -candidate.case.elements, -position
