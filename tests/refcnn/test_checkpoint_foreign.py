"""Archives that are whole, and no checkpoints: refused in one clear line, and nothing in them is executed."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from refcnn.training import checkpoint
from refcnn.training.checkpoint import FORMAT, CheckpointError
from refcnn.training.trainer import Epoch


def refusal_of(path: Path) -> str:
    """Return why a file is refused, which must be one line about that file."""
    with pytest.raises(CheckpointError) as refusal:
        checkpoint.load(path)
    message = str(refusal.value)
    beginning = f"checkpoint: path must be a whole checkpoint of refcnn, got {path}: "
    assert message.startswith(beginning)
    assert "\n" not in message
    reason = message.removeprefix(beginning)
    assert reason
    return reason


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def npz(folder: Path, **entries: Any) -> Path:
    path = folder / "run.npz"
    np.savez(path, **entries)
    return path


def entries(**changes: Any) -> dict[str, Any]:
    """Return the entries of a good file, with other values in its text."""
    text: dict[str, Any] = {
        "format": FORMAT,
        "step": 0,
        "generator": {},
        "history": [],
        "configuration": {},
        "entries": ["parameters/weight"],
    }
    return {"run": json.dumps(text | changes), "parameters/weight": np.ones(2)}


def test_the_entries_that_the_next_tests_spoil_are_good(tmp_path: Path) -> None:
    state, _ = checkpoint.load(npz(tmp_path, **entries()))
    assert_array_equal(state.parameters["weight"], np.ones(2))


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    executed = tmp_path / "executed"
    bomb = Bomb(executed)
    pickle.loads(pickle.dumps(bomb))  # noqa: S301 - to see that the bomb would go off
    assert executed.exists()
    executed.unlink()
    for spoilt in (
        {"parameters/weight": np.array([bomb], object)},
        {"run": np.array(bomb, object)},
        {"other": np.array([bomb], object)},
    ):
        assert refusal_of(npz(tmp_path, **entries() | spoilt)) == (
            "Object arrays cannot be loaded when allow_pickle=False"
        )
    path = npz(tmp_path, **entries())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("optimiser/weight.m.npy", pickle.dumps(bomb))
        archive.writestr("optimiser/weight.v", pickle.dumps(bomb))
    assert refusal_of(path) == "its entry optimiser/weight.m is no array"
    path.write_bytes(pickle.dumps(bomb))
    refusal_of(path)
    assert not executed.exists()


def epoch(**changes: Any) -> dict[str, Any]:
    return Epoch(1, 0.1, 0.5, 0.5, 0.5)._asdict() | changes


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({}, "it has no entry 'run', which describes the run"),
        ({"weight": np.ones(2)}, "it has no entry 'run', which describes the run"),
        ({"run": np.ones(2)}, "its entry run is of float64 and shape (2,), not a text"),
        ({"run": np.array(["{}", "{}"])}, "its entry run is of <U2 and shape (2,), not a text"),
        ({"run": "no json"}, "Expecting value: line 1 column 1 (char 0)"),
        ({"run": "[" * 100_000}, "recursion"),
        ({"run": "[]"}, f"its entry run is not of the format {FORMAT!r}"),
        ({"run": "{}"}, f"its entry run is not of the format {FORMAT!r}"),
        (entries(format="refcnn checkpoint 2"), f"its entry run is not of the format {FORMAT!r}"),
        (
            entries(more=1),
            "its entry run has ['configuration', 'entries', 'format', 'generator', 'history', 'more', 'step'], not",
        ),
        ({"run": json.dumps({"format": FORMAT})}, "its entry run has ['format'], not ['configuration', 'entries', "),
        (
            entries(entries=["parameters/weight", "statistics/mean"]),
            "it has no entry 'statistics/mean', which it says it has",
        ),
        (entries(step="6"), "its step is '6', not of int"),
        (entries(step=float("inf")), "its step is inf, not of int"),
        (entries(step=True), "its step is True, not of int"),
        (entries(generator=[]), "its generator is [], not of dict"),
        (entries(history={}), "its history is {}, not of list"),
        (entries(configuration=None), "its configuration is None, not of dict"),
        (entries(history=[5]), "epoch 1 of its history is 5, not epoch, lr, loss, train_accuracy, test_accuracy"),
        (entries(history=[{"epoch": 1}]), "epoch 1 of its history is {'epoch': 1}, not"),
        (entries(history=[epoch(more=1)]), "epoch 1 of its history is "),
        (entries(history=[epoch(loss="0.5")]), "epoch 1 of its history is "),
        (entries(history=[epoch(), epoch()]), "epoch 2 of its history is "),
        (entries() | {"weight": np.ones(2)}, "it has an entry 'weight', which no run has"),
        (entries() | {"gradients/weight": np.ones(2)}, "it has an entry 'gradients/weight', which no run has"),
        (entries() | {"parameters/bias": np.ones(2, int)}, "its entry parameters/bias is of int64, not of float16, "),
        (entries() | {"optimiser/bias": np.ones(2, complex)}, "its entry optimiser/bias is of complex128, not of"),
        (entries() | {"statistics/bias": np.array("x")}, "its entry statistics/bias is of <U1, not of"),
    ],
)
def test_an_archive_that_is_no_checkpoint_is_refused(tmp_path: Path, spoilt: dict[str, Any], reason: str) -> None:
    assert reason in refusal_of(npz(tmp_path, **spoilt))


def test_an_array_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    path = npz(tmp_path, **entries())
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**45,)})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("parameters/huge.npy", header.getvalue())
    refusal_of(path)
