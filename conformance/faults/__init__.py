"""The catalogue of faults: wrong implementations that the suite is known to reject, and by which it names mistakes.

Every module of this folder is searched for faults: a new one has to be entered nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from conformance.contract import FUNCTIONS
from conformance.faults.fault import Fault, fault
from conformance.faults.history import HISTORY, Episode

__all__ = ["CATALOGUE", "HISTORY", "Episode", "Fault", "fault"]


def _faults() -> Iterator[Fault]:
    """Yield the faults of all modules of this folder."""
    for module in iter_modules(__path__):
        for made in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(made, tuple):
                yield from (each for each in made if isinstance(each, Fault))


_ORDER = {name: position for position, name in enumerate(FUNCTIONS)}

CATALOGUE: tuple[Fault, ...] = tuple(sorted(_faults(), key=lambda each: _ORDER[each.function]))
