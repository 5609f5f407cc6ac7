"""The judge under pytest: a test a requirement, for the implementation that ``--impl`` names."""

from __future__ import annotations

import pytest

from conformance.console import repeat_command
from conformance.contract import OPERATORS, operator_of
from conformance.diagnosis import diagnose
from conformance.implementation import Implementation, TargetError, load
from conformance.judge import CONFORMS, FAILS, judge_requirement
from conformance.plan import Plan
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
    metafunc.parametrize(
        ("implementation", "requirement"),
        [(implementation, requirement) for requirement in requirements],
        ids=[requirement.id for requirement in requirements],
    )


def test_requirement(implementation: Implementation, requirement: Requirement, pytestconfig: pytest.Config) -> None:
    """Judge one requirement; the failure shows the smallest case and how to repeat it."""
    plan = Plan(pytestconfig.getoption("--impl-profile"), pytestconfig.getoption("--impl-seed"))
    result = judge_requirement(implementation, requirement, plan)
    if result.status == FAILS:
        failure = result.failures[0]
        looks_like = diagnose(implementation, {requirement: result.wrong}, plan).get(requirement.id)
        pytest.fail(
            f"{requirement.id}: {requirement.sentence}\n"
            f"{result.failed} of {result.cases} cases are wrong; the smallest: {failure.case.describe()}\n"
            f"{failure.violation.message}\n"
            + (f"looks like: {looks_like}\n" if looks_like else "")
            + f"{repeat_command(implementation.target, requirement.id, failure.case.to_json())}",
            pytrace=False,
        )
    if result.status != CONFORMS:
        pytest.skip(f"{requirement.id}: {result.status}")
