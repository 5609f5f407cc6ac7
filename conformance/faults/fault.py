"""A fault: one mistake that a person makes, as a small change to right code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from conformance.contract import FUNCTIONS, operator_of
from conformance.faults.history import HISTORY
from conformance.implementation import Implementation, from_namespace

Body = Callable[..., Any]


class Right:
    """Right code for a fault to spoil: called, it is the function that the fault is in; it has the others by name."""

    def __init__(self, namespace: object, function: str) -> None:
        self._namespace, self._function = namespace, getattr(namespace, function)

    def __call__(self, *arguments: Any, **attributes: Any) -> Any:
        """Call the right version of the function that the fault is in."""
        return self._function(*arguments, **attributes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._namespace, name)


@dataclass(frozen=True)
class Fault:
    """A function of the contract with one mistake in it.

    Parameters
    ----------
    function : the function of the contract that the mistake is in
    name : the mistake in a few words, as an identifier
    says : one sentence that tells a person what they did
    killed_by : the id of the requirement that must reject it
    body : the wrong function; it is passed a `Right` and then what the function is passed
    corner : where alone it is wrong, in a few words; empty for a mistake that shows almost everywhere
    history : a key of `HISTORY`, the public threads in which this really happened
    remembers : whether the body keeps something between calls, in a dict that it is passed behind the `Right`
    """

    function: str
    name: str
    says: str
    killed_by: str
    body: Body
    corner: str = ""
    history: str = ""
    remembers: bool = False

    @property
    def id(self) -> str:
        """The function and the name."""
        return f"{self.function}.{self.name}"

    @property
    def operator(self) -> str:
        """The operator that the function belongs to."""
        return operator_of(self.function).name

    @property
    def threads(self) -> tuple[str, ...]:
        """The public threads in which it happened."""
        return HISTORY[self.history].threads if self.history else ()

    def implementation(self, right: object) -> Implementation:
        """Return right code with this mistake in it, and with nothing remembered yet."""
        functions = {name: getattr(right, name) for name in FUNCTIONS}
        start: tuple[Any, ...] = (Right(right, self.function), *([{}] if self.remembers else []))

        def wrong(*arguments: Any, **attributes: Any) -> Any:
            return self.body(*start, *arguments, **attributes)

        return from_namespace(self.id, SimpleNamespace(**functions | {self.function: wrong}))


def fault(
    *functions: str, says: str, killed_by: str, corner: str = "", history: str = "", remembers: bool = False
) -> Callable[[Body], tuple[Fault, ...]]:
    """Make a function the body of a fault, in each of the functions of the contract that are named.

    `killed_by` may be the last part of a requirement's id, where the first part is the function's name.

    Examples
    --------
    >>> @fault("relu", says="everything is doubled", killed_by="values")
    ... def doubled(right, x):
    ...     return 2 * right(x)
    >>> import refcnn
    >>> doubled[0].id, doubled[0].implementation(refcnn).namespace.relu([3.0]).tolist()
    ('relu.doubled', [6.0])
    """

    def decorate(body: Body) -> tuple[Fault, ...]:
        return tuple(
            Fault(
                function=function,
                name=body.__name__,
                says=says,
                killed_by=killed_by if "." in killed_by else f"{function}.{killed_by}",
                body=body,
                corner=corner,
                history=history,
                remembers=remembers,
            )
            for function in functions
        )

    return decorate
