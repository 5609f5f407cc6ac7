"""A Python target in a process of its own: the judge's side of what ``worker`` answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract import FUNCTIONS
from conformance.implementation import CallError, NotSupportedError, TargetError
from conformance.isolation import numpy_state
from conformance.isolation.child import Child
from conformance.isolation.limits import MIB, Limits
from conformance.isolation.memory import Block, form_of, result
from conformance.isolation.shared import Shared
from conformance.isolation.speaker import Hello, Outcome, Results, Speaker, checked_hello

Array = NDArray[Any]

_LONGEST_LINE = MIB
# What a header may be wrong in, if something else than the worker wrote it.
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError, MemoryError)


class Request:
    """A call as a line of JSON, and the bytes of the arrays that are new or changed."""

    def __init__(self, number: int, shared: Shared, function: str) -> None:
        self._shared = shared
        self._blobs: list[bytes] = []
        self._new: list[tuple[int, Any]] = []
        self._refilled: list[tuple[int, int]] = []
        # Temporary arrays live until the call is made.
        self._scalars: list[Array] = []
        self.results = [shared.new_handle() for _ in FUNCTIONS[function].results]
        self.header: dict[str, Any] = {"id": number, "function": function, "results": self.results}

    def argument(self, value: Any) -> dict[str, Any]:
        """Describe an argument: an array by its number, anything else as it is."""
        if isinstance(value, np.ndarray):
            return {"array": self._handle(value)}
        if isinstance(value, np.generic):
            self._scalars.append(np.asarray(value))
            return {"scalar": self._handle(self._scalars[-1])}
        return {"value": value}

    def _handle(self, array: Array) -> int:
        kept, now = self._shared.find(array), Block.of(array).read()
        form = form_of(array)
        if kept is not None and kept.form == form and kept.seen == now:
            return kept.handle
        if kept is not None and kept.form == form and not kept.is_result:
            self._refilled.append((kept.handle, len(now)))
            kept.seen = now
            self._blobs.append(now)
            return kept.handle
        handle = self._shared.new_handle()
        self._shared.keep(handle, array)
        self._new.append((handle, form))
        self._blobs.insert(len(self._new) - 1, now)  # the new ones come first
        return handle

    def encoded(self, state: Any) -> bytes:
        """Return the line and the bytes behind it."""
        arrays = {"new": self._new, "refilled": self._refilled, "forget": self._shared.forgotten()}
        return json.dumps({**self.header, **arrays, "state": state}).encode() + b"\n" + b"".join(self._blobs)


class Isolated(Speaker):
    """A target that is found by name, in a process of Python of its own."""

    def __init__(self, target: str, limits: Limits) -> None:
        self.target = target
        self._number = 0
        super().__init__(limits)

    def _spawn(self) -> Child:
        # -P: what lies in the working folder must not hide what the worker itself imports.
        return Child([sys.executable, "-P", "-m", "conformance.isolation.worker"], self.limits, own_pipes=True)

    def _greet(self, child: Child) -> Hello:
        self._shared, self._state = Shared(), numpy_state.UNKNOWN
        child.send(json.dumps({"target": self.target}).encode() + b"\n", self.limits.start)
        hello = self._read(child)
        if "refused" in hello:
            raise TargetError(str(hello["refused"]))
        self._expect_helpers(child)
        plain = checked_hello(hello.get("functions"), hello.get("conventions"))
        named = hello.get("devices")
        if not isinstance(named, list | None):
            child.fail(f"answered with what is no answer (devices must be a list, got {named!r:.40})")
        devices = None if named is None else tuple(map(str, named))
        return replace(plain, recognised=str(hello.get("recognised", "")), devices=devices)

    def _ask(self, child: Child, function: str, positional: Sequence[Any], attributes: Mapping[str, Any]) -> Outcome:
        self._number += 1
        request = Request(self._number, self._shared, function)
        request.header["positional"] = [request.argument(value) for value in positional]
        request.header["attributes"] = dict(attributes)
        state = numpy_state.taken()
        child.send(request.encoded(None if state == self._state else state), self.limits.timeout)
        self._state = state
        answer = self._read(child)
        try:
            return self._understood(child, answer, request)
        except _MALFORMED as error:
            child.fail(f"answered with what is no answer ({error})")

    def _read(self, child: Child) -> dict[str, Any]:
        line = child.line(_LONGEST_LINE)
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            child.fail(f"answered with what is no answer: {line[:60]!r}")
        return answer

    def _understood(self, child: Child, answer: Mapping[str, Any], request: Request) -> Outcome:
        """Take over what the call did, and return what became of it."""
        if answer["id"] != self._number:
            raise ValueError(f"to call {answer['id']!r} instead of {self._number}")
        for change in answer["changed"]:
            self._shared.change(change["handle"], child.exactly(self._size(change)), change["form"])
        if answer["state"] is not None:
            numpy_state.put(answer["state"])
            self._state = answer["state"]
        if "not_supported" in answer:
            return NotSupportedError(str(answer["not_supported"]))
        if "error" in answer:
            return CallError(str(answer["error"]), _exception(answer["raised"]))
        return self._results(child, answer["results"], request.results)

    def _results(self, child: Child, described: Sequence[Mapping[str, Any]], handles: Sequence[int]) -> Results:
        arrays = []
        for handle, form in zip(handles, described, strict=True):
            array = result(form, child.exactly(self._size(form)))
            self._shared.keep(handle, array, form["shares"], is_result=True)
            arrays.append(array)
        return tuple(arrays)

    def _size(self, form: Mapping[str, Any]) -> int:
        size = form["size"]
        if not isinstance(size, int) or not 0 <= size <= self.limits.answer * MIB:
            raise ValueError(f"an array of {size!r} bytes, where {self.limits.answer} MiB are allowed")
        return size

    def shares_memory(self, one: Array, other: Array) -> bool:
        """Return whether two arrays share memory where the target is."""
        return self._shared.overlap(one, other)


@cache
def _class(name: str, kinds: tuple[str, ...]) -> type[Exception]:
    """Make a class that stands for an exception's own, which is nowhere but in the target's process."""
    bases = tuple({"ValueError": ValueError, "TypeError": TypeError}[kind] for kind in kinds) or (Exception,)
    return type(name, bases, {})


def _exception(raised: Mapping[str, Any] | None) -> Exception | None:
    if raised is None:
        return None
    return _class(str(raised["name"]), tuple(raised["kinds"]))(str(raised["message"]))
