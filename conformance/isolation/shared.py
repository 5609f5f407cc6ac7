"""Arrays that this process and a target's hold together, each under a number."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from conformance.isolation.memory import Block, Form, form_of, reshaped, steps

Array = NDArray[Any]

# Those that were not used for longest are let go, so that a long run does not keep them all.
_MOST = 64


@dataclass
class Kept:
    """An array, as both processes know it."""

    handle: int
    array: weakref.ref[Array]
    seen: bytes
    form: Form
    shares: frozenset[int] = frozenset()
    is_result: bool = False


class Shared:
    """The arrays that both hold, known here by their identity for as long as they live."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Kept] = OrderedDict()
        self._last = 0
        self._forgotten: list[int] = []

    def new_handle(self) -> int:
        """Return a number that stands for no array yet."""
        self._last += 1
        return self._last

    def keep(self, handle: int, array: Array, shares: Iterable[int] = (), *, is_result: bool = False) -> None:
        """Know an array under a number; the target's one shares memory with the arrays of some numbers."""
        key = id(array)
        reference = weakref.ref(array, lambda _: self._let_go(key, handle))
        if key in self._kept:  # as it was it is not any more
            self._let_go(key, self._kept[key].handle)
        data = Block.of(array).read()
        self._kept[key] = Kept(handle, reference, data, form_of(array), frozenset(shares), is_result)
        while len(self._kept) > _MOST:
            oldest, other = next(iter(self._kept.items()))
            self._let_go(oldest, other.handle)

    def _let_go(self, key: int, handle: int) -> None:
        del self._kept[key]
        self._forgotten.append(handle)

    def find(self, array: Array) -> Kept | None:
        """Return what is known of an array, if the target holds it."""
        kept = self._kept.get(id(array))
        if kept is not None:
            self._kept.move_to_end(id(array))
        return kept

    def forgotten(self) -> list[int]:
        """Return, once each, the numbers of the arrays that were let go."""
        forgotten, self._forgotten = self._forgotten, []
        return forgotten

    def change(self, handle: int, data: bytes, form: Form) -> None:
        """Do to an array what the target did to its own: new numbers, another shape, other flags."""
        for kept in list(self._kept.values()):
            array = kept.array()
            if kept.handle == handle and array is not None:
                if not kept.is_result and _kind(form) != _kind(kept.form):
                    reshaped(array, form)
                Block.of(array).write(data)  # whose place and size may be others now
                kept.seen, kept.form = data, form_of(array)

    def overlap(self, one: Array, other: Array) -> bool:
        """Return whether the target's own arrays share memory."""
        first, second = self._kept.get(id(one)), self._kept.get(id(other))
        if first is None or second is None:
            return False
        return first.handle in second.shares or second.handle in first.shares


def _kind(form: Form) -> tuple[str, list[int], list[int], bool]:
    return form["dtype"], form["shape"], steps(form), form["writeable"]
