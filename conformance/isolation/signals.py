"""Signals that ask this process to end: all that it started ends first, which Python alone would not see to."""

from __future__ import annotations

import multiprocessing
import os
import signal
from types import FrameType

from conformance.implementation import EndedError
from conformance.isolation.child import kill_all

# There is no SIGHUP on Windows, nor anything to end.
_ASKING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def end_all_on_signals() -> None:
    """Let this process end when it is asked to, with all that it started; to be called by its main thread."""
    for asking in _ASKING:
        # What is ignored stays so: somebody wants to go on after the terminal is closed.
        if signal.getsignal(asking) == signal.SIG_DFL:
            signal.signal(asking, _end)


def _end(number: int, _: FrameType | None) -> None:
    # A second signal would come in between: what is stopped and not yet killed would be left so.
    for asking in _ASKING:
        signal.signal(asking, signal.SIG_IGN)
    kill_all()
    status = 128 + number
    if multiprocessing.parent_process() is not None:  # a pool would take an exception for an answer
        os._exit(status)
    for worker in multiprocessing.active_children():
        worker.terminate()
    raise EndedError(status)
