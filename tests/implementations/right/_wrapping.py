"""The functions of ``refcnn`` in other clothes: with every result changed, or with every call changed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import refcnn

Array: TypeAlias = npt.NDArray[Any]
Function: TypeAlias = Callable[..., Any]
Functions: TypeAlias = dict[str, Function]

REFERENCE: Functions = {name: getattr(refcnn, name) for name in refcnn.__all__}


def with_calls(change: Callable[[str, Function], Function]) -> Functions:
    """Change every function, whose name is given first."""
    return {name: functools.wraps(function)(change(name, function)) for name, function in REFERENCE.items()}


def with_results(change: Callable[[Array], Any], several: Callable[[Any], Any] = tuple) -> Functions:
    """Change every array that is returned, and what holds several of them."""

    def changed(_: str, function: Function) -> Function:
        def call(*arguments: Any, **attributes: Any) -> Any:
            returned = function(*arguments, **attributes)
            if isinstance(returned, tuple):
                return several(change(np.asarray(result)) for result in returned)
            return change(np.asarray(returned))

        return call

    return with_calls(changed)


def only(holds: Callable[..., bool], reason: str) -> Functions:
    """Answer the calls for which something holds, and raise NotImplementedError for the others."""

    def changed(_: str, function: Function) -> Function:
        def call(*arguments: Any, **attributes: Any) -> Any:
            if not holds(*arguments, **attributes):
                raise NotImplementedError(reason)
            return function(*arguments, **attributes)

        return call

    return with_calls(changed)
