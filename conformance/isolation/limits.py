"""How much time, memory and output a target may take that runs in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """What ends a process that oversteps it.

    Parameters
    ----------
    timeout : seconds that one call may take
    memory : MiB that the process and those that it starts may hold together
    start : seconds that loading the target may take, or a program's answer to `hello`
    output : MiB that one call may write to where nobody reads it
    answer : MiB that one answer may have
    """

    timeout: float = 10.0
    memory: int = 2048
    start: float = 100.0
    output: int = 16
    answer: int = 256
