"""Write vectors into a folder that is whole or not there."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from conformance.contract import CONVENTIONS
from conformance.requirements import REQUIREMENTS
from conformance.vectors.archive import pack
from conformance.vectors.choice import Choice, candidates
from conformance.vectors.flags import FLAGS
from conformance.vectors.folder import ANSWERS, FORMAT, INDEX, INPUTS, README, SCHEMA, SUMS, VectorsError, listed_files
from conformance.vectors.vector import REFUSE, RULES, Vector, make_vector


def export(
    folder: Path,
    operators: Iterable[str],
    choice: Choice = Choice.SMALL,
    seed: int = 0,
    conventions: Mapping[str, str] | None = None,
    *,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Write the vectors of some operators and return their index; ``progress`` hears each function before its turn.

    Raises
    ------
    VectorsError
        where the folder holds something; with ``force``, something that is no export
    """
    folder = folder.resolve()
    _check_free(folder, force)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that a single renaming makes it whole.
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.partial-", dir=folder.parent) as scratch:
        whole = Path(scratch) / folder.name
        whole.mkdir()
        index = _write(whole, list(operators), choice, seed, dict(conventions or {}), progress)
        if folder.exists():
            folder.rename(Path(scratch) / "earlier")
        whole.rename(folder)
    return index


def _check_free(folder: Path, force: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        ours = listed_files(folder)
    except VectorsError:
        ours = set()
    foreign = not folder.is_dir() or any(
        path.relative_to(folder).as_posix() not in ours for path in folder.rglob("*") if not path.is_dir()
    )
    if foreign:
        raise VectorsError(f"DIR must be a new or empty folder, or hold an export and nothing else, got {folder}")
    if not force:
        raise VectorsError(f"DIR must be a new or empty folder, got {folder}, an earlier export; --force replaces it")


def _write(
    folder: Path,
    operators: list[str],
    choice: Choice,
    seed: int,
    conventions: Mapping[str, str],
    progress: Callable[[str], None],
) -> dict[str, Any]:
    (folder / INPUTS).mkdir()
    (folder / ANSWERS).mkdir()
    entries: list[dict[str, Any]] = []
    archives: dict[str, dict[str, Any]] = {}
    for function, chosen in candidates(choice, operators, seed, conventions):
        progress(function)
        vectors = [vector for vector in (make_vector(each, conventions) for each in chosen) if vector is not None]
        entries += _pack_function(folder, function, vectors)
        for name in (f"{INPUTS}/{function}.npz", f"{ANSWERS}/{function}.npz"):
            archives[name] = {"bytes": (folder / name).stat().st_size, "sha256": _digest(folder / name)}
    met = {entry["requirement"] for entry in entries}
    index = {
        "format": FORMAT,
        "refcnn": version("refcnn"),
        "set": choice.value,
        "seed": seed,
        "operators": operators,
        "conventions": {name: conventions.get(name, values[0]) for name, values in CONVENTIONS.items()},
        "files": archives,
        "flags": dict(FLAGS),
        "rules": dict(RULES),
        "requirements": {each.id: each.sentence for each in REQUIREMENTS if each.id in met},
        "vectors": entries,
    }
    (folder / INDEX).write_bytes(_as_text(index).encode())
    for name in (SCHEMA, README):
        (folder / name).write_bytes(files("conformance.vectors").joinpath(name).read_bytes())
    names = sorted([*archives, INDEX, SCHEMA, README])
    (folder / SUMS).write_bytes("".join(f"{_digest(folder / name)}  {name}\n" for name in names).encode())
    return index


def _pack_function(folder: Path, function: str, vectors: list[Vector]) -> list[dict[str, Any]]:
    """Write the inputs and the answers of a function; return what the index says of its vectors."""
    inputs = {f"{each.id}.{name}": array for each in vectors for name, array in each.inputs.items()}
    answers = {
        f"{each.id}.{name}.{part}": getattr(answer, part)
        for each in vectors
        for name, answer in each.answers.items()
        for part in ("value", "allowed")
    }
    given = pack(folder / INPUTS / f"{function}.npz", inputs)
    wanted = pack(folder / ANSWERS / f"{function}.npz", answers)
    return [_entry(vector, given, wanted) for vector in vectors]


def _entry(vector: Vector, given: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, Any]:
    refusal = {"refuse": "type" if vector.dtype == "int64" else "value"} if vector.rule == REFUSE else {}
    return refusal | {
        "id": vector.id,
        "function": vector.function,
        "requirement": vector.requirement,
        "rule": vector.rule,
        "note": vector.note,
        "flags": vector.flags,
        "attributes": vector.attributes,
        "inputs": {
            name: {"dtype": str(array.dtype), "shape": array.shape, "offset": given[f"{vector.id}.{name}"]}
            for name, array in vector.inputs.items()
        },
        "results": {
            name: {
                "dtype": vector.dtype,
                "shape": answer.value.shape,
                "value": wanted[f"{vector.id}.{name}.value"],
                "allowed": wanted[f"{vector.id}.{name}.allowed"],
            }
            for name, answer in vector.answers.items()
        },
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _as_text(index: Mapping[str, Any]) -> str:
    """Return the index as JSON, keys in order and a vector a line, for people and for ``diff`` and ``grep``."""
    head = json.dumps({name: value for name, value in index.items() if name != "vectors"}, indent=1, sort_keys=True)
    lines = ",\n".join(json.dumps(entry, sort_keys=True, allow_nan=False) for entry in index["vectors"])
    return f'{head.removesuffix(chr(10) + "}")},\n "vectors": [\n{lines}\n ]\n}}\n'
