"""What failed beyond the grid is kept in Hypothesis's database, and tried first the next time, until it passes.

That is the folder ``.hypothesis``, unless the user's settings of Hypothesis say otherwise.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from hypothesis import settings

from conformance.case import Case
from conformance.comparison import Failure


def keep(name: str, failure: Failure) -> None:
    """Keep a case that failed under a name."""
    if database := settings().database:
        database.save(name.encode(), failure.case.to_json().encode())


def still_failing(name: str, fails: Callable[[Case], Failure | None]) -> Failure | None:
    """Return the failure on a case that was kept under the name, and forget those that pass or are cases no longer."""
    database = settings().database
    if database is None:
        return None
    for text in sorted(database.fetch(name.encode())):
        with contextlib.suppress(ValueError):
            if failure := fails(Case.from_json(text.decode())):
                return failure
        database.delete(name.encode(), text)
    return None
