"""The requirements: each with an id, one sentence, its check and its cases. Reports and tests use these ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.contract import OPERATORS
from conformance.implementation import Implementation
from conformance.requirements import by_operator, derivatives, form, purity, relations, special
from conformance.requirements.requirement import KINDS, Adapt, Requirement

__all__ = ["KINDS", "REQUIREMENTS", "Adapt", "Requirement", "requirements_for"]


def _all() -> Iterator[Requirement]:
    for operator in OPERATORS.values():
        yield from form.form(operator)
        yield from purity.purity_of(operator)
        yield from special.special(operator)
        yield from special.refusals_of(operator)
        yield from derivatives.gradients_of(operator)
    yield from derivatives.adjoint_requirements()
    yield from relations.relation_requirements()
    yield from by_operator.pool_requirements()
    yield from by_operator.batch_norm_requirements()
    yield from by_operator.dropout_requirements()


def _in_order(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    names = list(OPERATORS)
    return tuple(sorted(requirements, key=lambda each: (names.index(each.operator), KINDS.index(each.kind))))


REQUIREMENTS: tuple[Requirement, ...] = _in_order(_all())


def requirements_for(implementation: Implementation, operators: Iterable[str]) -> Iterator[Requirement]:
    """Yield the requirements of some operators that an implementation's conventions leave standing."""
    wanted = set(operators)
    for requirement in REQUIREMENTS:
        transforms = implementation.conventions.get(f"{requirement.operator}.accuracy") == "normwise"
        if requirement.operator in wanted and not (requirement.exact and transforms):
            yield requirement
