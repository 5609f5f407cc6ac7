"""Where a target in a process of its own comes from, as a value that can be sent to other processes."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from numpy.typing import NDArray

from conformance.implementation import DeathError, Implementation, NotProvidedError, TargetError
from conformance.isolation.isolated import Isolated
from conformance.isolation.limits import Limits
from conformance.isolation.program import Program
from conformance.isolation.signals import end_all_on_signals
from conformance.isolation.speaker import Speaker

Array = NDArray[Any]


@dataclass(frozen=True)
class Source:
    """A Python target, or else a program with its arguments, and what it may take.

    Examples
    --------
    >>> Source("mine.py", limits=Limits(timeout=2.0)).named
    ('mine.py', '--isolate', '--timeout', '2')
    """

    target: str = ""
    program: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def name(self) -> str:
        """What the target is called in reports."""
        return self.target or shlex.join(self.program)

    @property
    def named(self) -> tuple[str, ...]:
        """The words after ``refcnn verify`` that name it."""
        usual, own = Limits(), self.limits
        words = [self.target, "--isolate"] if self.target else ["--exec", shlex.join(self.program)]
        words += ["--timeout", f"{own.timeout:g}"] * (own.timeout != usual.timeout)
        words += ["--memory", f"{own.memory}"] * (own.memory != usual.memory)
        return tuple(words)

    def speaker(self) -> Speaker:
        """Start a process and greet it.

        Raises
        ------
        TargetError
            with one line that says what is wrong
        """
        try:
            return Isolated(self.target, self.limits) if self.target else Program(self.program, self.limits)
        except DeathError as death:
            raise TargetError(f"target {self.name!r} {death}, before any call") from death


@dataclass(frozen=True, kw_only=True)
class Separate(Implementation):
    """An implementation in a process of its own."""

    source: Source
    speaker: Speaker

    @property
    def named(self) -> tuple[str, ...]:
        """The words after ``refcnn verify`` that name it."""
        return self.source.named

    @property
    def again(self) -> Callable[[], Implementation]:
        """What loads it in another process; it can be pickled."""
        return functools.partial(opened_in_worker, self.source)

    @property
    def deaths(self) -> int:
        """How often its process died."""
        return self.speaker.deaths

    def shares_memory(self, one: Array, other: Array) -> bool:
        """Return whether two of its arguments or results share memory."""
        return self.speaker.shares_memory(one, other)

    def provides(self, function: str) -> bool:
        """Return whether the implementation defines a function of the contract."""
        return function in self.speaker.hello.functions

    def call(self, function: str, positional: Sequence[Any], attributes: Mapping[str, Any]) -> tuple[Array, ...]:
        """Call a function and return its results as arrays; what is raised is what ``Implementation`` raises."""
        if not self.provides(function):
            raise NotProvidedError(function)
        return self.speaker.call(function, positional, attributes)


@functools.cache
def opened(source: Source) -> Separate:
    """Return an implementation from a source, the same one again in the same process.

    Examples
    --------
    >>> import numpy as np
    >>> isolated = opened(Source("refcnn"))
    >>> isolated.call("relu", [np.array([-1.0, 2.0])], {})
    (array([0., 2.]),)
    """
    speaker = source.speaker()
    hello = speaker.hello
    namespace = SimpleNamespace() if hello.devices is None else SimpleNamespace(DEVICES=hello.devices)
    return Separate(
        source.name, namespace, hello.conventions, recognised=hello.recognised, source=source, speaker=speaker
    )


def opened_in_worker(source: Source) -> Separate:
    """Return an implementation from a source in a process of a pool, which may be asked to end by a signal."""
    end_all_on_signals()
    return opened(source)
