"""Results are nested lists of NumPy's scalars; what has no numbers cannot say its shape so, and is not supported."""

from __future__ import annotations

from typing import Any

from _wrapping import Array, with_results


def nested(result: Array) -> Any:
    if result.size == 0:
        raise NotImplementedError("a list without numbers has no shape")
    return [nested(part) for part in result] if result.ndim else result[()]


globals().update(with_results(nested))
