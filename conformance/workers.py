"""The processes that judge side by side, and how they come to have imported the judge.

Where it is safe they are forked from one that has imported the judge and no target: to start takes them no time then.
A fork of this process would copy the threads' locks of libraries such as PyTorch in whatever state they are.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext

# macOS offers to fork as well, but what NumPy computes with there may not be forked once it is loaded.
_FORKS = sys.platform == "linux"


def start_importing() -> None:
    """Let the process that workers are forked from import the judge, beside whatever this one does now."""
    if _FORKS:
        from multiprocessing import forkserver  # it does not exist everywhere

        _context()
        forkserver.ensure_running()


def pool(jobs: int) -> ProcessPoolExecutor:
    """Return processes whose environment is this one's, as it is now."""
    environment = dict(os.environ)
    return ProcessPoolExecutor(jobs, mp_context=_context(), initializer=take_over, initargs=(environment,))


def take_over(environment: dict[str, str]) -> None:
    """Forget the environment that this process began with: a device may have been named since."""
    os.environ.clear()
    os.environ.update(environment)


def _context() -> BaseContext:
    if not _FORKS:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["conformance.judge"])
    return context
