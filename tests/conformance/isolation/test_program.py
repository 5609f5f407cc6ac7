"""Programs that answer the protocol, and programs that do anything else: each is told what it did, and none is left."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.implementation import CallError, DeathError, NotProvidedError, NotSupportedError, TargetError
from conformance.isolation.limits import Limits
from conformance.isolation.source import Separate, Source

QUICK = Limits(timeout=0.5, memory=300, start=20.0)
X = np.array([[1.0], [-2.0]], np.float32)
ECHO = "say(id=id, results=[x])"
Program = Callable[..., Separate]
UNFINISHED, LAST = "after 1 bytes of an answer without its end", "its last line of output:"
FLOOD = f"16 MiB of output in one call; {LAST} {'x' * 200}"
NO_JSON = "answered with what is no line of JSON:"


def failure(implementation: Separate) -> str:
    with pytest.raises(CallError) as caught:
        implementation.call("relu", [X], {})
    return str(caught.value)


def test_an_answer_is_an_array_of_its_own(program: Program) -> None:
    echo = program(ECHO)
    (result,) = echo.call("relu", [X], {})
    assert result.dtype == np.float32
    assert result.tolist() == [[1.0], [-2.0]]
    assert result.flags.writeable
    assert not echo.shares_memory(result, X)
    assert echo.deaths == 0


def test_what_a_program_is_stands_in_its_answer_to_hello(program: Program) -> None:
    said = program(ECHO, operators=["relu", "max_pool2d"], conventions={"max_pool2d.ties": "any"})
    assert said.provides("max_pool2d")
    assert not said.provides("conv2d")
    assert said.conventions == {"max_pool2d.ties": "any"}
    with pytest.raises(NotProvidedError):
        said.call("conv2d", [X], {})


def test_not_supported_is_no_failure(program: Program) -> None:
    with pytest.raises(NotSupportedError, match=r"^not today$"):
        program("say(id=id, not_supported='not today')").call("relu", [X], {})


@pytest.mark.parametrize(("kind", "raised"), [("value", ValueError), ("type", TypeError)])
def test_an_error_is_a_refusal_of_its_kind(program: Program, kind: str, raised: type[Exception]) -> None:
    with pytest.raises(CallError, match=f"^raised {raised.__name__}: x must be good$") as caught:
        program(f"say(id=id, error=dict(kind={kind!r}, message='x must be good'))").call("relu", [X], {})
    assert type(caught.value.raised) is raised


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("say(id=id, error='no')", "answered with the error 'no', want kind value or type, and a message"),
        ("say(id=id)", "answered with results None, want a list of 1: y"),
        ("say(id=id, results=[])", "answered with 0 results, want a list of 1: y"),
        ("say(id=id, results=[7])", "answered y as 7, want an object of dtype, shape and data"),
        (
            "say(id=id, results=[{**x, 'dtype': 'int7'}])",
            "answered y of dtype 'int7', want one of float32, float64, int64",
        ),
        ("say(id=id, results=[{**x, 'dtype': [1]}])", "answered y of dtype [1], want one of float32, float64, int64"),
        ("say(id=id, results=[{**x, 'shape': [-1, 2]}])", "answered y of shape [-1, 2], want a list of sizes"),
        (
            "say(id=id, results=[{**x, 'shape': [2, 3]}])",
            "answered y with 8 bytes, want 24 for float32 of shape (2, 3)",
        ),
        (
            "say(id=id, results=[{**x, 'shape': [10**9] * 9}])",
            f"answered y with 8 bytes, want {4 * 10**81} for float32 of shape {(10**9,) * 9}",
        ),
    ],
)
def test_an_answer_with_something_wrong_in_it_is_told_and_the_program_goes_on(
    program: Program, body: str, reason: str
) -> None:
    wrong = program(f"{body} if id < 4 else {ECHO}")
    assert [failure(wrong), failure(wrong)] == [reason, reason]
    assert wrong.call("relu", [X], {})[0].shape == (2, 1)
    assert wrong.deaths == 0


def test_data_that_is_no_base64_is_told(program: Program) -> None:
    assert "answered y with data that is no base64 (" in failure(program("say(id=id, results=[{**x, 'data': '?'}])"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("time.sleep(60)", "timed out after 0.5 s"),
        ("print('{', end='', flush=True); time.sleep(60)", f"timed out after 0.5 s, {UNFINISHED}"),
        ("os._exit(3)", "exited with status 3"),
        ("sys.exit(0)", "exited with status 0"),
        ("print('{', end='', flush=True); os._exit(0)", f"exited with status 0, {UNFINISHED}"),
        ("os.kill(os.getpid(), 11)", "crashed with SIGSEGV"),
        ("os.kill(os.getpid(), 40)", "crashed with signal 40"),
        ("os.close(1); time.sleep(60)", "closed its end of the connection"),
        ("print('debug', flush=True)", f"{NO_JSON} b'debug' (Expecting value: line 1 column 1 (char 0))"),
        ("os.write(2, b'last words\\n\\n'); os._exit(9)", f"exited with status 9; {LAST} last words"),
        ("print('[NaN]', flush=True)", f"{NO_JSON} b'[NaN]' (NaN is no JSON)"),
        ("print('[]', flush=True)", "answered with what is no JSON object: b'[]'"),
        ("print('[' * 9_999, flush=True)", f"{NO_JSON} {b'[' * 60!r} (nested too deeply)"),
        ("say(id='7', results=[x])", "answered to id '7' instead of 2"),
        ("[os.write(2, b'x' * 65536) for _ in range(9999)]", f"wrote more than {FLOOD}"),
        ("hold = [bytearray(10**7) for _ in range(100)]; time.sleep(60)", "used more than 300 MiB"),
        ("hold = bytearray(4 * 10**8); say(id=id, results=[x])", "used more than 300 MiB"),
    ],
)  # fmt: skip  # a line a case
def test_a_death_is_told_and_the_program_is_started_again(
    program: Program, body: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.isolation.child._SECONDS_TO_END", 0.5)
    limits = replace(QUICK, timeout=5.0 if "hold" in body or "write" in body else 0.5)
    mortal = program(f"if id == 2:\n    {body}\nsay(id=id, results=[x])", limits)
    with pytest.raises(CallError) as caught:
        mortal.call("relu", [X], {})
    assert str(caught.value) == reason
    assert isinstance(caught.value.raised, DeathError)
    assert mortal.deaths == 1
    assert mortal.call("relu", [X], {})[0].shape == (2, 1)


def test_an_answer_without_end_is_cut(program: Program) -> None:
    endless = program("while True: os.write(1, b'x' * 65536)", replace(QUICK, answer=1, timeout=5.0))
    assert failure(endless) == "answered with a line of more than 1,048,576 bytes"


def test_a_program_that_reads_nothing_is_no_deadlock(program: Program) -> None:
    deaf = program("os.close(0)\ntime.sleep(60)")
    assert failure(deaf) == "timed out after 0.5 s"
    much = np.zeros(300_000)
    with pytest.raises(CallError, match=r"^timed out after 0\.5 s$"):
        program("os.close(0)\ntime.sleep(60)").call("relu", [much], {})


def test_a_program_that_has_closed_its_input_is_waited_for(program: Program) -> None:
    deaf = program("say(id=id, results=[x])\nos.close(0)\ntime.sleep(60)")
    assert deaf.call("relu", [X], {})[0].shape == (2, 1)
    assert failure(deaf) == "timed out after 0.5 s"


def test_a_program_may_answer_before_it_has_read_everything() -> None:
    script = (
        "import sys, time\n"
        "sys.stdin.readline()\n"
        'print(\'{"id": 1, "operators": ["relu"]}\', flush=True)\n'
        'for id in (2, 3): print(\'{"id": %d, "not_supported": "soon"}\' % id, flush=True)\n'
        "time.sleep(60)\n"
    )
    hasty = Source(program=(sys.executable, "-I", "-S", "-c", script), limits=QUICK).speaker()
    for _ in range(2):
        with pytest.raises(NotSupportedError, match=r"^soon$"):
            hasty.call("relu", [np.zeros(300_000)], {})
    hasty.close()


def test_memory_is_looked_at_after_a_quick_call_too(program: Program) -> None:
    large = program(ECHO)
    large.speaker._running[0].limits = replace(QUICK, memory=1)
    assert failure(large) == "used more than 1 MiB"


def test_a_program_is_told_to_stop_and_may_say_goodbye(program: Program, tmp_path: Path) -> None:
    body = "import atexit\natexit.register(lambda: (os.write(2, b'x' * 99), open(sys.argv[0] + '.end', 'w')))\n"
    polite = program(body + ECHO)
    polite.call("relu", [X], {})
    polite.speaker.close()
    assert (tmp_path / "program.py.end").exists()


def test_a_process_that_is_left_behind_is_told(program: Program) -> None:
    mother = program("import subprocess\nsubprocess.Popen(['sleep', '77'])\nsay(id=id, results=[x])")
    assert failure(mother) == "left 1 process behind: sleep"


def test_a_process_that_holds_the_pipes_does_not_hide_a_death(program: Program) -> None:
    mother = program("if os.fork() == 0: time.sleep(77)\nos._exit(4)")
    assert failure(mother) == "exited with status 4"


def test_processes_that_end_with_the_program_are_its_own_affair(program: Program) -> None:
    body = "import subprocess\nchild = subprocess.Popen(['cat'], stdin=subprocess.PIPE)\nsay(id=id, results=[x])"
    pool = program(body)
    for _ in range(3):
        assert pool.call("relu", [X], {})[0].shape == (2, 1)
    assert pool.deaths == 0


def test_processes_that_are_left_behind_are_told_after_others_that_ended(program: Program) -> None:
    body = (
        "import subprocess\n"
        "if 'child' not in globals(): child = subprocess.Popen(['cat'], stdin=subprocess.PIPE)\n"
        "if id == 6: subprocess.Popen(['sleep', '77'])\n"
        "say(id=id, results=[x])"
    )
    pool, used = program(body), []
    for _ in range(3):
        assert pool.call("relu", [X], {})[0].shape == (2, 1)
        used += [each.pid for each in pool.speaker._running]
    assert len(used) == 2  # the first one was ended to see what is left of it, with id 3 begins the second
    assert len(set(used)) == 1
    assert failure(pool) == "left 1 process behind: sleep"


def refusal(*words: str) -> str:
    with pytest.raises(TargetError) as refused:
        Source(program=words, limits=replace(QUICK, start=0.5)).speaker()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_program_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert (
        refusal("./no_such_program", "-x") == "program './no_such_program' cannot be started: No such file or directory"
    )
    assert refusal(str(tmp_path)) == f"program {str(tmp_path)!r} cannot be started: Permission denied"


def test_a_program_that_says_no_hello_is_refused() -> None:
    assert refusal("true") == "target 'true' exited with status 0, before any call"
    assert refusal("sleep", "77") == "target 'sleep 77' timed out after 0.5 s, before any call"


@pytest.mark.parametrize(
    ("operators", "conventions", "reason"),
    [
        ((), {}, "must provide functions of the contract, such as conv2d, got []"),
        (("relu", "no_such"), {}, "must provide functions of the contract, such as conv2d, got ['relu', 'no_such']"),
        ("relu", {}, "must provide functions of the contract, such as conv2d, got 'relu'"),
        ((["relu"],), {}, "must provide functions of the contract, such as conv2d, got [['relu']]"),
        (("relu",), {"max_pool2d.ties": "last"}, "got {'max_pool2d.ties': 'last'}"),
        (("relu",), {"max_pool2d.ties": ["any"]}, "got {'max_pool2d.ties': ['any']}"),
    ],
)
def test_a_hello_that_is_wrong_is_refused(
    program: Program, operators: object, conventions: object, reason: str
) -> None:
    with pytest.raises(TargetError) as refused:
        program(ECHO, operators=operators, conventions=conventions)
    assert str(refused.value).startswith(f"program {sys.executable!r}: in its answer to hello, ")
    assert str(refused.value).endswith(reason)


def test_a_program_that_cannot_be_started_again_is_told(program: Program, tmp_path: Path) -> None:
    once = program("os.remove(sys.argv[0])\nos._exit(3)")
    assert failure(once) == "exited with status 3"
    assert not (tmp_path / "program.py").exists()
    assert failure(once).startswith("exited with status 2; its last line of output: ")
