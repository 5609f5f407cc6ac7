"""What the operating system knows of a process and of those that it started: /proc on Linux, ps elsewhere.

A process that is started here leads a session and a group of its own, which its descendants share. One that leaves both
is still known by a mark in its environment, on Linux.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# The name of the environment's variable that marks a process and its descendants.
MARK = "REFCNN_ISOLATED"
_PAGE = os.sysconf("SC_PAGE_SIZE")
# How long processes that were killed may take to be gone.
_SECONDS_TO_DIE = 2.0


@dataclass(frozen=True)
class Process:
    """A process that lives: its id, its parent's, its name, and the bytes of memory that it holds."""

    pid: int
    parent: int
    name: str
    memory: int


def family(leader: int, mark: str = "") -> list[Process]:
    """Return the living processes of a leader's group and session and, if one is given, those that carry a mark."""
    return list(_from_proc(leader, mark) if (PROC / "self" / "stat").exists() else _from_ps(leader))


def _from_proc(leader: int, mark: str) -> Iterator[Process]:
    for folder in PROC.glob("[0-9]*"):
        # A process may end while it is looked at, and others' environments are not ours to read.
        with contextlib.suppress(OSError):
            name, state, parent, ids, memory = _stat(folder)
            if state not in "ZX" and (leader in ids or (mark and _carries(folder, mark))):
                yield Process(int(folder.name), parent, name, memory)


def _stat(folder: Path) -> tuple[str, str, int, tuple[int, int], int]:
    """Read name, state, parent, (group, session) and memory; the name may hold any character, a bracket too."""
    head, _, tail = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")
    fields = tail.split()
    return (
        head.partition("(")[2],
        fields[0],
        int(fields[1]),
        (int(fields[2]), int(fields[3])),
        int(fields[21]) * _PAGE,
    )


def _carries(folder: Path, mark: str) -> bool:
    with contextlib.suppress(OSError):
        return f"{MARK}={mark}".encode() in (folder / "environ").read_bytes()
    return False


def _from_ps(leader: int) -> Iterator[Process]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,rss=,stat=,comm="],  # noqa: S607 - where it lies differs between systems
        capture_output=True,
        text=True,
        check=True,
    )
    for line in listed.stdout.splitlines():
        pid, parent, group, kib, state, name = line.split(None, 5)
        if int(group) == leader and not state.startswith("Z"):
            yield Process(int(pid), int(parent), name.rpartition("/")[2], int(kib) * 1024)


def memory_of(pid: int) -> int:
    """Return the bytes that one process holds, or 0 where that takes long to find out."""
    try:
        with open(f"{PROC}/{pid}/statm", "rb", buffering=0) as pages:  # noqa: PTH123 - asked after every call
            return int(pages.read().split()[1]) * _PAGE
    except OSError:
        return 0


def children_of(pid: int) -> frozenset[int]:
    """Return the living children of a process; none where that takes long to find out."""
    found: set[int] = set()
    tasks = f"{PROC}/{pid}/task"
    with contextlib.suppress(OSError):  # after every call this is asked, so that it had better be quick
        for thread in os.listdir(tasks):  # noqa: PTH208 - as said
            with open(f"{tasks}/{thread}/children", "rb", buffering=0) as children:  # noqa: PTH123 - as said
                found.update(map(int, children.read().split()))
    return frozenset(child for child in found if _lives(child))


def _lives(pid: int) -> bool:
    try:
        return _stat(PROC / str(pid))[1] not in "ZX"
    except OSError:
        return False


def kill_family(leader: int, mark: str) -> None:
    """Kill a leader with all that it started, and wait until they are gone."""
    end = time.monotonic() + _SECONDS_TO_DIE
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    while (left := [each for each in family(leader, mark) if each.pid != leader]) and time.monotonic() < end:
        for each in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(each.pid, signal.SIGKILL)
        time.sleep(0.005)
