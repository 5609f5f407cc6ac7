"""The process that a target runs in: it gets arrays, calls the target, and says what became of everything.

It never sees an expected answer. What it says is read as plain JSON and bytes, and is not believed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from numpy.typing import NDArray

from conformance.contract import FUNCTIONS
from conformance.implementation import CallError, Implementation, NotSupportedError, TargetError, load
from conformance.isolation import numpy_state
from conformance.isolation.memory import Block, Form, form_of, rebuilt
from conformance.layout import share_memory

Array = NDArray[Any]

# What is said in words is cut, so that an answer stays below what is read of a line.
_MOST_CHARACTERS = 10_000
# Of Linux's prctl: what a process gets when its parent ends, and that orphans of its family become its own children.
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


@dataclass
class Held:
    """An array that the other process holds too, as it was when both last held the same."""

    array: Array
    is_result: bool
    seen: bytes = b""
    form: Form = field(default_factory=dict)

    def now(self) -> bytes:
        """Return its bytes: of a result those of its numbers, of an input those of its block."""
        return self.array.tobytes() if self.is_result else Block.of(self.array).read()

    def note(self) -> None:
        """Remember how it is."""
        self.seen, self.form = self.now(), {} if self.is_result else form_of(self.array)


class Worker:
    """A target, and the arrays that it has seen and given."""

    def __init__(self, implementation: Implementation) -> None:
        self.implementation = implementation
        self.held: dict[int, Held] = {}
        self._state = numpy_state.UNKNOWN

    def answer(self, request: Mapping[str, Any], data: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """Make one call; return what became of it, and the bytes of what is new or changed."""
        self._take(request, data)
        if request["state"] is not None:
            numpy_state.put(request["state"])
            self._state = request["state"]
        arrays, said = self._call(request)
        before, self._state = self._state, numpy_state.taken()
        changed, blobs = self._changes()
        results = []
        for handle, array in zip(request["results"], arrays, strict=False):
            results.append(self._given(handle, array))
            blobs.append(self.held[handle].seen)
        state = self._state if self._state != before else None
        return {"id": request["id"], "changed": changed, "results": results, "state": state, **said}, blobs

    def _take(self, request: Mapping[str, Any], data: IO[bytes]) -> None:
        """Forget arrays that the other process let go, take new ones, and new numbers for others."""
        for handle in request["forget"]:
            self.held.pop(handle, None)
        for handle, form in request["new"]:
            self.held[handle] = Held(rebuilt(form, data.read(form["size"])), is_result=False)
            self.held[handle].note()
        for handle, size in request["refilled"]:
            Block.of(self.held[handle].array).write(data.read(size))
            self.held[handle].note()

    def _call(self, request: Mapping[str, Any]) -> tuple[tuple[Array, ...], dict[str, Any]]:
        positional = [self._argument(each) for each in request["positional"]]
        attributes = {name: as_tuples(value) for name, value in request["attributes"].items()}
        try:
            return self.implementation.call(request["function"], positional, attributes), {}
        except NotSupportedError as error:
            return (), {"not_supported": _cut(str(error))}
        except CallError as error:
            return (), {"error": _cut(str(error)), "raised": _described(error.raised)}
        except KeyboardInterrupt as error:  # nobody has pressed a key: this session has no terminal
            return (), {"error": _cut(f"raised KeyboardInterrupt: {error}"), "raised": _described(error)}

    def _argument(self, argument: Mapping[str, Any]) -> Any:
        if "array" in argument:
            return self.held[argument["array"]].array
        if "scalar" in argument:
            return self.held[argument["scalar"]].array[()]
        return as_tuples(argument["value"])

    def _changes(self) -> tuple[list[dict[str, Any]], list[bytes]]:
        """Find what is not as it was, in the arrays of this call and of those before."""
        changed, blobs = [], []
        for handle, held in self.held.items():
            before, form = held.seen, held.form
            held.note()
            if held.seen != before or held.form != form:
                changed.append({"handle": handle, "size": len(held.seen), "form": held.form})
                blobs.append(held.seen)
        return changed, blobs

    def _given(self, handle: int, array: Array) -> dict[str, Any]:
        """Hold a result, and describe it."""
        shares = [other for other, held in self.held.items() if share_memory(array, held.array)]
        self.held[handle] = Held(array, is_result=True)
        self.held[handle].note()
        size = len(self.held[handle].seen)
        return {"dtype": array.dtype.str, "shape": list(array.shape), "size": size, "shares": shares}


def as_tuples(value: Any) -> Any:
    """Undo what JSON does to tuples."""
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def _described(raised: BaseException | None) -> dict[str, Any] | None:
    if raised is None:
        return None
    kinds = [kind.__name__ for kind in (ValueError, TypeError) if isinstance(raised, kind)]
    return {"name": _cut(type(raised).__name__), "kinds": kinds, "message": _cut(str(raised))}


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"


def _hello(implementation: Implementation) -> dict[str, Any]:
    devices = getattr(implementation.namespace, "DEVICES", None)
    return {
        "functions": [name for name in FUNCTIONS if implementation.provides(name)],
        "conventions": dict(implementation.conventions),
        "recognised": implementation.recognised,
        "devices": None if devices is None else list(map(str, devices)),
    }


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Load the target that the first request names, then answer requests until there are no more."""
    own, target = os.getpid(), json.loads(requests.readline())["target"]
    try:
        worker = Worker(load(target))
    except TargetError as error:
        send(answers, {"refused": _cut(str(error))})
        return
    send(answers, _hello(worker.implementation))
    for line in requests:
        header, blobs = worker.answer(json.loads(line), requests)
        if os.getpid() != own:  # a target that forked comes back twice
            os._exit(0)
        send(answers, header, blobs)


def send(stream: IO[bytes], header: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Write a line of JSON, and the bytes that it describes."""
    stream.write(json.dumps(header).encode() + b"\n" + b"".join(blobs))
    stream.flush()


def _settle() -> None:
    """End with the process that asks, and keep what the target starts within the family, where Linux can do that."""
    with contextlib.suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(_PR_SET_CHILD_SUBREAPER, 1)


def main(arguments: Sequence[str]) -> None:
    """Serve over the two pipes that the command line names."""
    _settle()
    requests, answers = map(int, arguments)
    for descriptor in (requests, answers):
        os.set_inheritable(descriptor, False)
    with open(requests, "rb") as incoming, open(answers, "wb") as outgoing:  # noqa: PTH123 - pipes, not paths
        serve(incoming, outgoing)


if __name__ == "__main__":
    main(sys.argv[1:])
