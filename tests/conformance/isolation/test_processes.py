"""What the operating system tells of processes, read in either way, and how they are ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.isolation import processes
from conformance.isolation.processes import MARK, children_of, family, kill_family, memory_of

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")


@pytest.fixture
def shell() -> Iterator[subprocess.Popen[bytes]]:
    """Start a shell that waits, with a child in its group and one that left it."""
    script = "sleep 78 & setsid sleep 79 & echo; wait"
    environment = {**os.environ, MARK: "test"}
    leader = subprocess.Popen(
        ["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True, env=environment
    )
    assert leader.stdout is not None
    leader.stdout.readline()
    yield leader
    kill_family(leader.pid, "test")
    leader.wait()
    leader.stdout.close()
    assert family(leader.pid, "test") == []


def names(found: list[processes.Process]) -> list[str]:
    return sorted(each.name for each in found if each.name != "setsid")


@linux
def test_a_family_is_known_by_its_group_and_by_its_mark(shell: subprocess.Popen[bytes]) -> None:
    assert names(family(shell.pid))[:2] == ["sh", "sleep"]
    while len(names(family(shell.pid, "test"))) < 3:
        pass
    assert names(family(shell.pid, "test")) == ["sh", "sleep", "sleep"]
    assert {each.parent for each in family(shell.pid, "test") if each.name == "sleep"} >= {shell.pid}
    assert len(children_of(shell.pid)) == 2
    assert memory_of(shell.pid) > 100_000


def test_ps_tells_of_the_group_what_proc_does(
    shell: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path)
    found = family(shell.pid, "test")
    assert names(found)[:2] == ["sh", "sleep"]
    assert all(each.memory > 100_000 for each in found if each.name == "sh")
    assert next(each.parent for each in found if each.name == "sh") == os.getpid()
    assert memory_of(shell.pid) == 0
    assert children_of(shell.pid) == frozenset()


def test_a_process_that_is_gone_has_neither_memory_nor_family() -> None:
    gone = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""], start_new_session=True)
    gone.wait()
    assert memory_of(gone.pid) == 0
    assert children_of(gone.pid) == frozenset()
    assert family(gone.pid) == []
    assert not processes._lives(gone.pid)
    kill_family(gone.pid, "nobody")


@linux
def test_a_zombie_does_not_count() -> None:
    zombie = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""], start_new_session=True)
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert zombie.pid not in children_of(os.getpid())
    assert family(zombie.pid) == []
    zombie.wait()
