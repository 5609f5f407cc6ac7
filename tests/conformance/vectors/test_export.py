"""An export is the same to the byte, described by its schema, made without the reference, and whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import refcnn
from conformance.contract import FUNCTIONS
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS
from conformance.vectors import Choice, VectorsError, export, read_export
from conformance.vectors.flags import FLAGS
from conformance.vectors.vector import RULES, Candidate

OPERATORS_OF_FEW = ["conv1d", "softmax", "dropout"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def index_of(folder: Path) -> dict[str, Any]:
    index: dict[str, Any] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return index


def test_two_exports_have_the_same_bytes(few: Path, tmp_path: Path) -> None:
    export(tmp_path / "again", OPERATORS_OF_FEW)
    assert contents(tmp_path / "again") == contents(few)


# Runs in a process of its own, in which nothing of the reference computes.
WITHOUT_REFERENCE = f"""
import sys, types
from pathlib import Path
import refcnn
from conformance.vectors import export

def halted(*_, **__):
    raise AssertionError("the reference was asked")

for name, module in list(sys.modules.items()):
    if name.partition(".")[0] == "refcnn":
        for each, value in list(vars(module).items()):
            if isinstance(value, types.FunctionType):
                setattr(module, each, halted)
assert refcnn.conv1d is halted
export(Path(sys.argv[1]), {OPERATORS_OF_FEW!r})
"""


def test_another_process_in_which_the_reference_is_halted_writes_the_same_bytes(few: Path, tmp_path: Path) -> None:
    """Other hashes too; the answers do not come from the implementation that they judge."""
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", WITHOUT_REFERENCE, str(tmp_path / "other")], env=environment, check=True)
    assert contents(tmp_path / "other") == contents(few)


def test_another_seed_gives_the_same_corners_other_numbers(tmp_path: Path) -> None:
    first, second = (index_of_seed(tmp_path, seed) for seed in (0, 1))
    reasons = {case.note for each in REQUIREMENTS for case in (*each.corners, *each.paths)}
    corners = [{each["note"] for each in index["vectors"]} & reasons for index in (first, second)]
    assert corners[0] == corners[1]
    assert second["seed"] == 1
    shared = [each["note"] for each in first["vectors"]].index("more than 1024 parameters")
    arrays = [np.load(tmp_path / str(seed) / "inputs" / "sgd_update.npz") for seed in (0, 1)]
    ids = [index["vectors"][shared]["id"] for index in (first, second)]
    assert ids[0] != ids[1]
    assert not np.array_equal(arrays[0][f"{ids[0]}.param"], arrays[1][f"{ids[1]}.param"])


def index_of_seed(folder: Path, seed: int) -> dict[str, Any]:
    export(folder / str(seed), ["sgd_update"], seed=seed)
    return index_of(folder / str(seed))


def test_the_index_has_the_form_of_the_schema_that_lies_beside_it(small: Path) -> None:
    schema = json.loads((small / "index.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    index = index_of(small)
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(index)) == []
    vector = schema["$defs"]["vector"]["properties"]
    assert vector["flags"]["items"]["enum"] == list(FLAGS)
    assert vector["rule"]["enum"] == list(RULES)
    one = index["vectors"][0]
    changes: list[dict[str, Any]] = [{"flags": ["unknown"]}, {"rule": "refuse"}, {"results": {}}, {"refuse": "value"}]
    assert validator.is_valid(index | {"vectors": [one]})
    for whole in ({"more": 1}, {"format": 2}):
        assert not validator.is_valid(index | {"vectors": []} | whole)
    for change in changes:
        assert not validator.is_valid(index | {"vectors": [one | change]})


def test_the_checksums_are_those_of_the_files(small: Path) -> None:
    lines = (small / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert {*sums, "SHA256SUMS"} == set(contents(small))
    assert sums == {name: hashlib.sha256((small / name).read_bytes()).hexdigest() for name in sums}
    for name, described in index_of(small)["files"].items():
        assert described == {"bytes": (small / name).stat().st_size, "sha256": sums[name]}


def test_the_small_set_is_small_and_has_every_function_flag_and_rule(small: Path) -> None:
    vectors = index_of(small)["vectors"]
    assert sum(len(content) for content in contents(small).values()) < 5 * 2**20
    assert 300 <= len(vectors) <= 700
    assert {each["function"] for each in vectors} == set(FUNCTIONS)
    assert min(Counter(each["function"] for each in vectors).values()) >= 8
    assert {flag for each in vectors for flag in each["flags"]} == set(FLAGS)
    assert {each["rule"] for each in vectors} == set(RULES)
    assert len({each["id"] for each in vectors}) == len(vectors)
    for function in FUNCTIONS:
        own = [each for each in vectors if each["function"] == function]
        assert any(each["rule"] == "refuse" for each in own)
        assert {"float32", "float64"} <= {flag for each in own for flag in each["flags"]}


def test_the_corners_come_first_with_the_reasons_why_they_are_there(small: Path) -> None:
    reasons = {case.note for each in REQUIREMENTS for case in (*each.corners, *each.paths)}
    for function in FUNCTIONS:
        notes = [each["note"] for each in index_of(small)["vectors"] if each["function"] == function]
        corners = [note in reasons for note in notes]
        derived = [note.startswith("what goes wrong") for note in notes]
        assert [not corner for corner in corners] == derived
        assert derived.index(True) > 0
        # Corners, the grid, then what must be refused.
        assert derived == sorted(derived[: corners.index(False)]) + derived[corners.index(False) :]


def test_a_vector_holds_what_the_contract_passes_and_returns(small: Path) -> None:
    for each in index_of(small)["vectors"]:
        function = FUNCTIONS[each["function"]]
        passed = {*each["inputs"], *each["attributes"]}
        assert passed | function.optional >= {*function.arguments, *function.attributes}
        assert passed <= {*function.arguments, *function.attributes}
        results = function.results[:1] if each["rule"] == "not finite" else function.results
        assert set(each["results"]) == (set() if each["rule"] == "refuse" else set(results))


def test_attributes_have_one_form_each(small: Path) -> None:
    for each in index_of(small)["vectors"]:
        flat = each["function"].startswith("conv1d")
        for name, shape in (("stride", (2,)), ("dilation", (2,)), ("kernel_size", (2,)), ("padding", (2, 2))):
            if name in each["attributes"]:
                assert np.shape(each["attributes"][name]) == (shape[1:] if flat else shape)


def test_an_integer_array_is_a_wrong_type_and_all_else_a_wrong_value(small: Path) -> None:
    refusals = [each for each in index_of(small)["vectors"] if each["rule"] == "refuse"]
    assert {(each["refuse"], "integers" in each["flags"]) for each in refusals} == {("type", True), ("value", False)}


def test_the_full_set_has_the_vectors_of_the_default_profile(tmp_path: Path) -> None:
    index = export(tmp_path / "full", ["im2col"], Choice.FULL)
    (values,) = (each for each in REQUIREMENTS if each.id == "im2col.values")
    cases = [Candidate(values, case, False) for case in values.cases(Plan("default"))]
    # Where padding is all that the windows see, every number is 0: such a call shows nothing.
    wanted = {each.id for each in cases if np.any(refcnn.im2col(each.call.arrays["x"], **each.attributes))}
    assert len(wanted) > 500
    assert wanted <= {each["id"] for each in index["vectors"]}


def test_declared_conventions_change_the_answers(tmp_path: Path) -> None:
    declared = {"batch_norm.running_var": "biased", "max_pool2d.ties": "any", "conv1d.accuracy": "normwise"}
    operators = ["batch_norm", "max_pool2d", "conv1d"]
    export(tmp_path / "plain", operators)
    export(tmp_path / "declared", operators, conventions=declared)
    plain, other = read_export(tmp_path / "plain"), read_export(tmp_path / "declared")
    assert {name: other.index["conventions"][name] for name in declared} == declared
    assert plain.index["conventions"]["batch_norm.running_var"] == "unbiased"
    two = next(each for each in plain.vectors if each["note"].startswith("two values a channel"))
    new, old = (dict(each.answers(two if each is plain else same(other, two))) for each in (other, plain))
    momentum = 0.1
    running = np.load(tmp_path / "plain" / "inputs" / "batch_norm.npz")[f"{two['id']}.running_var"]
    # Of two values the unbiased variance is twice the biased one.
    kept = (1 - momentum) * running
    assert np.allclose(old["running_var"].value - kept, 2 * (new["running_var"].value - kept), rtol=1e-9)
    ties = [each for each in other.vectors if each["function"] == "max_pool2d_backward" and "tie" in each["flags"]]
    assert ties == []
    assert [each for each in other.vectors if each["function"].startswith("conv1d") and "exact" in each["flags"]] == []


def same(exported: Any, entry: Any) -> Any:
    return next(each for each in exported.vectors if each["id"] == entry["id"])


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(VectorsError, match="DIR must be a new or empty folder, or hold an export and nothing else"):
            export(tmp_path, ["sgd_update"], force=force)
    with pytest.raises(VectorsError, match=r"nothing else, got .*mine\.txt"):
        export(tmp_path / "mine.txt", ["sgd_update"])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_earlier_export_is_replaced_when_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    folder.mkdir()
    export(folder, ["relu"])
    with pytest.raises(VectorsError, match="an earlier export; --force replaces it"):
        export(folder, ["sgd_update"])
    assert index_of(folder)["operators"] == ["relu"]
    export(folder, ["sgd_update"], force=True)
    assert index_of(folder)["operators"] == ["sgd_update"]
    assert set(contents(folder)) >= {"inputs/sgd_update.npz"}
    assert "inputs/relu.npz" not in contents(folder)
    (folder / "results").mkdir()
    (folder / "results" / "mine.npy").write_text("mine")
    with pytest.raises(VectorsError, match="and nothing else"):
        export(folder, ["sgd_update"], force=True)


def test_what_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(function: str) -> None:
        if function == "relu_backward":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(tmp_path / "vectors", ["relu"], progress=interrupt)
    assert list(tmp_path.iterdir()) == []
