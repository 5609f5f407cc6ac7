"""Code in the style of textbooks, recognised by its names: which of them there are, and what stands for each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, wraps
from types import MappingProxyType
from typing import Any

import numpy as np

from conformance.contract import FUNCTIONS
from conformance.layers import textbook_dense, textbook_dropout, textbook_norm, textbook_optimisers, textbook_windows
from conformance.layers.construction import can_be_made
from conformance.layers.recognised import Recognised, with_classes

Body = Callable[..., Any]
Make = Callable[[Any], Any]
Translate = Callable[[Any], Mapping[str, Body]]


def _plainly(layer: type) -> Any:
    """Make a layer that has no arguments."""
    return layer()


# A class's name, what makes one as such classes are made, and what translates it.
_LAYERS: Mapping[str, tuple[Make, Translate]] = MappingProxyType(
    {
        "Convolution": (textbook_windows.a_convolution, textbook_windows.convolution),
        "Pooling": (textbook_windows.a_pooling, textbook_windows.pooling),
        "Affine": (textbook_dense.an_affine, textbook_dense.affine),
        "Relu": (_plainly, partial(textbook_dense.activation, "relu")),
        "Sigmoid": (_plainly, partial(textbook_dense.activation, "sigmoid")),
        "SoftmaxWithLoss": (_plainly, textbook_dense.softmax_with_loss),
        "BatchNormalization": (textbook_norm.a_normalization, textbook_norm.batch_normalization),
        "Dropout": (textbook_dropout.a_dropout, textbook_dropout.dropout),
    }
)
_OPTIMISERS: Mapping[str, tuple[Make, Translate]] = MappingProxyType(
    {
        "SGD": (textbook_optimisers.an_sgd, textbook_optimisers.sgd),
        "Momentum": (textbook_optimisers.a_momentum, textbook_optimisers.momentum),
        "Adam": (textbook_optimisers.an_adam, textbook_optimisers.adam),
    }
)
_FUNCTIONS: Mapping[str, Callable[[Body], Body]] = MappingProxyType(
    {"im2col": textbook_windows.rows_of_windows, "col2im": textbook_windows.added_windows}
)
# Everything by its name.
TEXTBOOK = (*_LAYERS, *_FUNCTIONS, *_OPTIMISERS)

# With the definition in textbooks, the batch's variance enters the running one as it is, divided by n.
_CONVENTIONS = {"batch_norm.running_var": "biased"}


def textbook(namespace: object) -> Recognised | None:
    """Return the functions that a namespace's textbook-style code stands for, or nothing if it has none.

    Examples
    --------
    >>> class Relu:
    ...     def forward(self, x):
    ...         return abs(x)
    >>> textbook(Relu).description
    'textbook layers (Relu)'
    """
    functions: dict[str, Body] = {}
    names: list[str] = []
    otherwise: list[str] = []
    for name, (make, translate) in {**_LAYERS, **_OPTIMISERS}.items():
        method = "update" if name in _OPTIMISERS else "forward"
        made: Any = namespace if _is_named(namespace, name) else getattr(namespace, name, None)
        if _has(made, method) and not can_be_made(partial(make, made)):
            otherwise.append(name)
        elif _has(made, method):
            names.append(name)
            functions |= {
                function: body
                for function, body in translate(made).items()
                if not function.endswith("_backward") or callable(getattr(made, "backward", None))
            }
    columns = [name for name in _FUNCTIONS if _counts_the_filter(getattr(namespace, name, None))]
    functions |= {name: _FUNCTIONS[name](getattr(namespace, name)) for name in columns}
    functions = {name: _in_their_scope(name, body) for name, body in functions.items()}
    recognised = with_classes("textbook layers", [*names, *columns], functions, namespace, _CONVENTIONS, columns)
    if recognised is None or not otherwise:
        return recognised
    left = f"; not judged: {', '.join(otherwise)}, made of other arguments than such layers are"
    return replace(recognised, description=recognised.description + left)


def _in_their_scope(name: str, body: Body) -> Body:
    """Leave out what no textbook speaks of: a number without an axis, a batch without a sample, and float32."""

    @wraps(body)
    def call(*arguments: Any, **attributes: Any) -> Any:
        if np.ndim(arguments[0]) == 0 or np.size(arguments[0]) == 0:
            raise NotImplementedError("textbooks' layers take batches of one sample or more")
        returned = body(*arguments, **attributes)
        _leave_out_wider_types(name, arguments, returned)
        return returned

    return call


def _leave_out_wider_types(name: str, arguments: tuple[Any, ...], returned: Any) -> None:
    """Leave float32 out where it comes back as float64: that is what such code does, and all that it promises."""
    parts = (returned,) if len(FUNCTIONS[name].results) == 1 else returned
    types = {np.asarray(part).dtype for part in parts}
    if arguments[0].dtype == np.float32 and np.dtype(np.float64) in types:
        raise NotImplementedError("float32 comes back as float64: these layers work in float64 alone")


def _has(made: Any, method: str) -> bool:
    """Return whether a class has a method; PyTorch's modules, some of which have the same names, are no textbook's."""
    return inspect.isclass(made) and callable(getattr(made, method, None)) and not hasattr(made, "named_parameters")


def _is_named(namespace: object, name: str) -> bool:
    """Return whether the target itself is a class of that name."""
    return inspect.isclass(namespace) and namespace.__name__ == name


def _counts_the_filter(function: Any) -> bool:
    """Return whether a function takes the two sizes of a filter apart, and so more than the contract's."""
    if not inspect.isfunction(function):
        return False
    given = [
        each for each in inspect.signature(function).parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    counted = 4 if function.__name__ == "col2im" else 3
    needed = given[:counted]
    return len(needed) == counted and all(
        each.default is each.empty and each.name not in ("kernel_size", "stride", "pad", "padding") for each in needed
    )
