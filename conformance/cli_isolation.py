"""The options of ``refcnn verify`` that give a target a process of its own."""

from __future__ import annotations

import os
import shlex

from conformance.console import refuse
from conformance.isolation.limits import Limits
from conformance.isolation.source import Source

_USUAL = Limits()


def chosen_source(
    target: str | None, command: str | None, *, isolate: bool, timeout: float | None, memory: int | None
) -> Source | None:
    """Return where the target comes from, if it is to have a process of its own; refuse what does not fit."""
    if target == "":
        refuse("the target must be a module, a file, or an object in one of them, got ''")
    if command is None and not isolate:
        for name, value in (("--timeout", timeout), ("--memory", memory)):
            if value is not None:
                refuse(f"{name} needs a process of its own for the target: --isolate or --exec")
        return None
    if os.name != "posix":
        refuse("--isolate and --exec need a POSIX system, such as Linux or macOS")
    seconds = _USUAL.timeout if timeout is None else timeout
    limits = Limits(
        timeout=seconds,
        memory=_USUAL.memory if memory is None else memory,
        start=max(_USUAL.start, 10 * seconds),
    )
    if command is None:
        return Source(target or "refcnn", limits=limits)
    if target is not None:
        refuse(f"--exec names what is judged, so that there can be no target, got {target!r}")
    return Source(program=_words(command), limits=limits)


def _words(command: str) -> tuple[str, ...]:
    """Split a command as a shell would, which takes no part in it."""
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        refuse(f"--exec must be a command and its arguments, got {command!r} ({error})")
    if not words:
        refuse(f"--exec must be a command and its arguments, got {command!r}")
    return words
