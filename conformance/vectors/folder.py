"""Read what ``export`` wrote, and take nothing that was changed since."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.oracle import Answer
from conformance.vectors.index import what_is_wrong

Array = NDArray[Any]

# A change that breaks readers raises it.
FORMAT = 1

INDEX, SCHEMA, README, SUMS = "index.json", "index.schema.json", "README.md", "SHA256SUMS"
INPUTS, ANSWERS = "inputs", "answers"


class VectorsError(ValueError):
    """A folder that is no export, or one that was changed; the message is one line."""


@dataclass(frozen=True)
class Export:
    """A folder of vectors that has been compared with its checksums."""

    folder: Path
    index: Mapping[str, Any]
    archives: dict[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def vectors(self) -> list[dict[str, Any]]:
        """What the index says of each vector."""
        found: list[dict[str, Any]] = self.index["vectors"]
        return found

    def answers(self, entry: Mapping[str, Any]) -> Iterator[tuple[str, Answer]]:
        """Yield the right answer and the allowed error of each result of a vector."""
        name = f"{ANSWERS}/{entry['function']}.npz"
        if name not in self.archives:
            self.archives[name] = (self.folder / name).read_bytes()
        archive = self.archives[name]
        for name, result in entry["results"].items():
            try:
                parts = [_numbers(archive, result["shape"], result[part]) for part in ("value", "allowed")]
            except ValueError as error:
                lacks = f"got {self.folder} without those of {entry['id']} ({error})"
                raise VectorsError(f"DIR must hold all answers, {lacks}") from error
            yield name, Answer(*parts)


def _numbers(archive: bytes, shape: list[int], offset: int) -> Array:
    return np.frombuffer(archive, "<f8", math.prod(shape), offset).reshape(shape)


def listed_files(folder: Path) -> set[str]:
    """Return the names of the files that belong to an export, the list of checksums among them."""
    return {*_sums(folder), SUMS}


def read_export(folder: Path) -> Export:
    """Read an export.

    Raises
    ------
    VectorsError
        where the folder is no export of this format, or a file of it was changed
    """
    for name, wanted in _sums(folder).items():
        path = folder / name
        if not path.is_file():
            raise VectorsError(f"DIR must hold all that was exported, got {folder} without {name}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            raise VectorsError(f"DIR must be as it was exported, got {folder} with {name} changed (SHA-256 differs)")
    index = _index(folder / INDEX)
    if index.get("format") != FORMAT:
        raise VectorsError(f"DIR must have the format {FORMAT}, got {folder} with format {index.get('format')!r}")
    if (wrong := what_is_wrong(index)) is not None:
        raise VectorsError(f"DIR must have an {INDEX} that {SCHEMA} allows, got {folder} {wrong}")
    return Export(folder, index)


def _index(path: Path) -> dict[str, Any]:
    try:
        index = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise VectorsError(f"DIR must have an {INDEX} of JSON, got {path} ({error})") from error
    return index if isinstance(index, dict) else {}


def _sums(folder: Path) -> dict[str, str]:
    """Return the checksums that stand in an export, by file."""
    path = folder / SUMS
    if not path.is_file():
        raise VectorsError(f"DIR must be a folder that refcnn vectors export wrote, got {folder} without {SUMS}")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    matched = [re.fullmatch(r"([0-9a-f]{64})  ((?:inputs/|answers/)?[\w.]+)", line) for line in lines]
    sums = {match[2]: match[1] for match in matched if match is not None}
    if len(sums) != len(lines) or INDEX not in sums:
        raise VectorsError(f"DIR must be a folder that refcnn vectors export wrote, got {folder} with another {SUMS}")
    return sums
