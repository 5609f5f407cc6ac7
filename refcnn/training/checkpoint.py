"""A run in one file: written whole or not at all, and read without trusting it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from refcnn._checks import FloatArray
from refcnn.layers.layer import Arrays
from refcnn.training.trainer import Epoch, State

FORMAT = "refcnn checkpoint 1"
_ARRAYS = ("parameters", "statistics", "optimiser")
_TEXT: dict[str, type] = {
    "format": str,
    "step": int,
    "generator": dict,
    "history": list,
    "configuration": dict,
    "entries": list,  # the names of the arrays: a damaged table of contents can hide some
}


class CheckpointError(ValueError):
    """The file is missing, damaged, or not a checkpoint of this kind of network."""


def save(path: str | os.PathLike[str], state: State, configuration: dict[str, Any]) -> None:
    """Write the state and the configuration of a run into one `.npz` file.

    The file is written beside its place, flushed to the disk, and then takes that place in one step: at no moment
    is there a half-written file of that name, and whatever ends the process leaves the old one or the new one. Only
    a process that is killed in the middle leaves its unfinished file behind, under a name that begins with a dot.

    Parameters
    ----------
    path : where to; its folder must exist
    state : as `Trainer.state` gives it
    configuration : what the run was made of, as JSON can hold it

    Raises
    ------
    TypeError
        A configuration, or the state of a generator, that JSON cannot hold; the old file is as it was.
    OSError
        The folder is missing, full, or may not be written to; the old file is as it was.

    Examples
    --------
    >>> import tempfile
    >>> state = State({"weight": np.ones(2)}, {}, {}, 5, {"bit_generator": "PCG64"}, ())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Path(folder, "run.npz"), state, {"model": "simple"})
    ...     loaded, configuration = load(Path(folder, "run.npz"))
    >>> loaded.parameters["weight"].tolist(), loaded.step, configuration
    ([1.0, 1.0], 5, {'model': 'simple'})
    """
    path = Path(path)
    arrays = {f"{kind}/{name}": array for kind in _ARRAYS for name, array in getattr(state, kind).items()}
    text = {
        "format": FORMAT,
        "step": state.step,
        "generator": state.generator,
        "history": [epoch._asdict() for epoch in state.history],
        "configuration": configuration,
        "entries": list(arrays),
    }
    run = np.array(json.dumps(text))
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            np.savez(file, run=run, **arrays)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def load(path: str | os.PathLike[str]) -> tuple[State, dict[str, Any]]:
    """Read what `save` wrote: the state and the configuration.

    Nothing in the file is executed: a pickle, or an array of Python objects, is refused.

    Raises
    ------
    CheckpointError
        No file, one that is damaged or cut off, or one that `save` did not write.
    """
    path = Path(path)
    if not path.is_file():
        got = "is no file" if path.exists() else "does not exist"
        raise CheckpointError(f"checkpoint: path must be a file that a run wrote, got {path}, which {got}")
    try:
        arrays = _entries(path)
        text = _text(arrays)
        return _state(text, arrays), text["configuration"]
    except Exception as error:  # what a damaged file raises is up to zipfile, zlib, json and NumPy
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CheckpointError(f"checkpoint: path must be a whole checkpoint of refcnn, got {path}: {reason}") from error


def _entries(path: Path) -> Arrays:
    """Read every array of the file, each only after its checksum."""
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"its entry {damaged} is damaged")
    with np.load(path, allow_pickle=False) as file:
        entries = {name: file[name] for name in file.files}
    for name, entry in entries.items():
        if not isinstance(entry, np.ndarray):  # NumPy hands out the bytes of what is no array
            raise TypeError(f"its entry {name} is no array")
    return entries


def _text(arrays: Arrays) -> dict[str, Any]:
    """Take the entry that is text out of the arrays, and read it."""
    if "run" not in arrays:
        raise ValueError("it has no entry 'run', which describes the run")
    run = arrays.pop("run")
    if run.dtype.kind != "U" or run.ndim != 0:
        raise TypeError(f"its entry run is of {run.dtype} and shape {run.shape}, not a text")
    text = json.loads(str(run))
    if not isinstance(text, dict) or text.get("format") != FORMAT:
        raise ValueError(f"its entry run is not of the format {FORMAT!r}")
    if text.keys() != _TEXT.keys():
        raise ValueError(f"its entry run has {sorted(text)}, not {sorted(_TEXT)}")
    for name, kind in _TEXT.items():
        if type(text[name]) is not kind:
            raise TypeError(f"its {name} is {text[name]!r}, not of {kind.__name__}")
    return text


def _state(text: dict[str, Any], arrays: Arrays) -> State:
    kinds: dict[str, Arrays] = {kind: {} for kind in _ARRAYS}
    if missing := [key for key in text["entries"] if key not in arrays]:
        raise ValueError(f"it has no entry {missing[0]!r}, which it says it has")
    for key, array in arrays.items():
        kind, _, name = key.partition("/")
        if kind not in kinds:
            raise ValueError(f"it has an entry {key!r}, which no run has")
        kinds[kind][name] = _floating(key, array)
    history = tuple(_epoch(number, values) for number, values in enumerate(text["history"], start=1))
    return State(**kinds, step=text["step"], generator=text["generator"], history=history)


def _floating(key: str, array: FloatArray) -> FloatArray:
    if array.dtype.type not in (np.float16, np.float32, np.float64):
        raise TypeError(f"its entry {key} is of {array.dtype}, not of float16, float32 or float64")
    return array


def _epoch(number: int, values: Any) -> Epoch:
    """Read an epoch of the history, which must be a number everywhere."""
    is_epoch = isinstance(values, dict) and values.keys() == set(Epoch._fields) and values["epoch"] == number
    if not is_epoch or not all(type(value) in (int, float) for value in values.values()):
        raise ValueError(f"epoch {number} of its history is {values!r}, not {', '.join(Epoch._fields)}")
    return Epoch(**values)
