"""Programs and targets that misbehave, written for a test, and the certainty that nothing of them is left."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.isolation.limits import Limits
from conformance.isolation.processes import MARK
from conformance.isolation.source import Separate, Source, opened

QUICK = Limits(timeout=0.5, memory=300, start=20.0)
Program = Callable[..., Separate]
Target = Callable[..., Separate]

# Without site-packages a Python starts in a few milliseconds.
START = """
import json, os, sys, time
def say(**answer):
    print(json.dumps(answer), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    id = request["id"]
    if request["command"] == "hello":
        say(id=id, operators={operators}, conventions={conventions})
    elif request["command"] == "stop":
        break
    else:
        arrays, x = request["arrays"], request["arrays"].get("x")
"""


def _left() -> list[str]:
    """Return the processes that still run of those that this one has isolated."""
    left = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"{MARK}=".encode() in (folder / "environ").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if marked and state not in "ZX" and int(folder.name) != os.getpid():
            left.append((folder / "cmdline").read_bytes().decode().replace("\0", " "))
    return left


@pytest.fixture
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """Require that what a test has started is gone; what other tests run at the same time has another folder."""
    yield
    assert [each for each in _left() if str(tmp_path) in each] == []


@pytest.fixture
def program(tmp_path: Path, nothing_left: None) -> Iterator[Program]:
    """Judge a program that says hello and answers a call by some lines of Python."""
    del nothing_left
    started: list[Separate] = []

    def make(body: str, limits: Limits = QUICK, operators: object = ("relu",), conventions: object = None) -> Separate:
        path = tmp_path / "program.py"
        indented = "\n".join(f"        {line}" for line in body.splitlines())
        start = START.replace("{operators}", repr(operators)).replace("{conventions}", json.dumps(conventions or {}))
        path.write_text(start + indented, encoding="utf-8")
        source = Source(program=(sys.executable, "-I", "-S", str(path)), limits=limits)
        started.append(opened.__wrapped__(source))
        return started[-1]

    yield make
    for each in started:
        each.speaker.close()


@pytest.fixture
def target(tmp_path: Path, nothing_left: None) -> Iterator[Target]:
    """Isolate a target that is written for the test."""
    del nothing_left
    started: list[Separate] = []

    def make(text: str, limits: Limits = QUICK) -> Separate:
        path = tmp_path / "mine.py"
        path.write_text(text, encoding="utf-8")
        started.append(opened.__wrapped__(Source(str(path), limits=limits)))
        return started[-1]

    yield make
    for each in started:
        each.speaker.close()
