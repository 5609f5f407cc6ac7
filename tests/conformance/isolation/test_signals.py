"""A command that is asked to end by a signal ends what it started."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.implementation import EndedError
from conformance.isolation import child, signals
from conformance.isolation.limits import Limits
from conformance.isolation.source import Source, opened_in_worker

HANGS = """
import json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    if request["command"] == "call":
        open(sys.argv[0] + ".pid", "w").write(str(os.getpid()))
        time.sleep(77)
    print(json.dumps({"id": request["id"], "operators": ["relu", "tanh"]}), flush=True)
"""

# A signal that is ignored around the tests, as nohup has it, would be ignored by the command too, and rightly.
COMMAND = """
import signal
from conformance.cli import main
if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    main()
"""


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("asking", "jobs"), [(signal.SIGTERM, "1"), (signal.SIGHUP, "2")])
def test_a_program_that_hangs_ends_with_the_command(
    tmp_path: Path, nothing_left: None, asking: signal.Signals, jobs: str
) -> None:
    del nothing_left
    script, told = tmp_path / "hangs.py", tmp_path / "hangs.py.pid"
    script.write_text(HANGS, encoding="utf-8")
    (tmp_path / "command.py").write_text(COMMAND, encoding="utf-8")
    words = ["verify", "--exec", f"{sys.executable} -I -S {script}", "--op", "relu", "--op", "tanh", "-n", jobs]
    with subprocess.Popen([sys.executable, str(tmp_path / "command.py"), *words, "--timeout", "60"]) as command:
        while not (told.exists() and told.read_text(encoding="utf-8")):
            assert command.poll() is None
            time.sleep(0.02)
        command.send_signal(asking)
        try:
            assert command.wait(10) == 128 + asking
        finally:
            command.kill()
    # A worker ends its own program, which the command does not wait for.
    deadline = time.monotonic() + 10
    while lives(int(told.read_text(encoding="utf-8"))):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_of_a_pool_ends_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "hangs.py"
    script.write_text(HANGS, encoding="utf-8")
    handlers: dict[int, object] = {}
    monkeypatch.setattr(child, "_LIVING", weakref.WeakSet())  # what other tests have started lives on
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(signal, "getsignal", {signal.SIGTERM: 0, signal.SIGHUP: signal.SIG_IGN}.__getitem__)
    source = Source(program=(sys.executable, "-I", "-S", str(script)), limits=Limits())
    started = opened_in_worker(source).speaker._running[0]
    assert list(handlers) == [signal.SIGTERM]  # whoever ignores a signal goes on ignoring it
    ended: list[int] = []

    def exit_(status: int) -> None:
        ended.append(status)
        raise EOFError

    monkeypatch.setattr(signals, "os", SimpleNamespace(_exit=exit_))
    monkeypatch.setattr(multiprocessing, "parent_process", object)
    with pytest.raises(EOFError):
        signals._end(15, None)
    assert ended == [143]
    assert not lives(started.pid)
    assert started.end() == []  # as is done at the end of a process to what it has left


def test_the_command_asks_its_pool_to_end_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ignored: dict[int, object] = {}
    monkeypatch.setattr(signal, "signal", ignored.__setitem__)
    monkeypatch.setattr(signals, "kill_all", lambda: asked.append("kill"))
    worker = SimpleNamespace(terminate=lambda: asked.append("terminate"))
    monkeypatch.setattr(multiprocessing, "active_children", lambda: [worker])
    with pytest.raises(EndedError) as ended:
        signals._end(1, None)
    assert (asked, ended.value.code) == (["kill", "terminate"], 129)
    assert ignored == dict.fromkeys((signal.SIGTERM, signal.SIGHUP), signal.SIG_IGN)
