"""A program that answers the protocol of ``PROCESS.md``, in whatever language it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.implementation import TargetError
from conformance.isolation.child import Child
from conformance.isolation.limits import MIB, Limits
from conformance.isolation.protocol import VERSION, call_of, outcome, plain_json
from conformance.isolation.speaker import Hello, Outcome, Speaker, checked_hello


class Program(Speaker):
    """A program, which is sent requests on its standard input and answers on its standard output."""

    def __init__(self, words: Sequence[str], limits: Limits) -> None:
        self.words = tuple(words)
        self._number = 0
        super().__init__(limits)

    def _spawn(self) -> Child:
        child = Child(self.words, self.limits, own_pipes=False)
        child.farewell = json.dumps({"id": 0, "command": "stop"}).encode() + b"\n"
        return child

    def _greet(self, child: Child) -> Hello:
        answer = self._exchange(child, {"command": "hello", "protocol": VERSION}, self.limits.start)
        try:
            hello = checked_hello(answer.get("operators"), answer.get("conventions", {}))
        except TargetError as error:
            raise TargetError(f"program {self.words[0]!r}: in its answer to hello, {error}") from error
        self._expect_helpers(child)
        return hello

    def _ask(self, child: Child, function: str, positional: Sequence[Any], attributes: Mapping[str, Any]) -> Outcome:
        return outcome(function, self._exchange(child, call_of(function, positional, attributes), self.limits.timeout))

    def _exchange(self, child: Child, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        self._number += 1
        child.send(json.dumps({"id": self._number, **request}, allow_nan=False).encode() + b"\n", seconds)
        line = child.line(self.limits.answer * MIB)
        try:
            answer = plain_json(line)
        except ValueError as error:
            child.fail(f"answered with what is no line of JSON: {line[:60]!r} ({error})")
        if not isinstance(answer, dict):
            child.fail(f"answered with what is no JSON object: {line[:60]!r}")
        if answer.get("id") != self._number:
            child.fail(f"answered to id {answer.get('id')!r:.40} instead of {self._number}")
        return answer
