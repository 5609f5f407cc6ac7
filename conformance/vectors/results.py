"""Read answers that were made anywhere: nothing is unpickled, and nothing is read that has not the size it should.

A folder holds files named after vectors; a JSON file holds the same under their ids.
"""

from __future__ import annotations

import io
import json
import math
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

REFUSED, UNSUPPORTED = "refused", "unsupported"
# As much of a message as a line can show.
_MESSAGE = 400
# Stands for every result where an archive does not open and so cannot say which it has.
_ANY = "*"


class ResultsError(ValueError):
    """There are no results to judge; the message is one line."""


class UnreadableError(ValueError):
    """A result is there, but cannot be read."""


class MismatchError(ValueError):
    """A result can be read, and has the wrong shape or element type."""


@dataclass(frozen=True)
class Wanted:
    """What a result must look like."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def check(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        """Raise where a result looks different."""
        if shape != self.shape:
            raise MismatchError(f"{self.name} has shape {shape}, want {self.shape}")
        if dtype.newbyteorder("=") != self.dtype:
            raise MismatchError(f"{self.name} is {dtype.newbyteorder('=')}, want {self.dtype} as the inputs are")


class Results:
    """Answers to vectors, by id; each result is read when it is asked for."""

    def __init__(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self._entries = entries

    @property
    def ids(self) -> Iterable[str]:
        """The ids that something was given for, known or not."""
        return self._entries

    def said(self, id_: str, what: str) -> str | None:
        """Return the message with which a call was refused or not supported, or nothing where it was neither."""
        message = self._entries.get(id_, {}).get(what)
        if isinstance(message, Path):
            with message.open("rb") as stream:
                return _one_line(stream.read(_MESSAGE).decode("utf-8", errors="replace"))
        return None if message is None else _one_line(message)

    def has(self, id_: str, name: str) -> bool:
        """Return whether a result was given."""
        return bool({name, _ANY} & self._entries.get(id_, {}).keys())

    def answered(self, id_: str) -> bool:
        """Return whether any result was given."""
        return bool(self._entries.get(id_, {}).keys() - {REFUSED, UNSUPPORTED})

    def read(self, id_: str, wanted: Wanted) -> Array:
        """Return a result.

        Raises
        ------
        UnreadableError, MismatchError
            where there is none to compare
        """
        entry = self._entries[id_]
        stored = entry[wanted.name if wanted.name in entry else _ANY]
        if isinstance(stored, Path):
            return _from_file(stored, wanted)
        return _from_json(stored, wanted)


def read_results(place: Path) -> Results:
    """Find the results in a folder or in a JSON file."""
    if place.is_dir():
        return Results(_in_folder(place))
    if place.suffix != ".json" or not place.is_file():
        raise ResultsError(f"RESULTS must be a folder or a .json file, got {place}")
    try:
        plain = json.loads(place.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"RESULTS must be JSON, got {place} ({_one_line(error)})") from error
    results = plain.get("results") if isinstance(plain, dict) else None
    if not isinstance(results, dict) or not all(isinstance(entry, dict) for entry in results.values()):
        raise ResultsError(f'RESULTS must be {{"results": {{id: {{result: …}}}}}}, got {place} of another form')
    return Results(results)


def _in_folder(folder: Path) -> dict[str, dict[str, Any]]:
    """Sort the files by id and result; an archive stands for all the results that it has."""
    entries: dict[str, dict[str, Any]] = {}
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        id_, _, result = path.stem.partition(".")
        entry = entries.setdefault(id_, {})
        if path.suffix == ".npz" and not result:
            entry |= dict.fromkeys(_members(path), path)
        elif path.suffix == ".npy" and result:
            entry[result] = path
        elif path.suffix in (f".{REFUSED}", f".{UNSUPPORTED}") and not result:
            entry[path.suffix[1:]] = path
        else:
            # A name that no vector has, so that it is reported as such.
            entries[path.name] = {}
    return {id_: entry for id_, entry in entries.items() if entry or (folder / id_).is_file()}


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except Exception:  # noqa: BLE001 - what zipfile raises at a damaged archive is no promise
        # Why it does not open is told when its results are read.
        return [_ANY]


def _from_file(path: Path, wanted: Wanted) -> Array:
    try:
        if path.suffix == ".npy":
            with path.open("rb") as stream:
                return _array(stream, wanted)
        with zipfile.ZipFile(path) as archive, archive.open(f"{wanted.name}.npy") as member:
            return _array(member, wanted)
    except MismatchError:
        raise
    # What zlib, zipfile, tokenize and NumPy raise at a damaged file is a long list, and no promise.
    except Exception as error:
        raise UnreadableError(f"{path.name} cannot be read: {_one_line(error)}") from error


# How a header is read by the version of the format, and how many bytes say how long it is.
_HEADERS = {(1, 0): (np.lib.format.read_array_header_1_0, 2), (2, 0): (np.lib.format.read_array_header_2_0, 4)}
# The header of an array is about a hundred bytes long.
_LONGEST_HEADER = 64 * 1024


def _array(stream: Any, wanted: Wanted) -> Array:
    """Read an array by the ``.npy`` format, its numbers only if they have the size that is wanted."""
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise UnreadableError(f"version {version} of the format is not known")
    read_header, bytes_of_length = _HEADERS[version]
    # A length that is only claimed makes NumPy, and what unpacks an archive, take as much memory.
    length = stream.read(bytes_of_length)
    if (claimed := int.from_bytes(length, "little")) > _LONGEST_HEADER:
        raise UnreadableError(f"its header must have at most {_LONGEST_HEADER} bytes, and has {claimed}")
    header = io.BytesIO(length + stream.read(claimed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shape, fortran_order, dtype = read_header(header)
    if dtype.hasobject:
        raise UnreadableError("it holds Python objects, which are not unpickled")
    wanted.check(dtype, shape)
    size = math.prod(shape) * dtype.itemsize
    # One byte more, to see that there is none.
    content = stream.read(size + 1)
    if len(content) != size:
        raise UnreadableError(f"it should have {size} bytes of numbers, and has {_count(content, size)}")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran_order else "C")


def _count(content: bytes, size: int) -> str:
    return str(len(content)) if len(content) < size else "more"


_NAMED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _from_json(stored: Any, wanted: Wanted) -> Array:
    try:
        dtype, shape, data = np.dtype(str(stored["dtype"])), tuple(stored["shape"]), stored["data"]
        wanted.check(dtype, shape)
        numbers = [_NAMED[number] if isinstance(number, str) else float(number) for number in data]
        return np.asarray(numbers, dtype).reshape(shape)
    except MismatchError:
        raise
    # Whatever a program may have written there is a finding about the program.
    except Exception as error:
        raise UnreadableError(
            f"{wanted.name} must be {{dtype, shape, data: a flat list of numbers}}, got another form "
            f"({type(error).__name__}: {_one_line(error)})"
        ) from error


def _one_line(text: object) -> str:
    return " ".join(str(text)[:_MESSAGE].split())
