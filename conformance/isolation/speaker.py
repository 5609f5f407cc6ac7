"""A target in another process, as the judge sees it: called like any other, and started anew after a death."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.util import Finalize
from typing import Any

from numpy.typing import NDArray

from conformance.contract import CONVENTIONS, FUNCTIONS
from conformance.implementation import CallError, DeathError, NotSupportedError, TargetError
from conformance.isolation.child import Child
from conformance.isolation.limits import Limits

Array = NDArray[Any]
Results = tuple[Array, ...]
# What becomes of a call: results, or the exception that stands for what came instead.
Outcome = Results | CallError | NotSupportedError


@dataclass(frozen=True)
class Hello:
    """What a target says of itself when it is started."""

    functions: frozenset[str]
    conventions: Mapping[str, str]
    recognised: str = ""
    devices: tuple[str, ...] | None = None


class Speaker(ABC):
    """Calls functions in a child process, of which it starts one when it needs one."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.deaths = 0
        self._running: list[Child] = []
        # The processes that it is known to run on, and how many of a name it is known to end with itself.
        self._helpers: frozenset[int] = frozenset()
        self._ended: Counter[str] = Counter()
        # Also at the end of a process of a pool, which runs no atexit; then nothing may be left.
        self.close = Finalize(self, _end_all, (self._running,), exitpriority=10)
        self.hello = self._begin()

    @abstractmethod
    def _spawn(self) -> Child:
        """Start a process."""

    @abstractmethod
    def _greet(self, child: Child) -> Hello:
        """Learn what the target is; it is the first that a process is asked."""

    @abstractmethod
    def _ask(self, child: Child, function: str, positional: Sequence[Any], attributes: Mapping[str, Any]) -> Outcome:
        """Make a call and return what became of it."""

    def call(self, function: str, positional: Sequence[Any], attributes: Mapping[str, Any]) -> Results:
        """Call a function; a death is a CallError, with it as what was raised."""
        try:
            with self._speaking() as child:
                outcome = self._ask(child, function, positional, attributes)
                child.check_memory()
            self._look_for_helpers(child)
        except DeathError as death:
            self.deaths += 1
            raise CallError(str(death), death) from None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @contextmanager
    def _speaking(self) -> Iterator[Child]:
        """Lend a process that is known to be there; whatever goes wrong is its end."""
        if not self._running:
            try:
                self._begin()
            except TargetError as error:
                raise DeathError(f"could not be started again: {error}") from error
        (child,) = self._running
        try:
            yield child
        except BaseException:
            self._running.clear()
            child.kill()
            raise

    def _begin(self) -> Hello:
        child = self._spawn()
        try:
            hello = self._greet(child)
        except TargetError:
            child.end()
            raise
        except BaseException:
            child.kill()
            raise
        self._running.append(child)
        return hello

    def _expect_helpers(self, child: Child) -> None:
        """Take what it has started by now for a part of it, as a program behind a wrapper is."""
        self._helpers = frozenset(child.helpers())

    def _look_for_helpers(self, child: Child) -> None:
        """Tell processes that a target leaves behind from those that end with it, such as a pool of workers."""
        names = Counter(name for pid, name in child.helpers().items() if pid not in self._helpers)
        if names <= self._ended:
            return
        self._running.clear()
        if left := child.end():
            listed = ", ".join(sorted(each.name for each in left))
            raise DeathError(f"left {len(left)} process{'es' * (len(left) > 1)} behind: {listed}")
        self._ended |= names

    def shares_memory(self, one: Array, other: Array) -> bool:
        """Return whether two arrays share memory where the target is."""
        del one, other
        return False


def checked_hello(functions: Any, conventions: Any) -> Hello:
    """Read what a target says of itself, or raise a TargetError that says what it must be."""
    if not isinstance(functions, list) or not all(each in list(FUNCTIONS) for each in functions) or not functions:
        raise TargetError(f"must provide functions of the contract, such as conv2d, got {functions!r:.200}")
    if not isinstance(conventions, dict) or any(
        not isinstance(value, str) or value not in CONVENTIONS.get(key, ()) for key, value in conventions.items()
    ):
        legal = "; ".join(f"{name}: {' or '.join(values)}" for name, values in CONVENTIONS.items())
        raise TargetError(f"conventions must be among {legal}; got {conventions!r:.200}")
    return Hello(frozenset(functions), conventions)


def _end_all(running: list[Child]) -> None:
    while running:
        running.pop().end()
