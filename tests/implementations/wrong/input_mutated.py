"""relu works in place, unless its input is read-only."""

from typing import Any

import refcnn
from refcnn import *  # noqa: F403 - all but the mistake


def relu(x: Any) -> Any:  # type: ignore[no-redef]  # the mistake's place
    result = refcnn.relu(x)
    if not x.flags.writeable:
        return result
    x[...] = result
    return x
