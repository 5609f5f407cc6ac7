"""How much memory a call needs beyond what it is given and what it answers, and how much a whole program."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

MIB = 2**20

# A process counts among its own the memory of the one that started it, up to the moment when it becomes a program of
# its own. A fresh interpreter in between, which has imported next to nothing, keeps this one's arrays out.
_LAUNCHER = """
import resource, subprocess, sys
try:
    status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=sys.stdout.buffer)
except OSError as error:
    raise SystemExit(str(error))
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
sys.stderr.write(str(peak if sys.platform == "darwin" else 1024 * peak))
raise SystemExit(status)
"""


def extra_memory(work: Callable[[], Any]) -> int:
    """Return the most bytes that a call holds at once, less those of the arrays that it answers.

    NumPy reports its arrays to `tracemalloc`, which counts from its start; what a BLAS library keeps for itself is
    not seen.
    """
    work()  # what is allocated once and kept, such as imports and caches, is not a call's
    tracemalloc.start()
    try:
        answer = work()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    arrays = answer if isinstance(answer, tuple) else (answer,)
    return peak - sum(np.asarray(array).nbytes for array in arrays)


def peak_of_program(command: list[str]) -> int:
    """Run a program to its end and return the most bytes of memory that it held.

    Raises
    ------
    RuntimeError
        A program that ends with anything but 0, with what it wrote to its standard error.
    OSError
        A system that does not count the memory of its processes, such as Windows.
    """
    launcher = [sys.executable, "-S", "-c", _LAUNCHER, *command]
    done = subprocess.run(launcher, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    peak = done.stderr.strip()
    if not peak.isdigit():
        raise OSError(f"no memory counted: {peak}")
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout.strip()}")
    return int(peak)
