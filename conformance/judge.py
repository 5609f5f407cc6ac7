"""Judge an implementation: run each requirement on its cases, count what ran, and keep what failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool

from conformance.case import Case
from conformance.comparison import Failure, InconclusiveError
from conformance.contract import OPERATORS
from conformance.diagnosis import diagnose
from conformance.implementation import Implementation, NotSupportedError, TargetError
from conformance.kept import keep, still_failing
from conformance.outcome import (
    FAILS,
    NOT_PROVIDED,
    OperatorResult,
    RequirementResult,
    status_of_operator,
    status_of_requirement,
)
from conformance.plainer import plainer_cases
from conformance.plan import Plan
from conformance.requirements import Adapt, Requirement, requirements_for
from conformance.search import beyond_the_grid, search, smaller
from conformance.workers import pool

Progress = Callable[[str], None]

# A target that hangs must not take a day: after so many deaths of its process in a requirement, or in an operator, the
# rest of it is not run.
_MOST_DEATHS, _MOST_DEATHS_IN_AN_OPERATOR = 3, 9

# Drawn from the neighbourhood of a failing case, most cases fail too; this many are enough to shrink well.
_SHRINKING_EXAMPLES = 60


def first_failure(implementation: Implementation, requirement: Requirement, plan: Plan) -> Failure | None:
    """Run a requirement on its cases up to the first that fails, without Hypothesis; return that failure."""
    uncounted = RequirementResult(requirement.id, requirement.kind, requirement.sentence)
    failures = (_run(implementation, requirement, case, uncounted) for case in requirement.cases(plan))
    return next((failure for failure in failures if failure is not None), None)


def judge_requirement(
    implementation: Implementation, requirement: Requirement, plan: Plan, most_deaths: int = _MOST_DEATHS
) -> RequirementResult:
    """Run a requirement on its cases, then let Hypothesis search, or shrink what failed.

    Once the process of the implementation has died ``most_deaths`` times, the cases that are left are not run.
    """
    before = implementation.deaths
    result = RequirementResult(requirement.id, requirement.kind, requirement.sentence)
    if not all(implementation.provides(name) for name in requirement.needs):
        result.status = NOT_PROVIDED
        return result
    last_death = before + most_deaths
    failures = _failures(implementation, requirement, requirement.cases(plan), result, last_death)
    if result.not_supported and result.cases < plan.few:
        failures += _failures(implementation, requirement, plainer_cases(requirement, plan), result, last_death)
    if failures:
        result.failures = [_smallest(implementation, requirement, failures, plan, before)]
    elif result.cases and requirement.adapt is not None and not requirement.few:
        found = _searched(implementation, requirement, requirement.adapt, plan, result, last_death)
        result.failures = [found] if found else []
    result.status = status_of_requirement(result)
    return result


def _failures(
    implementation: Implementation,
    requirement: Requirement,
    cases: Iterable[Case],
    result: RequirementResult,
    last_death: int,
) -> list[Failure]:
    """Check cases, count them, and return what failed."""
    failures = []
    for case in cases:
        if implementation.deaths >= last_death:
            result.not_run += 1
        elif failure := _run(implementation, requirement, case, result):
            failures.append(failure)
    return failures


def _run(
    implementation: Implementation, requirement: Requirement, case: Case, result: RequirementResult
) -> Failure | None:
    """Check a case and count it."""
    try:
        finding = requirement.judge(implementation, case)
    except NotSupportedError:
        result.not_supported += 1
        return None
    except InconclusiveError:  # the case ran, but a pass says nothing
        result.inconclusive += 1
        result.ran.append(case)
        return None
    result.cases += 1
    result.ran.append(case)
    result.worst = max(result.worst, finding.worst)
    if finding.violation is None:
        return None
    result.failed += 1
    result.wrong.append(case)
    return Failure(case, finding.violation)


def _searched(
    implementation: Implementation,
    requirement: Requirement,
    adapt: Adapt,
    plan: Plan,
    result: RequirementResult,
    last_death: int,
) -> Failure | None:
    """Let Hypothesis look for a failure beyond the grid, after what it found there before."""

    def fails(case: Case) -> Failure | None:
        return None if implementation.deaths >= last_death else _run(implementation, requirement, case, result)

    before, kept_as = implementation.deaths, f"{implementation.target} {requirement.id}"
    if kept := still_failing(kept_as, fails):
        return kept
    cases = beyond_the_grid(requirement.operator, adapt, plan.examples, plan.seed)
    failures = _failures(implementation, requirement, cases, result, last_death)
    if not failures:
        return None
    found = _smallest(implementation, requirement, failures, plan, before)
    keep(kept_as, found)
    return found


def _smallest(
    implementation: Implementation, requirement: Requirement, failures: list[Failure], plan: Plan, deaths: int
) -> Failure:
    """Look for a case that breaks the same requirement and is smaller than the smallest of these.

    Not if the process died meanwhile, as it had ``deaths`` times before: smaller cases would be as many more.
    """
    smallest = min(failures, key=lambda failure: failure.case.elements)
    if implementation.deaths > deaths or not requirement.shrinks:
        return smallest
    uncounted = RequirementResult(requirement.id, requirement.kind, requirement.sentence)
    found = search(
        smaller(smallest.case),
        lambda case: _run(implementation, requirement, case, uncounted),
        _SHRINKING_EXAMPLES,
        plan.seed,
    )
    return found or smallest


def judge_operator(
    implementation: Implementation,
    operator: str,
    plan: Plan,
    *,
    fail_fast: bool = False,
    progress: Progress = lambda _: None,
) -> OperatorResult:
    """Judge every requirement of an operator; ``progress`` hears the id of each before it runs."""
    start = time.perf_counter()
    results, wrong, deaths = [], {}, implementation.deaths
    for requirement in requirements_for(implementation, [operator]):
        progress(requirement.id)
        left = _MOST_DEATHS_IN_AN_OPERATOR - (implementation.deaths - deaths)
        result = judge_requirement(implementation, requirement, plan, min(_MOST_DEATHS, left))
        results.append(result)
        if result.status == FAILS:
            wrong[requirement] = result.wrong
            if fail_fast:
                break
    # To diagnose is to ask again what killed it.
    diagnoses = {} if implementation.deaths > deaths else diagnose(implementation, wrong, plan)
    for result in results:
        result.diagnosis = diagnoses.get(result.requirement, "")
    coverage = plan.coverage(operator, (case for result in results for case in result.ran))
    return OperatorResult(operator, status_of_operator(results), results, time.perf_counter() - start, coverage)


def judge(
    implementation: Implementation,
    operators: Iterable[str] = tuple(OPERATORS),
    plan: Plan | None = None,
    *,
    fail_fast: bool = False,
    jobs: int = 1,
    progress: Progress = lambda _: None,
) -> Iterator[OperatorResult]:
    """Judge operators one after the other, or several at once in processes that load the target themselves.

    Examples
    --------
    >>> from conformance.implementation import load
    >>> [result.status for result in judge(load("refcnn"), ["relu"], Plan("quick"))]
    ['conforms']
    """
    plan, operators = plan or Plan(), tuple(operators)
    provided = sum(_provides_some(implementation, name) for name in operators)
    # A process is not worth its start for a single operator.
    if min(jobs, provided) > 1:
        yield from _judge_in_processes(implementation, operators, plan, fail_fast, jobs, progress)
        return
    for operator in operators:
        result = judge_operator(implementation, operator, plan, fail_fast=fail_fast, progress=progress)
        yield result
        if fail_fast and result.status == FAILS:
            return


def _provides_some(implementation: Implementation, operator: str) -> bool:
    return any(implementation.provides(each.name) for each in OPERATORS[operator].functions)


def _judge_in_processes(
    implementation: Implementation,
    operators: tuple[str, ...],
    plan: Plan,
    fail_fast: bool,
    jobs: int,
    progress: Progress,
) -> Iterator[OperatorResult]:
    with pool(jobs) as workers:
        futures = [
            workers.submit(judge_in_worker, implementation.again, operator, plan, fail_fast) for operator in operators
        ]
        for operator, future in zip(operators, futures, strict=True):
            progress(operator)
            try:
                result = future.result()
            except BrokenProcessPool as error:
                left = [name for name, each in zip(operators, futures, strict=True) if each.exception()]
                begun = [name for name in left if _provides_some(implementation, name)][:jobs]
                raise TargetError(
                    f"target {implementation.target!r}: a process that judged {' or '.join(begun)} died; "
                    "with --isolate it is judged to the end, and the call is told"
                ) from error
            yield result
            if fail_fast and result.status == FAILS:
                workers.shutdown(cancel_futures=True)
                return


def judge_in_worker(again: Callable[[], Implementation], operator: str, plan: Plan, fail_fast: bool) -> OperatorResult:
    """Judge one operator in a process of its own, in which the target is loaded anew."""
    return judge_operator(again(), operator, plan, fail_fast=fail_fast)
