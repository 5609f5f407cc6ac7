"""The catalogue: every fault is one, is rejected by the requirement that it names, and is named when it is met."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import refcnn
from conformance import faults
from conformance.contract import FUNCTIONS, OPERATORS
from conformance.faults import CATALOGUE, HISTORY, Fault
from conformance.judge import first_failure
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
FAULTS = {function: [fault for fault in CATALOGUE if fault.function == function] for function in FUNCTIONS}


def test_every_module_of_faults_is_in_the_catalogue() -> None:
    other = {"__init__", "fault", "history", "conv_places", "pool_windows"}
    modules = {path.stem for path in Path(faults.__file__).parent.glob("*.py")} - other
    assert {fault.body.__module__.rpartition(".")[2] for fault in CATALOGUE} == modules


def test_there_are_many_faults_and_many_are_subtle() -> None:
    assert len(CATALOGUE) >= 200
    assert sum(bool(fault.corner) for fault in CATALOGUE) >= 60


def test_ids_are_unique_and_no_two_faults_of_a_function_say_the_same() -> None:
    assert max(Counter(fault.id for fault in CATALOGUE).values()) == 1
    assert max(Counter((fault.function, fault.says) for fault in CATALOGUE).values()) == 1


def test_every_function_of_the_contract_has_faults() -> None:
    assert {fault.function for fault in CATALOGUE} == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_fault_says_what_it_is(function: str) -> None:
    for fault in FAULTS[function]:
        assert fault.operator in OPERATORS, fault.id
        assert BY_ID[fault.killed_by].operator == fault.operator, fault.id
        assert fault.says, fault.id
        assert not fault.says.endswith("."), fault.id
        assert fault.history in {"", *HISTORY}, fault.id


@pytest.mark.parametrize("history", HISTORY)
def test_what_really_happened_is_there_in_two_forms(history: str) -> None:
    forms = {fault.says for fault in CATALOGUE if fault.history == history}
    assert len(forms) >= 2
    assert all("#" in thread for thread in HISTORY[history].threads)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_fault_is_rejected_by_the_requirement_that_it_names(function: str) -> None:
    # The requirements hold for right code: that they are broken here is the proof that the fault is one.
    assert [fault.id for fault in FAULTS[function] if not rejected(fault)] == []


def rejected(fault: Fault) -> bool:
    with np.errstate():  # some faults change the settings for good
        return first_failure(fault.implementation(refcnn), BY_ID[fault.killed_by], Plan()) is not None


def test_a_fault_that_happened_tells_where() -> None:
    told = {fault.history: fault.threads for fault in CATALOGUE}
    assert told == {history: HISTORY[history].threads if history else () for history in told}
