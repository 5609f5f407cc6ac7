"""The commands ``refcnn vectors export`` and ``check``: status, table, failures, reports, and one line for an error."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

import refcnn
from conformance.cli import app
from conformance.vectors import export

Answer = Callable[[Path, Path, object], None]


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["vectors", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    out, err = (re.sub("\x1b\\[[0-9;]*m", "", text) for text in (result.stdout, result.stderr))
    return result.exit_code, out, err


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "vectors"
    export(folder, ["momentum_update", "sgd_update"])
    return folder


@pytest.fixture
def results(vectors: Path, answer: Answer, tmp_path: Path) -> Path:
    answer(vectors, tmp_path / "results", refcnn)
    return tmp_path / "results"


def entries(vectors: Path, **wanted: str) -> list[dict[str, Any]]:
    index = json.loads((vectors / "index.json").read_text(encoding="utf-8"))
    return [each for each in index["vectors"] if all(each[name] == value for name, value in wanted.items())]


def spoil(results: Path, id_: str, result: str) -> None:
    path = results / f"{id_}.{result}.npy"
    np.save(path, np.load(path) + np.float32(1))


def test_export_says_what_it_wrote(tmp_path: Path) -> None:
    status, out, err = run("export", tmp_path / "a", "--op", "sgd_update", "--op", "relu_backward", "--seed", 3)
    assert (status, err) == (0, "")
    index = json.loads((tmp_path / "a" / "index.json").read_text(encoding="utf-8"))
    size = sum(each["bytes"] for each in index["files"].values())
    assert out == (
        f"{tmp_path / 'a'}: {len(index['vectors'])} vectors of 3 functions, {size:,} bytes of arrays (small, seed 3); "
        "README.md there says how to read them\n"
    )
    assert index["operators"] == ["sgd_update", "relu"]


def test_export_takes_conventions_and_replaces_an_earlier_export(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    assert run("export", folder, "--op", "relu")[0] == 0
    status, _, err = run("export", folder, "--op", "relu")
    assert status == 2
    assert err.startswith("refcnn: DIR must be a new or empty folder, got ")
    declared = ("--convention", "max_pool2d.ties=any", "--convention", "batch_norm.running_var=unbiased")
    assert run("export", folder, "--op", "im2col", "--force", "--set", "full", *declared)[0] == 0
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert (index["set"], index["conventions"]["max_pool2d.ties"]) == ("full", "any")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--op", "conv3d"], "--op must be one of "),
        (["--convention", "max_pool2d.ties=last"], "--convention must be among max_pool2d.ties=first or any; "),
        (["--convention", "ties"], "--convention must be among "),
    ],
)
def test_export_refuses_in_one_line(arguments: list[str], line: str, tmp_path: Path) -> None:
    status, out, err = run("export", tmp_path / "a", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"refcnn: {line}")
    assert err.count("\n") == 1


def test_what_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, _, err = run("export", tmp_path / "file" / "a", "--op", "relu")
    assert status == 2
    assert err.startswith("refcnn: ")
    assert err.count("\n") == 1


def test_what_is_right_ends_with_status_0(vectors: Path, results: Path) -> None:
    status, out, err = run("check", vectors, results, "--complete")
    assert (status, err) == (0, "")
    count = len(entries(vectors))
    assert out.rstrip().endswith(f"{results} agrees   ({count} right)")
    rows = dict(re.findall(r"^ (\w+_update) +(\d+) +– +– +– +– +0\.\d\d ?$", out, flags=re.MULTILINE))
    assert rows == {name: str(len(entries(vectors, function=name))) for name in ("sgd_update", "momentum_update")}


def test_what_is_wrong_ends_with_status_1_and_is_told_with_its_note(vectors: Path, results: Path) -> None:
    (entry,) = (
        each for each in entries(vectors, function="sgd_update") if each["note"] == "a parameter without an axis"
    )
    spoil(results, entry["id"], "param")
    status, out, err = run("check", vectors, results)
    assert (status, err) == (1, "")
    assert f"{entry['id']} is wrong   ({', '.join(entry['flags'])})\n" in out
    assert "  required: Every result is the contract's, within the rounding that its arithmetic can have.\n" in out
    assert "  reveals:  a parameter without an axis\n" in out
    assert re.search(r"  found:    param is -?\d\.\d+, want -?\d\.\d+; 1 of 1 differ, worst error 1\.0 where", out)
    assert " does not agree: sgd_update   (" in out


def test_many_failures_of_a_function_are_counted(vectors: Path, results: Path) -> None:
    wrong = entries(vectors, function="sgd_update", rule="within")
    for entry in wrong:
        spoil(results, entry["id"], "param")
    _, out, _ = run("check", vectors, results)
    assert out.count(" is wrong ") == 3
    assert f"\n{len(wrong) - 3} more of sgd_update fail; --report lists them\n" in out


def test_what_is_missing_fails_only_if_all_is_asked_for(vectors: Path, results: Path) -> None:
    for path in results.glob("momentum_update-*"):
        path.unlink()
    status, out, _ = run("check", vectors, results)
    assert status == 0
    assert "; not provided: momentum_update)" in out
    assert not re.search(r"^ momentum_update", out, flags=re.MULTILINE)
    status, out, _ = run("check", vectors, results, "--complete")
    assert status == 1
    assert out.count(" is missing ") == 3
    assert " does not agree: momentum_update   (" in out


@pytest.mark.parametrize("count", [2, 5])
def test_results_of_no_vector_are_named(count: int, vectors: Path, results: Path) -> None:
    for number in range(count):
        (results / f"note{number}.txt").write_text("")
    status, out, _ = run("check", vectors, results)
    assert status == 0
    named = "note0.txt, note1.txt" if count == 2 else "note0.txt, note1.txt, note2.txt and 2 more"
    assert f"\nof no vector: {named}\n" in out


def test_where_nothing_is_judged_nothing_is_known(vectors: Path, tmp_path: Path) -> None:
    (tmp_path / f"{entries(vectors)[0]['id']}.unsupported").write_text("not yet")
    status, out, err = run("check", vectors, tmp_path)
    assert status == 2
    assert "nothing could be judged" in out
    assert (
        err
        == f"refcnn: RESULTS must have results of vectors in {vectors}, got none in {tmp_path}, so nothing is known\n"
    )


@pytest.mark.parametrize(
    ("folder", "place", "more", "line"),
    [
        ("nowhere", "results", [], "DIR must be a folder that refcnn vectors export wrote, got "),
        ("vectors", "nowhere", [], "RESULTS must be a folder or a .json file, got "),
        ("vectors", "results", ["--report", "a.txt"], "--report must end in .json or .xml, got a.txt"),
        (
            "vectors",
            "results",
            ["--report", "no/a.xml"],
            "--report must name a file in an existing folder, got no/",
        ),
        ("vectors", "results", ["--report", "folder.xml"], "--report must name a file, got the folder folder.xml"),
    ],
)
def test_check_refuses_in_one_line(
    folder: str,
    place: str,
    more: list[str],
    line: str,
    vectors: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.xml").mkdir()
    shutil.copytree(vectors, tmp_path / "vectors")
    (tmp_path / "results").mkdir()
    status, out, err = run("check", tmp_path / folder, tmp_path / place, *more)
    assert (status, out) == (2, "")
    assert err.startswith(f"refcnn: {line}")
    assert err.count("\n") == 1


def test_a_changed_export_is_refused(vectors: Path, results: Path, tmp_path: Path) -> None:
    shutil.copytree(vectors, tmp_path / "vectors")
    (tmp_path / "vectors" / "README.md").write_text("changed")
    status, _, err = run("check", tmp_path / "vectors", results)
    assert status == 2
    assert err.endswith("with README.md changed (SHA-256 differs)\n")


def test_reports_say_the_same_in_both_forms(vectors: Path, results: Path, tmp_path: Path) -> None:
    wrong, unread, absent, missing = entries(vectors, function="sgd_update", rule="within")[:4]
    spoil(results, wrong["id"], "param")
    (results / f"{unread['id']}.param.npy").write_bytes(b"")
    for entry in (absent, missing):
        (results / f"{entry['id']}.param.npy").unlink()
    (results / f"{absent['id']}.unsupported").write_text("not \x1b yet")
    reports = [tmp_path / "r.json", tmp_path / "r.xml"]
    status, _, _ = run("check", vectors, results, "--report", reports[0], "--report", reports[1])
    assert status == 1
    plain = json.loads(reports[0].read_text(encoding="utf-8"))
    verdicts = {each["id"]: each for each in plain["verdicts"]}
    assert plain["right"] is False
    assert plain["vectors"] | {"conventions": None} == {
        "refcnn": refcnn.__version__,
        "set": "small",
        "seed": 0,
        "conventions": None,
    }
    counted = {name: count for name, count in plain["counts"]["sgd_update"].items() if name != "right"}
    assert counted == {"wrong": 1, "unreadable": 1, "not supported": 1, "missing": 1}
    assert [verdicts[each["id"]]["status"] for each in (wrong, unread, absent)] == [
        "wrong",
        "unreadable",
        "not supported",
    ]
    assert missing["id"] not in verdicts
    assert verdicts[unread["id"]]["worst"] is None
    assert verdicts[wrong["id"]]["worst"] > 1
    suites = ElementTree.fromstring(reports[1].read_text(encoding="utf-8"))  # noqa: S314 - our own report
    (suite,) = (each for each in suites if each.get("name") == "sgd_update")
    assert [suite.get(name) for name in ("failures", "skipped")] == ["2", "2"]
    failures = {case.get("name") for case in suite if case.find("failure") is not None}
    assert failures == {wrong["id"], unread["id"]}


def test_a_refusal_that_is_missing_has_nothing_to_be_found(vectors: Path, results: Path) -> None:
    gone = entries(vectors, function="sgd_update", rule="refuse")[0]["id"]
    (results / f"{gone}.refused").unlink()
    status, out, _ = run("check", vectors, results, "--complete")
    assert status == 1
    assert f"{gone} is missing " in out
    assert "  reveals: " in out
    assert "  found: " not in out


def test_a_complete_report_lists_what_is_missing(vectors: Path, results: Path, tmp_path: Path) -> None:
    gone = entries(vectors, function="sgd_update", rule="within")[0]["id"]
    (results / f"{gone}.param.npy").unlink()
    assert run("check", vectors, results, "--complete", "--report", tmp_path / "r.json")[0] == 1
    plain = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert [each["id"] for each in plain["verdicts"] if each["status"] == "missing"] == [gone]


def test_the_report_of_what_is_right_says_so(vectors: Path, results: Path, tmp_path: Path) -> None:
    assert run("check", vectors, results, "--report", tmp_path / "r.json")[0] == 0
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["right"] is True
