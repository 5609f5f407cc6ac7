"""A process that is spoken to over two pipes and is never trusted: its time, memory and output are bounded."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
import uuid
import weakref
from collections.abc import Mapping, Sequence
from typing import NoReturn

from conformance.implementation import DeathError, TargetError
from conformance.isolation.limits import MIB, Limits
from conformance.isolation.pipes import on_standard_streams, with_pipes
from conformance.isolation.processes import MARK, Process, children_of, family, kill_family, memory_of

# How often a process that is waited for is looked at, in seconds, and how long it may take to end when it is told to.
_LOOK_EVERY = 0.05 if sys.platform == "linux" else 0.5
_SECONDS_TO_END = 3.0
_CHUNK, _MOST_CHUNKS = 2**16, 32
# How much of what it says aside is kept, to show the last line.
_KEPT, _SHOWN = 4096, 200
# Those of this process that may not have ended.
_LIVING: weakref.WeakSet[Child] = weakref.WeakSet()


class Child:
    """A process in a session of its own, which is killed with all that it started.

    Parameters
    ----------
    words : the program and its arguments; no shell reads them
    limits : what ends it
    own_pipes : whether it is told two pipes to speak over; otherwise it does so on its standard input and output
    """

    def __init__(self, words: Sequence[str], limits: Limits, *, own_pipes: bool) -> None:
        self.limits = limits
        # What it is told before its input is closed.
        self.farewell = b""
        self._mark = uuid.uuid4().hex
        self._received, self._pending = bytearray(), bytearray()
        self._aside, self._aside_count = bytearray(), 0
        self._closed = False
        # Of what it started, what was seen while its parents lived.
        self._known: set[Process] = set()
        self._deadline = self._seconds = 0.0
        self._next_look = 0.0
        start = with_pipes if own_pipes else on_standard_streams
        try:
            self._process, self._to, self._from, self._noise = start(list(words), {**os.environ, MARK: self._mark})
        except OSError as error:
            raise TargetError(f"program {words[0]!r} cannot be started: {error.strerror}") from error
        self.pid = self._process.pid
        self._selector = selectors.DefaultSelector()
        for stream in (self._to, self._from, self._noise):
            os.set_blocking(stream, False)
        self._selector.register(self._from, selectors.EVENT_READ)
        self._selector.register(self._noise, selectors.EVENT_READ)
        _LIVING.add(self)

    def send(self, request: bytes, seconds: float) -> None:
        """Begin to send a request; its answer must have been read when the seconds are over."""
        if not self._pending:
            self._selector.register(self._to, selectors.EVENT_WRITE)
        self._pending += request
        self._seconds, self._deadline = seconds, time.monotonic() + seconds
        self._next_look = time.monotonic() + _LOOK_EVERY
        self._aside_count = 0

    def line(self, most: int) -> bytes:
        """Read up to the end of a line, of at most so many bytes."""
        seen = 0
        while (end := self._received.find(b"\n", seen)) < 0:
            seen = len(self._received)
            if seen > most:
                self.fail(f"answered with a line of more than {most:,} bytes")
            self._advance()
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line

    def exactly(self, count: int) -> bytes:
        """Read so many bytes."""
        while len(self._received) < count:
            self._advance()
        data = bytes(self._received[:count])
        del self._received[:count]
        return data

    def check_memory(self) -> None:
        """Look after an answer at what it holds; while an answer is waited for, that is looked at anyway."""
        if memory_of(self.pid) > self.limits.memory * MIB:
            self.fail(self._too_much_memory())

    def helpers(self) -> Mapping[int, str]:
        """Return the processes that it has started and that live, with names, where that is quickly found out."""
        return children_of(self.pid)

    def _advance(self) -> None:
        """Move some bytes, one way or another; end it if it oversteps, say so if it ended."""
        now = time.monotonic()
        if now >= self._deadline:
            self.fail(f"timed out after {self._seconds:g} s{self._unfinished()}")
        if now >= self._next_look:
            self._next_look = now + _LOOK_EVERY
            self._look()
        for key, _ in self._selector.select(min(self._deadline, self._next_look) - now):
            if key.fd == self._to:
                self._write()
            elif key.fd == self._from:
                self._read()
            else:
                self._drain()

    def _look(self) -> None:
        living = family(self.pid, known=self._known)
        self._known = set(living)
        if sum(each.memory for each in living) > self.limits.memory * MIB:
            self.fail(self._too_much_memory())
        # Something that it started may hold its pipes open, so that their end does not tell.
        if self._process.poll() is not None and not self._selector.select(0):
            self._gone()

    def _write(self) -> None:
        try:
            del self._pending[: os.write(self._to, self._pending[:_CHUNK])]
        except BrokenPipeError:  # it reads no more; what it says, or its end, tells why
            self._pending.clear()
        if not self._pending:
            self._selector.unregister(self._to)

    def _read(self) -> None:
        data = os.read(self._from, _CHUNK)
        self._received += data
        if not data:
            self._gone()

    def _drain(self) -> None:
        data = os.read(self._noise, _CHUNK)
        if not data:
            self._selector.unregister(self._noise)
        self._aside = (self._aside + data)[-_KEPT:]
        self._aside_count += len(data)
        if self._aside_count > self.limits.output * MIB:
            self.fail(f"wrote more than {self.limits.output} MiB of output in one call")

    def _gone(self) -> NoReturn:
        """Say how it ended."""
        try:
            status = self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.fail("closed its end of the connection")
        self.fail(f"{_ended(status)}{self._unfinished()}")

    def _unfinished(self) -> str:
        count = len(self._received)
        return f", after {count} bytes of an answer without its end" if count else ""

    def _too_much_memory(self) -> str:
        return f"used more than {self.limits.memory} MiB"

    def fail(self, reason: str) -> NoReturn:
        """Kill it with all that it started, and say why."""
        last = self._last_words()
        self.kill()
        raise DeathError(reason + (f"; its last line of output: {last[:_SHOWN]}" if last else ""))

    def _last_words(self) -> str:
        """Return the last line of what it said aside, with what was not read yet."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(_MOST_CHUNKS):
                self._aside = (self._aside + os.read(self._noise, _CHUNK))[-_KEPT:]
        return bytes(self._aside).decode(errors="replace").strip().rpartition("\n")[2].strip()

    def kill(self) -> None:
        """Kill it with all that it started; nothing is left, and to do it again does nothing."""
        if self._closed:
            return
        self._closed = True
        kill_family(self.pid, self._mark, self._known)
        self._process.wait()
        self._selector.close()
        for stream in (self._to, self._from, self._noise):
            with contextlib.suppress(OSError):
                os.close(stream)

    def end(self) -> list[Process]:
        """Let it end by closing its input, kill what is left then, and return what that was."""
        if self._closed:
            return []
        self._known = set(family(self.pid, self._mark, self._known))
        with contextlib.suppress(OSError):  # it may have closed its end, or not read what came before
            os.write(self._to, self.farewell)
        self._selector.close()
        self._selector = selectors.DefaultSelector()
        for stream in (self._from, self._noise):  # it may be busy with writing
            self._selector.register(stream, selectors.EVENT_READ)
        os.close(self._to)
        self._to = os.open(os.devnull, os.O_WRONLY)
        deadline = time.monotonic() + _SECONDS_TO_END
        while self._process.poll() is None and time.monotonic() < deadline:
            for key, _ in self._selector.select(0.005):
                if not os.read(key.fd, _CHUNK):
                    self._selector.unregister(key.fd)
        left = self._left(min(deadline, time.monotonic() + 0.3))
        self.kill()
        return left

    def _left(self, deadline: float) -> list[Process]:
        """Return what outlives it, once what ends by itself has had the time to."""
        while left := [each for each in family(self.pid, self._mark, self._known) if each.pid != self.pid]:
            if time.monotonic() >= deadline:
                return left
            time.sleep(0.01)
        return []


def kill_all() -> None:
    """Kill all of this process with what they started, for it is about to end itself."""
    for child in list(_LIVING):
        child.kill()


def _ended(status: int) -> str:
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"crashed with {signal.Signals(-status).name}"
    except ValueError:  # the real-time signals have no names
        return f"crashed with signal {-status}"
