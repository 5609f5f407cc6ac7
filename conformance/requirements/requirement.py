"""What a requirement is, and how cases of the space become its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.comparison import Finding, violated
from conformance.contract import Operator
from conformance.implementation import CallError, Implementation
from conformance.plan import Plan, spaced

Check = Callable[[Implementation, Case], Finding]
Make = Callable[[Case], Call]


Adapt = Callable[[Case], Case | None]


KINDS = (
    "values",
    "exact",
    "adjoint",
    "gradient",
    "routing",
    "relations",
    "form",
    "purity",
    "special",
    "refusals",
)


@dataclass(frozen=True, eq=False)  # there is one of each, so that each is equal to itself alone
class Requirement:
    """What an implementation must do, how that is checked, and on which cases.

    Parameters
    ----------
    id : ``function.name``, such as ``conv2d.values``
    operator : the operator in whose row of the report it stands
    kind : the column of the report
    sentence : what is required
    needs : the functions that must be provided
    check : judges an implementation on a case
    corners : hand-written cases; they are taken as they are
    adapt : makes a case of the space one of this requirement, or leaves it out; None takes none from there
    few : whether a few cases of the space do
    exact : whether it rests on exact arithmetic, which ``normwise`` does without
    shrinks : whether a smaller case can still tell right from wrong
    paths : hand-written cases that are much alike, of which ``quick`` takes some
    """

    id: str
    operator: str
    kind: str
    sentence: str
    needs: tuple[str, ...]
    check: Check
    corners: tuple[Case, ...] = ()
    adapt: Adapt | None = None
    few: bool = False
    exact: bool = False
    shrinks: bool = True
    paths: tuple[Case, ...] = ()

    @property
    def function(self) -> str:
        """The function that the requirement's id names."""
        return self.id.partition(".")[0]

    def judge(self, implementation: Implementation, case: Case) -> Finding:
        """Check one case; a call that ends in an exception is a violation.

        Raises
        ------
        NotProvidedError, NotSupportedError, InconclusiveError
            where the case does not count
        """
        try:
            return self.check(implementation, case)
        except CallError as error:
            return violated(str(error))

    def cases(self, plan: Plan) -> Iterator[Case]:
        """Yield the hand-written cases and those of the grid."""
        hand_written = (*self.corners, *plan.some(self.paths))
        yield from (case.but(seed=case.seed + 31 * plan.seed) for case in hand_written)
        if self.adapt is not None:
            adapted = tuple(case for case in map(self.adapt, plan.grid(self.operator)) if case is not None)
            yield from spaced(adapted, plan.few) if self.few else adapted


def same(case: Case) -> Case:
    """Take a case as it is."""
    return case


def with_fields(**changes: str) -> Adapt:
    """Take a case with some of its fields replaced."""
    return lambda case: case.but(**changes)


def where(condition: Callable[[Case], bool], adapt: Adapt = same) -> Adapt:
    """Take the cases that meet a condition, adapted."""
    return lambda case: adapt(case) if condition(case) else None


def has(attribute: str, *plain: object) -> Callable[[Case], bool]:
    """Return whether an attribute does something in a case."""
    return lambda case: case.all_attributes[attribute] not in plain


integers = with_fields(data="integers")


def without_bias(case: Case) -> Case:
    """Take a case without its bias, which makes an operator affine."""
    return case.but(shapes={name: shape for name, shape in case.shapes.items() if name != "bias"})


def untied(case: Case) -> Case:
    """Take a case without equal values, so that a gradient has one way to go."""
    return case.but(data="distinct") if case.data == "ties" else case


def functions_of(operator: Operator) -> Iterator[tuple[Make, str]]:
    """Yield how each function of an operator is called, and its name."""
    yield forward, operator.name
    if operator.backward is not None:
        yield backward, operator.backward.name
