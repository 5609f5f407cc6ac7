"""What the tests of the vectors share: one small export, and a user of it that knows nothing but its index."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.contract import FUNCTIONS, OPERATORS
from conformance.vectors import export

Answer = Callable[[Path, Path, object], None]
Entry = Mapping[str, Any]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the small set of all operators."""
    folder = tmp_path_factory.mktemp("exported") / "small"
    export(folder, list(OPERATORS))
    return folder


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the small set of a few operators that show every rule between them."""
    folder = tmp_path_factory.mktemp("exported") / "few"
    export(folder, ["conv1d", "softmax", "dropout"])
    return folder


@pytest.fixture(scope="session")
def answer() -> Answer:
    """Return what lets a namespace of the contract's functions answer every vector of an export it provides."""
    return _answer


def _answer(folder: Path, results: Path, namespace: object) -> None:
    results.mkdir()
    archives: dict[str, Mapping[str, NDArray[Any]]] = {}
    for entry in json.loads((folder / "index.json").read_text(encoding="utf-8"))["vectors"]:
        function = getattr(namespace, entry["function"], None)
        if function is None:
            continue
        if entry["function"] not in archives:
            archives[entry["function"]] = dict(np.load(folder / "inputs" / f"{entry['function']}.npz"))
        arrays = {name: archives[entry["function"]][f"{entry['id']}.{name}"] for name in entry["inputs"]}
        _answer_one(entry, arrays, function, results)


def _answer_one(entry: Entry, arrays: Entry, function: Callable[..., Any], results: Path) -> None:
    given = {**arrays, **{name: _tuples(value) for name, value in entry["attributes"].items()}}
    contract = FUNCTIONS[entry["function"]]
    positional = [given[name] for name in contract.arguments if name in given]
    try:
        returned = function(*positional, **{name: given[name] for name in contract.attributes if name in given})
    except NotImplementedError as error:
        (results / f"{entry['id']}.unsupported").write_text(str(error), encoding="utf-8")
        return
    except (ValueError, TypeError) as error:
        (results / f"{entry['id']}.refused").write_text(str(error), encoding="utf-8")
        return
    parts = [returned] if len(contract.results) == 1 else returned
    for name, part in zip(contract.results, parts, strict=True):
        np.save(results / f"{entry['id']}.{name}.npy", np.asarray(part))


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
