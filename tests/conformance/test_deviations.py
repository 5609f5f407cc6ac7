"""Accepted deviations are exact: each is named with reason and link, occurs, and is shown as what it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from typer.testing import CliRunner

import conformance
from conformance.cli import app
from conformance.deviations import Deviation, DeviationError, read_deviations

SCHEMA = json.loads((Path(conformance.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
MINE = "import numpy as np\n\n\ndef relu(x):\n    return np.where(x > 0, x, 0)\n"
LINK = "https://example.org/1"


def toml(*requirements: str) -> str:
    return "".join(
        f'[[deviation]]\nrequirement = "{name}"\nreason = "never [fed]"\nlink = "{LINK}"\n' for name in requirements
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a relu that breaks two requirements."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    return tmp_path


def verify(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["verify", "mine.py", "--op", "relu", "--profile", "quick", *arguments])
    return result.exit_code, re.sub("\x1b\\[[0-9;]*m", "", result.stdout), result.stderr


BROKEN = ("relu.special_values", "relu.refusals")


def test_a_file_is_read_by_requirement(tmp_path: Path) -> None:
    path = tmp_path / "d.toml"
    path.write_text(toml(*BROKEN), encoding="utf-8")
    assert read_deviations(path) == {name: Deviation(name, "never [fed]", LINK) for name in BROKEN}


def test_an_empty_file_accepts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "d.toml"
    path.touch()
    assert read_deviations(path) == {}


WHOLE = '[[deviation]]\nrequirement = "relu.values"\nreason = "so"\nlink = "https://example.org"\n'
BAD = [
    ("[[", " must be a readable TOML file ("),
    ("other = 1", " must hold [[deviation]] tables alone, got other"),
    ("[deviation]\nreason = 'x'", " must hold [[deviation]] tables alone, got deviation = {'reason': 'x'}"),
    ("deviation = [1]", ", deviation 1 must have requirement, reason, link and nothing else, got 1"),
    ("[[deviation]]", ", deviation 1 must have requirement, reason, link and nothing else, got nothing"),
    (
        f"{WHOLE}{WHOLE}more = 1",
        ", deviation 2 must have requirement, reason, link and nothing else, got link, more, reason, requirement",
    ),
    (WHOLE.replace('"so"', '" "'), ", deviation 1: reason must be text, got ' '"),
    (WHOLE.replace('"so"', "1"), ", deviation 1: reason must be text, got 1"),
    (
        WHOLE.replace("https:", "javascript:"),
        ", deviation 1: link must start with https:// or http://, got 'javascript://example.org'",
    ),
    (
        WHOLE.replace("values", "value"),
        ", deviation 1: requirement must be an id such as relu.values, got 'relu.value'",
    ),
    (WHOLE * 2, ", deviation 2: requirement must be named once, got 'relu.values' again"),
]


@pytest.mark.parametrize(("text", "line"), BAD, ids=[line[:50] for _, line in BAD])
def test_what_is_not_exact_is_refused_in_one_line(text: str, line: str, folder: Path) -> None:
    path = folder / "d.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeviationError) as refused:
        read_deviations(path)
    assert str(refused.value).startswith(f"{path}{line}")
    status, _, errors = verify("--expect", "d.toml")
    assert status == 2
    assert errors.startswith("refcnn: --expect: d.toml")


def test_a_file_that_is_not_there_is_refused(folder: Path) -> None:
    status, _, errors = verify("--expect", str(folder / "gone.toml"))
    assert status == 2
    assert "gone.toml must be a readable TOML file" in errors


def test_fail_fast_would_leave_deviations_unjudged(folder: Path) -> None:
    (folder / "d.toml").write_text(toml(*BROKEN), encoding="utf-8")
    status, _, errors = verify("--expect", "d.toml", "-x")
    assert status == 2
    assert errors.startswith("refcnn: --expect needs every requirement judged, and --fail-fast stops at the first")


def operator(path: Path) -> dict[str, Any]:
    read = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(read, SCHEMA)
    plain: dict[str, Any] = read["operators"]["relu"]
    return plain


def test_what_is_accepted_does_not_fail_the_run_and_is_shown_as_it_is(folder: Path) -> None:
    (folder / "d.toml").write_text(toml(*BROKEN, "tanh.values"), encoding="utf-8")
    status, out, _ = verify("--expect", "d.toml", "--report", "r.json", "--report", "r.xml")
    assert status == 0
    assert "FAILS" not in out
    assert "relu.refusals   2 cases, 2 wrong\n  accepted deviation: never [fed] (https://example.org/1)\n" in out
    assert out.splitlines()[-1].startswith("mine.py conforms   (1 operator provided; ")
    assert out.splitlines()[-1].endswith("; accepted deviations: 2)")
    assert re.search(r"^ relu +accepted deviation ", out, flags=re.MULTILINE)
    plain = operator(folder / "r.json")
    assert plain["status"] == "accepted deviation"
    assert plain["requirements"]["relu.refusals"]["status"] == "accepted deviation"
    assert plain["requirements"]["relu.refusals"]["accepted"] == {"reason": "never [fed]", "link": LINK}
    assert plain["requirements"]["relu.values"]["accepted"] is None
    (suite,) = ElementTree.fromstring((folder / "r.xml").read_text(encoding="utf-8"))  # noqa: S314 - our own report
    assert suite.get("failures") == "0"
    skipped = {case.get("name"): case[0].get("message") for case in suite if len(case)}
    assert {skipped[name] for name in BROKEN} == {f"accepted deviation: never [fed] ({LINK})"}


def test_what_is_not_accepted_still_fails(folder: Path) -> None:
    (folder / "d.toml").write_text(toml("relu.refusals"), encoding="utf-8")
    status, out, _ = verify("--expect", "d.toml", "--report", "r.json")
    assert status == 1
    assert "relu FAILS relu.special_values" in out
    assert "relu FAILS relu.refusals" not in out
    assert operator(folder / "r.json")["status"] == "fails"


def test_one_that_no_longer_occurs_fails_the_run(folder: Path) -> None:
    (folder / "d.toml").write_text(toml(*BROKEN, "relu.values", "relu_backward.values"), encoding="utf-8")
    status, out, _ = verify("--expect", "d.toml", "--report", "r.json")
    assert status == 1
    for name in ("relu.values", "relu_backward.values"):
        assert f"\n{name} no longer deviates (profile quick, seed 0): remove it from the accepted deviations\n" in out
    read = json.loads((folder / "r.json").read_text(encoding="utf-8"))
    assert (read["conforms"], read["outdated"]) == (True, ["relu.values", "relu_backward.values"])
