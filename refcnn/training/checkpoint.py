"""A run in one file: written whole or not at all, and read without trusting it."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from refcnn.layers.layer import Arrays
from refcnn.training.trainer import Epoch, State

FORMAT = "refcnn checkpoint 1"
_ARRAYS = ("parameters", "statistics", "optimiser")


class CheckpointError(ValueError):
    """The file is missing, damaged, or not a checkpoint of this kind of network."""


def save(path: str | os.PathLike[str], state: State, configuration: dict[str, Any]) -> None:
    """Write the state and the configuration of a run into one `.npz` file.

    The file is written beside its place, flushed to the disk, and then takes that place in one step: at no moment
    is there a half-written file of that name, and whatever ends the process leaves the old one or the new one.

    Parameters
    ----------
    path : where to; its folder must exist
    state : as `Trainer.state` gives it
    configuration : what the run was made of, as JSON can hold it

    Raises
    ------
    OSError
        The folder is missing, full, or may not be written to; the old file is as it was.

    Examples
    --------
    >>> state = State({"weight": np.ones(2)}, {}, {}, 5, {"bit_generator": "PCG64"}, ())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Path(folder, "run.npz"), state, {"model": "simple"})
    ...     loaded, configuration = load(Path(folder, "run.npz"))
    >>> loaded.parameters["weight"].tolist(), loaded.step, configuration
    ([1.0, 1.0], 5, {'model': 'simple'})
    """
    path = Path(path)
    text = {
        "format": FORMAT,
        "step": state.step,
        "generator": state.generator,
        "history": [epoch._asdict() for epoch in state.history],
        "configuration": configuration,
    }
    arrays = {f"{kind}/{name}": array for kind in _ARRAYS for name, array in getattr(state, kind).items()}
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, run=np.array(json.dumps(text)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
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
        raise CheckpointError(f"checkpoint: path must be a file that a run wrote, got {path}, which does not exist")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise ValueError(f"{damaged} is damaged")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        text = json.loads(str(arrays.pop("run")[()]))
        return _state(text, arrays), dict(text["configuration"])
    except (OSError, EOFError, KeyError, TypeError, ValueError, IndexError, zipfile.BadZipFile, MemoryError) as error:
        raise CheckpointError(f"checkpoint: path must be a whole checkpoint of refcnn, got {path}: {error}") from error


def _state(text: dict[str, Any], arrays: Arrays) -> State:
    if text["format"] != FORMAT:
        raise ValueError(f"its format is {text['format']!r}, not {FORMAT!r}")
    kinds: dict[str, Arrays] = {kind: {} for kind in _ARRAYS}
    for key, array in arrays.items():
        kind, _, name = key.partition("/")
        if not np.issubdtype(array.dtype, np.floating):
            raise TypeError(f"{key} is of {array.dtype}, not of floats")
        kinds[kind][name] = array
    history = tuple(Epoch(**epoch) for epoch in text["history"])
    return State(**kinds, step=int(text["step"]), generator=dict(text["generator"]), history=history)
