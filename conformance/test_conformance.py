"""The judge under pytest: a test a requirement, for the implementation that ``--impl`` names."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract import OPERATORS, operator_of
from conformance.deviations import DeviationError, accepted, read_deviations
from conformance.diagnosis import diagnose
from conformance.implementation import Implementation, TargetError, load
from conformance.judge import judge_requirement
from conformance.outcome import CONFORMS, FAILS
from conformance.plan import Plan
from conformance.reports.failing import repeat_command
from conformance.requirements import Requirement, requirements_for


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each requirement that the implementation's conventions leave standing."""
    config = metafunc.config
    try:
        implementation = load(config.getoption("--impl"))
        operators = [operator_of(name).name for name in config.getoption("--impl-op") or OPERATORS]
    except TargetError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    except KeyError as error:
        message = f"--impl-op must be one of {', '.join(OPERATORS)}; got {error}"
        pytest.exit(message, returncode=pytest.ExitCode.USAGE_ERROR)
    requirements = list(requirements_for(implementation, operators))
    marks = expected_failures(config.getoption("--expect"))
    metafunc.parametrize(
        ("implementation", "requirement"),
        [
            pytest.param(implementation, requirement, marks=marks.get(requirement.id, ()))
            for requirement in requirements
        ],
        ids=[requirement.id for requirement in requirements],
    )


def expected_failures(path: Path | None) -> dict[str, pytest.MarkDecorator]:
    """Expect each accepted deviation, strictly: a requirement that is not broken any more fails the run."""
    try:
        deviations = {} if path is None else read_deviations(path)
    except DeviationError as error:
        pytest.exit(f"--expect: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
    # Only a broken requirement is expected, not a judge that crashes.
    return {
        name: pytest.mark.xfail(
            reason=f"{accepted(deviation)}; where it no longer occurs, remove it from {path}",
            strict=True,
            raises=pytest.fail.Exception,
        )
        for name, deviation in deviations.items()
    }


def test_requirement(implementation: Implementation, requirement: Requirement, request: pytest.FixtureRequest) -> None:
    """Judge one requirement; the failure shows the smallest case and how to repeat it."""
    plan = Plan(request.config.getoption("--impl-profile"), request.config.getoption("--impl-seed"))
    result = judge_requirement(implementation, requirement, plan)
    if result.status == FAILS:
        failure = result.failures[0]
        looks_like = diagnose(implementation, {requirement: result.wrong}, plan).get(requirement.id)
        pytest.fail(
            f"{requirement.id}: {requirement.sentence}\n"
            f"{result.failed} of {result.cases} cases are wrong; the smallest: {failure.case.describe()}\n"
            f"{failure.violation.message}\n"
            + (f"looks like: {looks_like}\n" if looks_like else "")
            + f"{repeat_command(implementation.named, requirement.id, failure.case.to_json())}",
            pytrace=False,
        )
    # A deviation that was accepted and cannot occur is outdated: strictly expected, a test that passes says so.
    if result.status != CONFORMS and request.node.get_closest_marker("xfail") is None:
        pytest.skip(f"{requirement.id}: {result.status}")
