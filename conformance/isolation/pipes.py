"""How a process is started in a session of its own, and which descriptors lead to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import IO, NamedTuple


class Started(NamedTuple):
    """A process, and the descriptors by which it is spoken to, answers, and says what else it says."""

    process: subprocess.Popen[bytes]
    to: int
    answers: int
    noise: int


def with_pipes(words: list[str], environment: Mapping[str, str]) -> Started:
    """Start a process that is told two pipes to speak over, as its last two arguments."""
    its_requests, to = os.pipe()
    answers, its_answers = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - to run it is what the user asked for; there is no shell
            [*words, str(its_requests), str(its_answers)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(its_requests, its_answers),
            start_new_session=True,
            env=environment,
        )
    finally:
        os.close(its_requests)
        os.close(its_answers)
    return Started(process, to, answers, _owned(process.stdout))


def on_standard_streams(words: list[str], environment: Mapping[str, str]) -> Started:
    """Start a process that is spoken to on its standard input and answers on its standard output."""
    process = subprocess.Popen(  # noqa: S603 - to run it is what the user asked for; there is no shell
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment,
    )
    return Started(process, *map(_owned, (process.stdin, process.stdout, process.stderr)))


def _owned(stream: IO[bytes] | None) -> int:
    """Take the descriptor out of a stream, for all that is done with it is done without a buffer."""
    assert stream is not None  # noqa: S101 - the process was started with a pipe in its place
    descriptor = os.dup(stream.fileno())
    stream.close()
    return descriptor
