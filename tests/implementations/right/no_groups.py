"""Convolutions without groups, strides of one number and paddings of one number alone."""

from typing import Any

from _wrapping import only


def simple(*_: Any, groups: int = 1, stride: Any = 1, padding: Any = 0, **__: Any) -> bool:
    return groups == 1 and not isinstance(stride, tuple) and not isinstance(padding, tuple)


globals().update(only(simple, "groups, pairs and sides are not supported"))
