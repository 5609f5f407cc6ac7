"""What the operating system knows of a process and of those that it started: /proc on Linux, ps elsewhere.

A process that is started here leads a session and a group of its own, which its descendants share. One that leaves both
is still known by its parents while they live, or by a mark in its environment, on Linux.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
# The name of the environment's variable that marks a process and its descendants.
MARK = "REFCNN_ISOLATED"
_PAGE = os.sysconf("SC_PAGE_SIZE")
# How long processes that were killed may take to be gone.
_SECONDS_TO_DIE = 2.0


@dataclass(frozen=True)
class Process:
    """A process that lives: its id, its parent's, its name, the bytes of memory that it holds, and when it was born.

    An id may be another's later; together with when it was born, in ticks of the system's clock, it is one process's.
    """

    pid: int
    parent: int = field(compare=False)
    name: str = field(compare=False)
    memory: int = field(compare=False)
    born: int = 0


def family(leader: int, mark: str = "", known: Collection[Process] = ()) -> list[Process]:
    """Return what lives of a leader's group and session, of its descendants, of what carries a mark and is known."""
    if (PROC / "self" / "stat").exists():
        return _from_proc(leader, mark, known)
    return list(_from_ps(leader))


def _from_proc(leader: int, mark: str, known: Collection[Process]) -> list[Process]:
    found: dict[int, Process] = {}
    others: dict[int, Process] = {}
    for folder in PROC.glob("[0-9]*"):
        # A process may end while it is looked at, and others' environments are not ours to read.
        with contextlib.suppress(OSError):
            state, ids, process = _stat(folder)
            if state in "ZX":
                continue
            is_its = leader in ids or process in known or (mark and _carries(folder, mark))
            (found if is_its else others)[process.pid] = process
    while more := {pid: each for pid, each in others.items() if each.parent in found}:
        found |= more
        others = {pid: each for pid, each in others.items() if pid not in more}
    return list(found.values())


def _stat(folder: Path) -> tuple[str, tuple[int, int], Process]:
    """Read state, (group, session) and the rest; the name may hold any character, a bracket too."""
    head, _, tail = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")
    fields = tail.split()
    process = Process(
        int(folder.name),
        int(fields[1]),
        head.partition("(")[2],
        int(fields[21]) * _PAGE,
        int(fields[19]),
    )
    return fields[0], (int(fields[2]), int(fields[3])), process


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


def children_of(pid: int) -> Mapping[int, str]:
    """Return the living children of a process and their names; none where that takes long to find out."""
    found: set[int] = set()
    tasks = f"{PROC}/{pid}/task"
    with contextlib.suppress(OSError):  # after every call this is asked, so that it had better be quick
        for thread in os.listdir(tasks):  # noqa: PTH208 - as said
            with open(f"{tasks}/{thread}/children", "rb", buffering=0) as children:  # noqa: PTH123 - as said
                found.update(map(int, children.read().split()))
    return {child: name for child in found if (name := _living_name(child)) is not None}


def _living_name(pid: int) -> str | None:
    try:
        state, _, process = _stat(PROC / str(pid))
    except OSError:
        return None
    return None if state in "ZX" else process.name


def kill_family(leader: int, mark: str, known: Collection[Process] = ()) -> None:
    """Kill a leader with all that it started, and wait until they are gone."""
    end = time.monotonic() + _SECONDS_TO_DIE
    # Its descendants are found through it, so that they are looked for before it is gone; stopped, it starts no more.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGSTOP)
    known = {*known, *family(leader, mark, known)}
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    while (left := [each for each in family(leader, mark, known) if each.pid != leader]) and time.monotonic() < end:
        known |= set(left)
        for each in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(each.pid, signal.SIGKILL)
        time.sleep(0.005)
