"""The implementation under test: found by name, called by the contract, and never trusted."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract import CONVENTIONS, FUNCTIONS
from conformance.layers import AmbiguousError, recognise
from conformance.layout import share_memory

Array = NDArray[Any]


class TargetError(Exception):
    """The target cannot be judged: it is not found, does not import, or provides nothing of the contract."""


class NotProvidedError(Exception):
    """The implementation leaves the function out."""


class NotSupportedError(Exception):
    """The implementation answered a call with NotImplementedError."""


class CallError(Exception):
    """A call ended in an exception, or returned what is no result of the function."""

    def __init__(self, message: str, raised: BaseException | None = None) -> None:
        super().__init__(message)
        self.raised = raised


class DeathError(Exception):
    """The process that a target has of its own ended, or had to be ended, instead of answering."""


class EndedError(SystemExit):
    """The end that a signal asked this process for, which is no doing of a target."""


@dataclass(frozen=True)
class Implementation:
    """A namespace of the contract's functions, with the conventions that it declares.

    ``recognised`` says for which classes of the target the functions stand, if it has classes instead of functions.
    """

    target: str
    namespace: object
    conventions: Mapping[str, str]
    recognised: str = field(default="", kw_only=True)

    @property
    def named(self) -> tuple[str, ...]:
        """The words after ``refcnn verify`` that name it."""
        return (self.target,)

    @property
    def again(self) -> Callable[[], Implementation]:
        """What loads it in another process; it can be pickled."""
        return functools.partial(load, self.target)

    @property
    def deaths(self) -> int:
        """How often its process died; without one of its own, it never did."""
        return 0

    def shares_memory(self, one: Array, other: Array) -> bool:
        """Return whether two of its arguments or results share memory."""
        return share_memory(one, other)

    def provides(self, function: str) -> bool:
        """Return whether the implementation defines a function of the contract."""
        return getattr(self.namespace, function, None) is not None

    def call(self, function: str, positional: Sequence[Any], attributes: Mapping[str, Any]) -> tuple[Array, ...]:
        """Call a function and return its results as arrays.

        Raises
        ------
        NotProvidedError, NotSupportedError
            neither is a failure
        CallError
            with the exception that was raised, or with what is wrong with the answer
        """
        if not self.provides(function):
            raise NotProvidedError(function)
        try:
            # A warning is not a wrong answer, and must not become one where warnings are errors.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                returned = getattr(self.namespace, function)(*positional, **attributes)
        except NotImplementedError as error:
            raise NotSupportedError(_text(error)) from error
        except (KeyboardInterrupt, EndedError):
            raise
        # Whatever else a target raises, SystemExit included, is a finding about the target.
        except BaseException as error:
            raise CallError(f"raised {type(error).__name__}: {_text(error)}", error) from error
        return _as_arrays(returned, FUNCTIONS[function].results)


def _text(error: BaseException) -> str:
    """Return what an exception says of itself, which is the target's own code too."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it may raise anything
        return "(an exception that cannot be printed)"


def _as_arrays(returned: Any, results: tuple[str, ...]) -> tuple[Array, ...]:
    parts = [returned] if len(results) == 1 else returned
    if not isinstance(parts, tuple | list) or len(parts) != len(results):
        kind = (
            f"{type(returned).__name__} of {len(parts)}" if isinstance(parts, tuple | list) else type(returned).__name__
        )
        raise CallError(f"returned {kind}, want a tuple ({', '.join(results)})")
    arrays = []
    for name, part in zip(results, parts, strict=True):
        try:
            array = np.asarray(part)
        # numpy.asarray runs the target's own __array__, which may raise anything.
        except Exception as error:
            raise CallError(f"returned {name} as {type(part).__name__}, which is no array ({_text(error)})") from error
        if array.dtype.kind not in "fiub":
            raise CallError(f"returned {name} as {type(part).__name__} of {array.dtype}, want floating numbers")
        arrays.append(array)
    return tuple(arrays)


def load(target: str) -> Implementation:
    """Find a target: a module, ``path/to/file.py``, or either with ``:name`` of an object in it.

    Raises
    ------
    TargetError
        with one line that says what to do

    Examples
    --------
    >>> load("refcnn").provides("conv2d")
    True
    """
    place, name = _split(target)
    with _importing(target):
        namespace: object = _load_file(Path(place)) if place.endswith(".py") else _load_module(place)
    for part in name.split(".") if name else []:
        if not hasattr(namespace, part):
            raise TargetError(f"target {target!r}: {place} has no {part!r}")
        namespace = getattr(namespace, part)
    return from_namespace(target, namespace)


def from_namespace(target: str, namespace: object) -> Implementation:
    """Judge an object that is already there under the name ``target``."""
    try:
        classes = recognise(namespace)
    except AmbiguousError as error:
        raise TargetError(f"target {target!r} {error}") from error
    if classes is not None:
        namespace = classes.namespace(namespace)
    provided = [name for name in FUNCTIONS if getattr(namespace, name, None) is not None]
    if not provided:
        raise TargetError(
            f"target {target!r} provides no function of the contract, such as conv2d, and no known layers"
        )
    for name in provided:
        if not callable(getattr(namespace, name)):
            raise TargetError(f"target {target!r}: {name} must be a function, got {getattr(namespace, name)!r}")
    conventions = getattr(namespace, "CONVENTIONS", {})
    if not isinstance(conventions, Mapping):
        raise TargetError(f"target {target!r}: CONVENTIONS must be a mapping, got {conventions!r}")
    for key, value in conventions.items():
        if value not in CONVENTIONS.get(key, ()):
            legal = "; ".join(f"{name}: {' or '.join(values)}" for name, values in CONVENTIONS.items())
            raise TargetError(f"target {target!r}: CONVENTIONS must be among {legal}; got {key}: {value}")
    recognised = "" if classes is None else classes.description
    return Implementation(target, namespace, dict(conventions), recognised=recognised)


def _split(target: str) -> tuple[str, str]:
    place, colon, name = target.rpartition(":")
    # A Windows drive, as in C:\mine.py, is not a name in a module.
    return (place, name) if colon and name.replace(".", "_").isidentifier() else (target, "")


def _load_module(name: str) -> object:
    if "/" in name and Path(name).is_dir():
        raise IsADirectoryError(f"{name} is a folder, must be a file that ends in .py, or a package by its dotted name")
    # A command installed on the path does not see the folder that it is called in, unlike python -m.
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    return importlib.import_module(name)


def _load_file(path: Path) -> object:
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    # Files beside the target are its to import; last on the path, they hide no installed package.
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    name = f"_refcnn_target_{path.stem}"
    loader = SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(ModuleSpec(name, loader, origin=str(path)))
    module.__file__ = str(path)
    # Dataclasses and pickling look their module up by name.
    sys.modules[name] = module
    loader.exec_module(module)
    return module


@contextlib.contextmanager
def _importing(target: str) -> Iterator[None]:
    """Turn whatever importing a target raises into one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        reason = " ".join(str(error).split())
        raise TargetError(f"target {target!r} cannot be imported: {type(error).__name__}: {reason}") from error
