"""What every form of a report says of a requirement that is broken, in the same words."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Iterable

from conformance.device import VARIABLE
from conformance.outcome import CONFORMS, FAILS, NOT_PROVIDED, OperatorResult, RequirementResult
from conformance.report import Report, one_line


def ratio(worst: float) -> str:
    """Write an error as a part of the allowed one.

    Examples
    --------
    >>> ratio(0.123), ratio(12345.0), ratio(math.inf)
    ('0.12', '1e+04', '∞')
    """
    return f"{worst:.2f}" if worst < 100 else f"{worst:.0e}" if math.isfinite(worst) else "∞"


def counted(result: RequirementResult) -> str:
    """Say how many cases ran and failed, and how far off the worst is, where that has a measure.

    Examples
    --------
    >>> counted(RequirementResult("relu.values", "values", "It is.", cases=12, failed=5, worst=2.5))
    '12 cases, 5 wrong, worst error 2.50 × allowed'
    """
    counts = f"{result.cases} case{'s' * (result.cases != 1)}, {result.failed} wrong"
    if result.not_run:
        counts += f", {result.not_run} not run after so many deaths of its process"
    return counts + (f", worst error {ratio(result.worst)} × allowed" if math.isfinite(result.worst) else "")


def repeat_command(named: Iterable[str], requirement: str, case: str) -> str:
    """Return the command that repeats one case, fit for a shell, of the target that some words name."""
    device = os.environ.get(VARIABLE)
    where = ["--device", device] if device else []
    return shlex.join(["refcnn", "verify", *named, *where, "--check", requirement, "--replay", case])


def provided(report: Report) -> list[OperatorResult]:
    """Return the operators of which the target provides a function."""
    return [operator for operator in report.operators if operator.status != NOT_PROVIDED]


def coverage(report: Report) -> str:
    """Say how many of the combinations of levels stood in cases that ran."""
    counts = [operator.coverage for operator in provided(report) if operator.cases]
    if len(counts) < 2:
        return "".join(map(str, counts))
    covered, legal = sum(each.covered for each in counts), sum(each.legal for each in counts)
    which = f"{'every ' * (covered == legal)}{counts[0].strength}-way combination{'s' * (covered != legal)}"
    return f"{which} of the factors of {len(counts)} operators: {covered:,} of {legal:,}"


def verdict(report: Report) -> str:
    """Say in few words what the run came to.

    Examples
    --------
    >>> verdict(Report("mine.py", "quick", 0, {}))
    'nothing could be judged'
    """
    if report.failures:
        return "does not conform"
    return "conforms" if report.conforms else "nothing could be judged"


def details(report: Report) -> list[str]:
    """Say what the verdict rests on: how much was provided, how many cases ran, what is missing and declared."""
    judged = provided(report)
    missing = [operator.operator for operator in report.operators if operator.status == NOT_PROVIDED]
    parts = [
        f"{len(judged)} operator{'s' * (len(judged) != 1)} provided",
        f"{sum(operator.cases for operator in report.operators)} cases",
    ]
    if report.recognised:
        parts.append(f"recognised: {one_line(report.recognised)}")
    if missing:
        parts.append(f"not provided: {', '.join(missing)}")
    if report.conventions:
        parts.append("declared: " + ", ".join(f"{name}={value}" for name, value in report.conventions.items()))
    if report.accepted:
        parts.append(f"accepted deviations: {len(report.accepted)}")
    return parts


def failing(report: Report) -> list[str]:
    """Return the operators that do not conform."""
    return [operator.operator for operator in report.operators if report.status(operator) == FAILS]


def conforming(report: Report) -> list[str]:
    """Return the operators that conform in everything."""
    return [operator.operator for operator in report.operators if operator.status == CONFORMS]


def to_remove(report: Report) -> list[str]:
    """Say of each accepted deviation that did not occur that it has to go."""
    return [
        f"{deviation.requirement} no longer deviates (profile {report.profile}, seed {report.seed}): "
        "remove it from the accepted deviations"
        for deviation in report.outdated
    ]
