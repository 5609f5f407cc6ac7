"""PyTorch's modules, recognised by their names and bases, without importing PyTorch for a target that did not."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from conformance.layers.recognised import Recognised, with_classes

Body = Callable[..., Any]


class AmbiguousError(Exception):
    """A target has several classes that could be meant."""


def modules(namespace: object) -> Recognised | None:
    """Return the functions that the PyTorch modules of a namespace stand for, or nothing if it has none.

    The target is a class, or a namespace of classes: those that it defines and, if it is PyTorch's, all that it has.
    """
    torch = sys.modules.get("torch")
    # A target that has modules has imported PyTorch.
    if torch is None or not hasattr(torch, "nn"):
        return None
    found = dict(_by_kind(torch.nn, list(_classes(torch.nn, namespace))))
    if not found:
        return None
    from conformance.layers.torch_kinds import KINDS  # PyTorch is there already

    functions = {name: body for kind, made in found.items() for name, body in KINDS[kind](made).items()}
    names = [made.__name__ for made in found.values()]
    return with_classes("PyTorch modules", names, functions, namespace, _CONVENTIONS)


# The classes of torch.nn whose operator is one of the contract's.
NAMES = (
    *("Conv1d", "Conv2d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "Linear", "ReLU", "Sigmoid", "Tanh", "Softmax"),
    *("CrossEntropyLoss", "BatchNorm2d", "LocalResponseNorm", "Dropout"),
)

# PyTorch does not say which of several equal maxima gets the gradient.
_CONVENTIONS = {"max_pool2d.ties": "any"}


def _classes(nn: ModuleType, namespace: object) -> Iterator[type]:
    """Yield the classes that are meant: the target itself, or those that it does not just borrow from PyTorch."""
    if inspect.isclass(namespace):
        values: Any = (namespace,)
    else:
        values = getattr(namespace, "__dict__", {}).values()
    borrows = not inspect.isclass(namespace) and not _is_pytorchs(getattr(namespace, "__name__", ""))
    for value in values:
        if inspect.isclass(value) and issubclass(value, nn.Module) and not (borrows and _is_pytorchs(value.__module__)):
            yield value


def _is_pytorchs(module: str) -> bool:
    return module.partition(".")[0] == "torch"


def _by_kind(nn: ModuleType, classes: list[type]) -> Iterator[tuple[str, type]]:
    """Yield each kind of module with the one class that stands for it: the one of that very name, if there is one."""
    kinds = [(_kind(nn, made), made) for made in classes]
    for kind in NAMES:
        fitting = list(dict.fromkeys(made for name, made in kinds if name == kind))
        named = [made for made in fitting if made.__name__ == kind] or fitting
        if len(named) > 1:
            several = ", ".join(made.__name__ for made in named)
            raise AmbiguousError(f"has {len(named)} classes like {kind}, {several}: add : and the name of one")
        yield from ((kind, made) for made in named)


def _kind(nn: ModuleType, made: type) -> str:
    """Return the name in torch.nn that a class has, or ends with, or inherits from; it may be one that is not known.

    The longest ending counts: a MyLeakyReLU is no ReLU.
    """
    ancestor = next(base.__name__ for base in made.__mro__ if getattr(nn, base.__name__, None) is base)
    if made.__name__ in NAMES or ancestor != "Module":
        return made.__name__ if made.__name__ in NAMES else ancestor
    endings = [name for name, value in vars(nn).items() if inspect.isclass(value) and made.__name__.endswith(name)]
    return max(endings, key=len, default="")
