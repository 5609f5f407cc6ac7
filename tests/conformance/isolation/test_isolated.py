"""A Python target in a process of its own: what it does to arrays and NumPy's state is seen as if done here."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.implementation import CallError, DeathError, NotSupportedError, TargetError
from conformance.isolation import worker
from conformance.isolation.child import Child
from conformance.isolation.isolated import Isolated
from conformance.isolation.limits import Limits
from conformance.isolation.source import Separate, Source, opened
from conformance.layout import ALL_LAYOUTS, lay_out

QUICK = Limits(timeout=0.5, memory=300, start=20.0)
# A target of many moods, so that few processes are started: the first number says what is to be done.
MOODS = """
import os, subprocess, sys
import numpy as np
import refcnn

seen, buffer = [], np.zeros((2, 3))
class OwnError(ValueError, NotImplementedError.__mro__[1]): pass
class Lost(Exception):
    def __str__(self): return 'is lost'

def described(x):
    return repr((x.dtype.str, x.shape, x.strides, x.flags.writeable, x.base is None, x.tolist()))

def relu(x, **_):
    mood = int(x.flat[0]) if x.size else 0
    if mood == 1: x[...] = 7.0
    if mood == 2: x.shape = (6,)
    if mood == 3: return x[:, ::-1]
    if mood == 4: buffer[...] += 1; return buffer
    if mood == 5: raise OwnError('five')
    if mood == 6: raise Lost
    if mood == 7: raise KeyboardInterrupt('seven')
    if mood == 8: raise NotImplementedError('eight')
    if mood == 9: return 'nine'
    if mood == 10: np.random.seed(3); np.seterr(over='raise')
    if mood == 11: raise ValueError(described(x))
    if mood == 12: seen.append(x); return float(len({id(each) for each in seen}))
    if mood == 13: seen[0][...] = -1.0
    if mood == 14: return x.sum()
    if mood == 15: x.dtype = np.float32
    if mood == 16: os.fork()
    if mood == 17: print('seventeen')
    if mood == 18: x.strides = x.strides[::-1]
    if mood == 19: x.flags.writeable = False
    if mood == 20: x.flags.writeable = True
    if mood == 21: raise type('T' * 10**6, (TypeError,), {})('no ' * 10**6)
    return refcnn.relu(x)

def linear(x, weight, bias=None):
    raise ValueError(repr((type(x).__name__, float(x), weight, bias)))
"""


def full(mood: float) -> Any:
    return np.full((2, 3), float(mood))


@pytest.fixture(scope="module")
def moody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Separate]:
    path = tmp_path_factory.mktemp("moods") / "moody.py"
    path.write_text(MOODS, encoding="utf-8")
    isolated = opened.__wrapped__(Source(str(path), limits=replace(QUICK, timeout=20.0)))
    yield isolated
    isolated.speaker.close()


def call(moody: Separate, *arrays: Any) -> Any:
    (result,) = moody.call("relu", arrays, {})
    return result


def told(moody: Separate, x: Any) -> str:
    with pytest.raises(CallError) as caught:
        call(moody, x)
    return str(caught.value)


def test_results_are_the_target_s(moody: Separate) -> None:
    x = np.array([[-1.0, 2.5]], np.float32)
    result = call(moody, x)
    assert result.dtype == np.float32
    assert result.tolist() == [[0.0, 2.5]]
    assert moody.provides("relu")
    assert not moody.provides("conv2d")


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f8"])
@pytest.mark.parametrize("layout", ALL_LAYOUTS)
def test_an_array_arrives_as_it_lies_in_memory(moody: Separate, layout: str, dtype: str) -> None:
    x = lay_out(np.array([[11.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype), layout, 0)
    here = repr((x.dtype.str, x.shape, x.strides, x.flags.writeable, x.base is None, x.tolist()))
    assert told(moody, x) == f"raised ValueError: {here}"


@pytest.mark.parametrize("shape", [(0, 3), (1,), ()])
def test_arrays_of_any_size_come_and_go(moody: Separate, shape: tuple[int, ...]) -> None:
    for x in (np.full(shape, 0.5), np.full((2, *shape), 0.5)[::-1][0]):
        result = call(moody, x)
        assert result.shape == shape
        assert np.array_equal(result, x)


def test_a_result_may_be_larger_than_a_pipe(moody: Separate) -> None:
    x = np.full(100_000, 0.5)
    assert np.array_equal(call(moody, x), x)
    assert moody.named == moody.source.named


def test_a_scalar_stays_one(moody: Separate) -> None:
    with pytest.raises(CallError, match=r"^raised ValueError: \('float64', 2\.5, 3, \(1, \(2, 'a'\)\)\)$"):
        moody.call("linear", [np.float64(2.5), 3, (1, (2, "a"))], {})


@pytest.mark.parametrize("layout", ["contiguous", "negative", "strided", "read_only"])
def test_what_is_written_into_an_argument_is_written_here(moody: Separate, layout: str) -> None:
    x = lay_out(full(1), layout, 0)
    if layout == "read_only":
        assert told(moody, x) == "raised ValueError: assignment destination is read-only"
        assert x.tolist() == full(1).tolist()
    else:
        call(moody, x)
        assert x.tolist() == full(7).tolist()


def test_another_shape_or_type_of_an_argument_is_its_here(moody: Separate) -> None:
    x, y = full(2), full(15)
    call(moody, x)
    call(moody, y)
    assert x.shape == (6,)
    assert (y.shape, y.dtype) == ((2, 6), np.float32)


def test_other_strides_of_an_argument_are_its_here(moody: Separate) -> None:
    x = np.full((2, 2), 18.0)
    x[0, 1] = 0.5
    call(moody, x)
    assert (x.strides, x.tolist()) == ((8, 16), [[18.0, 18.0], [0.5, 18.0]])
    narrow = np.full((2, 2), 18.0)[:, :1]  # along an axis of one place a stride says nothing
    call(moody, narrow)
    assert narrow.tolist() == [[18.0], [18.0]]


def test_whether_an_argument_can_be_written_is_carried_back(moody: Separate) -> None:
    x, y = full(19), full(20)
    y.flags.writeable = False
    call(moody, x)
    call(moody, y)
    assert (x.flags.writeable, y.flags.writeable) == (False, True)
    constant = np.frombuffer(full(20).tobytes()).reshape(2, 3)  # of bytes, which nobody may write
    call(moody, constant)
    assert not constant.flags.writeable
    assert moody.deaths == 0


def test_a_long_message_is_cut(moody: Separate) -> None:
    with pytest.raises(CallError, match=r"^raised T{9993}…$") as caught:
        call(moody, full(21))
    assert isinstance(caught.value.raised, TypeError)
    assert str(caught.value.raised) == "no " * 3333 + "n…"
    assert len(type(caught.value.raised).__name__) == 10_001


def test_a_view_of_an_argument_is_known(moody: Separate) -> None:
    x = full(3)
    result = call(moody, x)
    assert moody.shares_memory(result, x)
    assert moody.shares_memory(x, result)
    assert not moody.shares_memory(call(moody, full(0)), x)
    assert not moody.shares_memory(full(0), x)


def test_a_result_that_a_later_call_changes_changes_here(moody: Separate) -> None:
    first = call(moody, full(4))
    before = first.copy()
    second = call(moody, full(4))
    assert first.tolist() == (before + 1).tolist()
    assert moody.shares_memory(first, second)


def test_an_array_is_the_same_one_from_call_to_call_also_with_new_numbers(moody: Separate) -> None:
    x, y = full(12), full(12)
    assert [call(moody, each)[()] for each in (x, y, x)] == [1.0, 2.0, 2.0]
    x[0, 1] = 5.0
    assert call(moody, x) == 2.0
    call(moody, full(13))  # writes into the first that it kept
    assert x.tolist() == full(-1).tolist()


def test_a_result_can_be_an_argument(moody: Separate) -> None:
    result = call(moody, full(0.5))
    assert call(moody, result).tolist() == full(0.5).tolist()
    result += 1.0
    assert call(moody, result).tolist() == full(7).tolist()  # it is in the mood to write 7


def test_many_arrays_are_let_go_in_turn(moody: Separate) -> None:
    kept = [full(0.25) for _ in range(70)]
    results = [call(moody, x) for x in kept]
    call(moody, kept[0])
    assert len({id(each) for each in results}) == 70


def test_exceptions_are_of_their_kind(moody: Separate) -> None:
    with pytest.raises(CallError, match=r"^raised OwnError: five$") as caught:
        call(moody, full(5))
    assert isinstance(caught.value.raised, ValueError)
    assert not isinstance(caught.value.raised, TypeError)
    assert type(caught.value.raised).__name__ == "OwnError"
    with pytest.raises(CallError, match=r"^raised Lost: is lost$") as caught:
        call(moody, full(6))
    assert not isinstance(caught.value.raised, ValueError | TypeError)
    assert told(moody, full(7)) == "raised KeyboardInterrupt: seven"
    with pytest.raises(NotSupportedError, match=r"^eight$"):
        call(moody, full(8))
    with pytest.raises(CallError, match=r"^returned y as str of <U4, want floating numbers$") as caught:
        call(moody, full(9))
    assert caught.value.raised is None


def test_numpy_s_state_is_carried_both_ways(moody: Separate) -> None:
    kept = np.random.get_state()  # noqa: NPY002 - put back below
    try:
        with np.errstate(all="ignore"):
            call(moody, full(10))
            assert np.geterr() == {"divide": "ignore", "over": "raise", "under": "ignore", "invalid": "ignore"}
            drawn = np.random.random()  # noqa: NPY002 - what the target has seeded
            assert drawn == np.random.RandomState(3).random_sample()
            state = repr(np.random.get_state())  # noqa: NPY002 - as above
            call(moody, full(0))
            assert repr(np.random.get_state()) == state  # noqa: NPY002 - as above
    finally:
        np.random.set_state(kept)  # noqa: NPY002 - as it was


def test_a_target_that_forks_or_prints_answers_once(moody: Separate) -> None:
    assert call(moody, full(16)).tolist() == full(16).tolist()
    assert call(moody, full(17)).tolist() == full(17).tolist()
    assert moody.deaths == 0


DEATHS = {
    "exits": ("os._exit(3)", r"exited with status 3"),
    "crashes": ("ctypes.string_at(0)", r"crashed with SIGSEGV"),
    "hangs": ("[0 for _ in iter(int, 1)]", r"timed out after 0\.5 s"),
    "floods": (
        "[os.write(1, b'x' * 65536) for _ in range(20000)]",
        r"wrote more than 16 MiB of output in one call; .*",
    ),
    "leaves": ("subprocess.Popen(['sleep', '77'])", r"left 1 process behind: sleep"),
    "hides": ("subprocess.Popen(['sleep', '77'], start_new_session=True)", r"left 1 process behind: sleep"),
    "flees": (
        "subprocess.Popen(['/bin/sleep', '77'], start_new_session=True, env={})",
        r"left 1 process behind: sleep",
    ),
    "daemon": ("subprocess.run(['sh', '-c', 'sleep 77 & sleep 77 &'])", r"left 2 processes behind: sleep, sleep"),
}


def test_every_death_is_told_and_the_next_call_answered(target: Callable[..., Separate]) -> None:
    lines = [f"    if x.size == {n}: {body}" for n, (body, _) in enumerate(DEATHS.values(), 1)]
    text = "\n".join(["import ctypes, os, subprocess, numpy", "def relu(x):", *lines, "    return abs(x)", ""])
    mortal = target(text, replace(QUICK, timeout=0.5))
    for n, (_, reason) in enumerate(DEATHS.values(), 1):
        with pytest.raises(CallError, match=f"^{reason}$") as caught:
            call(mortal, np.ones(n))
        assert isinstance(caught.value.raised, DeathError)
        assert call(mortal, np.ones(99)).shape == (99,)
    assert mortal.deaths == len(DEATHS)


def test_a_target_that_cannot_be_loaded_is_refused_in_the_same_words(target: Callable[..., Separate]) -> None:
    with pytest.raises(TargetError, match=r"mine\.py' cannot be imported: ZeroDivisionError: division by zero$"):
        target("1 / 0\n")
    with pytest.raises(TargetError, match=r"mine\.py' exited with status 5, before any call$"):
        target("import os\nos._exit(5)\n")


def test_a_target_that_cannot_be_loaded_again_is_told(target: Callable[..., Separate]) -> None:
    once = target("import os\ndef relu(x):\n    os.remove(__file__)\n    os._exit(3)\n")
    assert told(once, full(0)) == "exited with status 3"
    assert told(once, full(0)).startswith("could not be started again: target ")


def test_devices_that_a_target_names_are_known_here(target: Callable[..., Separate]) -> None:
    named = target("DEVICES = ('cpu', 'cuda')\nrelu = abs\n")
    assert named.namespace.DEVICES == ("cpu", "cuda")  # type: ignore[attr-defined]  # a namespace of what it named


LIAR = """
import os, sys
requests, answers = map(int, sys.argv[1:])
for lie in {lies!r}:
    os.read(requests, 10**6)
    os.write(answers, lie)
import time
time.sleep(60)
"""
HELLO = b'{"functions": ["relu"], "conventions": {}}\n'
HEAD = b'{"id": 1, "changed": [], "state": null, '
CHANGED = (
    b'{"id": 1, "changed": [{"handle": 2, "size": %d, "form": '
    b'{"dtype": "%s", "shape": [%d], "strides": [8], "writeable": true}}], "state": null}\n'
)
STATE = b'{"id": 1, "changed": [], "state": {"generator": ["%s", 0, %d, "%s"], "errors": {}}}\n'


class Liar(Isolated):
    """A worker that somebody else speaks for."""

    lies: tuple[bytes, ...]

    def _spawn(self) -> Child:
        script = LIAR.format(lies=self.lies)
        return Child([sys.executable, "-I", "-S", "-c", script], self.limits, own_pipes=True)


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (b"junk\n", r"answered with what is no answer: b'junk'"),
        (b"[" * 100_000 + b"\n", r"answered with what is no answer: b'\[+'"),
        (b"{}\n", r"answered with what is no answer \('id'\)"),
        (b'{"id": 2}\n', r"answered with what is no answer \(to call 2 instead of 1\)"),
        (HEAD + b'"results": []}\n', r"answered with what is no answer \(.*\)"),
        (
            HEAD + b'"results": [{"size": 99999999999}]}\n',
            r"answered with what is no answer \(an array of 99999999999 .*\)",
        ),
        (
            HEAD + b'"results": [{"size": 1, "shape": [3], "dtype": "O", "shares": []}]}\nx',
            r"answered with what is no answer \(dtype must be of numbers, got object\)",
        ),
        (
            HEAD + b'"results": [{"size": 1, "shape": [-3], "dtype": "f8", "shares": []}]}\nx',
            r"answered with what is no answer \(shape must be of sizes, got \(-3,\)\)",
        ),
        (
            HEAD + b'"results": [{"size": 1, "shape": [3], "dtype": "f8", "shares": []}]}\nx',
            r"answered with what is no answer \(data of shape \(3,\) and float64 .* than 1 bytes\)",
        ),
        (
            CHANGED % (1, b"f8", 1) + b"x",
            r"answered with what is no answer \(data must have 8 bytes, got 1\)",
        ),
        (
            CHANGED % (8, b"f4", 9) + b"x" * 8,
            r"answered with what is no answer \(an array of 8 bytes must keep its size, got \(9,\) of float32\)",
        ),
        (
            b'{"id": 1, "changed": [], "state": {"generator": ["", 999, 0, "0x0p0"], "errors": {}}}\n',
            r"answered with what is no answer \(position must lie in the generator's 624 words, got 999\)",
        ),
        (STATE % (b"00" * 2496, 0, b"0x1p99999"), r"answered with what is no answer \(.*too large.*\)"),
        (STATE % (b"00" * 2496, 10**30, b"0x1p0"), r"answered with what is no answer \(.*too large.*\)"),
        (
            b'{"id": 1, "changed": [], "state": 5}\n',
            r"answered with what is no answer \('int' object is not subscriptable\)",
        ),
    ],
)
def test_whoever_speaks_for_the_worker_is_not_believed(lie: bytes, reason: str) -> None:
    class ThisLiar(Liar):
        lies = (HELLO, lie)

    liar = ThisLiar("nowhere", replace(QUICK, timeout=5.0))
    with pytest.raises(CallError, match=f"^{reason}$"):
        liar.call("relu", [np.ones(1)], {})
    liar.close()


def test_devices_that_are_no_list_are_a_death() -> None:
    class ThisLiar(Liar):
        lies = (b'{"functions": ["relu"], "conventions": {}, "devices": 5}\n',)

    with pytest.raises(DeathError, match=r"^answered with what is no answer \(devices must be a list, got 5\)$"):
        ThisLiar("nowhere", replace(QUICK, timeout=5.0))


def test_a_copy_of_the_worker_that_a_fork_left_ends_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class EndedError(Exception):
        pass

    def end(status: int) -> None:
        assert status == 0
        raise EndedError

    request = {"id": 1, "function": "relu", "results": [1], "new": [], "refilled": [], "forget": [], "state": None}
    request |= {"positional": [{"value": [1.0]}], "attributes": {}}
    lines = [{"target": "refcnn"}, request]
    answers = io.BytesIO()
    monkeypatch.setattr(worker, "os", SimpleNamespace(getpid=iter([1, 2]).__next__, _exit=end))
    with pytest.raises(EndedError):
        worker.serve(io.BytesIO("".join(json.dumps(line) + "\n" for line in lines).encode()), answers)
    assert answers.getvalue().count(b"\n") == 1  # the answer to the first line alone


def test_the_reference_is_the_same_isolated(moody: Separate) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3))
    assert call(moody, np.abs(x) / 9).tobytes() == refcnn.relu(np.abs(x) / 9).tobytes()
