"""The judge under pytest, as a user runs it: from a folder without a project, on the installed package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.contract import OPERATORS
from conformance.implementation import load
from conformance.requirements import requirements_for
from conformance.training import OPTIMISERS

WRONG = Path(__file__).parents[1] / "implementations" / "wrong"
SGD = len(list(requirements_for(load("refcnn"), ["sgd_update"])))
ENDS = len(OPTIMISERS) + 1  # the end-to-end checks: the first steps by each optimiser, and a training
QUICK = ("--impl-op", "sgd_update", "--impl-profile", "quick")


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run pytest in an empty folder; return its status and all that it said."""
    command = [sys.executable, "-m", "pytest", "--pyargs", "conformance", "-p", "no:cacheprovider", "-rs", *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_the_reference_passes_every_requirement(tmp_path: Path) -> None:
    status, out = run(tmp_path, *QUICK, "-q", "--impl-seed", "3")
    assert status == 0, out
    # Of the end-to-end checks, one has something to run: the steps of the optimiser that was asked for.
    assert f"{SGD + 1} passed, {ENDS - 1} skipped" in out


def test_a_wrong_file_fails_with_the_message_and_the_command(tmp_path: Path) -> None:
    # Where the file lay before, pytest would find the settings of this project, and collect all of it.
    target = str(shutil.copy(WRONG / "null_ones.py", tmp_path))
    status, out = run(tmp_path, "--impl", target, *QUICK, "-k", "values")
    assert status == 1, out
    assert "sgd_update.values: Every result is the contract's, within the rounding" in out
    assert re.search(r"\d+ of \d+ cases are wrong; the smallest: param \(1?\) grad \(1?\) ", out)
    assert re.search(r"param(\[0\])? is 1\.0, want .*; 1 of 1 differ, worst error ", out)
    assert f"refcnn verify {target} --check sgd_update.values --replay '{{" in out
    assert "Traceback" not in out


def test_what_is_not_provided_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import refcnn\nrelu = refcnn.relu\n", encoding="utf-8")
    status, out = run(tmp_path, "--impl", "mine.py", *QUICK)
    assert status == 0, out
    assert f"{SGD + ENDS} skipped" in out
    assert "sgd_update.values: not provided" in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--impl", "no_such_module"], "target 'no_such_module' cannot be imported: ModuleNotFoundError: "),
        (["--impl-op", "conv3d"], f"--impl-op must be one of {', '.join(OPERATORS)}; got 'conv3d'"),
        (["--impl-profile", "fast"], "argument --impl-profile: invalid choice: 'fast'"),
    ],
    ids=["target", "operator", "profile"],
)
def test_what_cannot_be_run_is_a_usage_error(tmp_path: Path, arguments: list[str], line: str) -> None:
    status, out = run(tmp_path, *arguments)
    # pytest reports a usage error that is found while collecting as an interruption.
    assert status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED), out
    assert line in out
    assert "passed" not in out
