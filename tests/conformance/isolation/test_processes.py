"""What the operating system tells of processes, read in either way, and how they are ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
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
    assert set(children_of(shell.pid).values()) == {"sleep"}
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
    assert children_of(shell.pid) == {}


def test_a_process_that_is_gone_has_neither_memory_nor_family() -> None:
    gone = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""], start_new_session=True)
    gone.wait()
    assert memory_of(gone.pid) == 0
    assert children_of(gone.pid) == {}
    assert family(gone.pid) == []
    assert processes._living_name(gone.pid) is None
    kill_family(gone.pid, "nobody")


@linux
def test_a_family_is_known_by_its_parents_and_stays_known(shell: subprocess.Popen[bytes]) -> None:
    while len(family(shell.pid)) < 3:  # setsid takes a moment
        pass
    by_parents = family(shell.pid)
    assert names(by_parents) == ["sh", "sleep", "sleep"]
    shell.kill()
    shell.wait()
    assert names(family(shell.pid)) == ["sleep"]
    assert names(family(shell.pid, known=by_parents)) == ["sleep", "sleep"]
    other = [replace(each, born=each.born + 1) for each in by_parents]  # an id that was given again
    assert names(family(shell.pid, known=other)) == ["sleep"]


@linux
def test_what_only_its_parents_tell_of_is_killed_too() -> None:
    script = "env -i setsid sleep 76 & echo; wait"
    with subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as leader:
        while names(family(leader.pid)) != ["sh", "sleep"]:
            pass
        hidden = next(each for each in family(leader.pid) if each.name == "sleep")
        kill_family(leader.pid, "no such mark")
        assert family(leader.pid, known=[hidden]) == []


@linux
def test_a_zombie_does_not_count() -> None:
    zombie = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""], start_new_session=True)
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert zombie.pid not in children_of(os.getpid())
    assert family(zombie.pid) == []
    zombie.wait()
