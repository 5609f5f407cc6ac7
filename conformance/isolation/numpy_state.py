"""What of NumPy's state in a process a pure function leaves alone, as plain JSON: taken here, put back elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

State = Mapping[str, Any]
# Equal to no state.
UNKNOWN: State = MappingProxyType({})


def taken() -> State:
    """Return the state of the global random generator and the error settings of this process.

    Examples
    --------
    >>> state = taken()
    >>> put(state)
    >>> taken() == state
    True
    """
    _, key, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002 - the legacy generator is what is meant
    generator = [np.asarray(key, "<u4").tobytes().hex(), int(position), int(has_gauss), float(gauss).hex()]
    return {"generator": generator, "errors": dict(np.geterr())}


def put(state: State) -> None:
    """Make it the state of this process."""
    key, position, has_gauss, gauss = state["generator"]
    if not 0 <= position <= 624:
        raise ValueError(f"position must lie in the generator's 624 words, got {position}")
    words = np.frombuffer(bytes.fromhex(key), "<u4")
    np.random.set_state(("MT19937", words, position, has_gauss, float.fromhex(gauss)))  # noqa: NPY002 - as above
    np.seterr(**state["errors"])
