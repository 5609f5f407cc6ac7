"""The processes that judge side by side: what they know when they begin, and when they begin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance import cli, command, workers
from conformance.implementation import load
from conformance.judge import judge_in_worker
from conformance.plan import Plan

ON_LINUX = sys.platform == "linux"


def asked_of_a_worker(expression: str) -> Any:
    with workers.pool(1) as pool:
        return pool.submit(eval, expression).result()


def test_what_workers_are_forked_from_begins_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr("multiprocessing.forkserver.ensure_running", lambda: begun.append("importing"))
    workers.start_importing()
    assert begun == ["importing"] * ON_LINUX
    with workers.pool(1):  # without work there are no workers
        assert begun == ["importing"] * ON_LINUX


@pytest.mark.no_cover  # what is started stays, and would count lines until the end
@pytest.mark.skipif(not ON_LINUX, reason="elsewhere a worker imports the judge itself")
def test_a_worker_begins_with_the_judge_imported() -> None:
    workers.start_importing()
    workers.start_importing()  # once more changes nothing
    assert asked_of_a_worker("'conformance.judge' in __import__('sys').modules")


@pytest.mark.no_cover  # as above
def test_a_worker_has_the_environment_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = "__import__('os').environ.get('REFCNN_SEEN')"
    monkeypatch.setenv("REFCNN_SEEN", "first")
    assert asked_of_a_worker(seen) == "first"
    monkeypatch.setenv("REFCNN_SEEN", "second")
    assert asked_of_a_worker(seen) == "second"
    monkeypatch.delenv("REFCNN_SEEN")
    assert asked_of_a_worker(seen) is None


def test_a_worker_loads_the_target_itself() -> None:
    wrong = Path(__file__).parent.parent / "implementations" / "wrong" / "null_zeros.py"
    result = judge_in_worker(load(str(wrong)).again, "relu", Plan("quick"), True)
    assert [each.status for each in result.requirements] == ["fails"]


def test_an_environment_is_taken_over_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"of": "before", "gone": "now"})
    workers.take_over({"of": "now"})
    assert os.environ == {"of": "now"}


def test_where_numpy_may_not_be_forked_each_worker_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_FORKS", False)
    workers.start_importing()  # which has nothing to start
    assert workers._context().get_start_method() == "spawn"


def test_the_command_reads_little_before_it_lets_others_import() -> None:
    heavy = ["conformance.judge", "numpy", "typer"]
    code = f"import sys, conformance.command; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (["verify", "mine.py"], ["workers", "the command"]),
        (["verify", "mine.py", "-n", "1"], ["the command"]),
        (["train"], ["the command"]),
    ],
)
def test_the_command_starts_first_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, words: list[str], begins: list[str]
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(sys, "argv", ["refcnn", *words])
    monkeypatch.setattr(command, "start_importing", lambda: begun.append("workers"))
    monkeypatch.setattr(cli, "main", lambda: begun.append("the command"))
    command.main()
    assert begun == begins
