"""What a project runs in CI: the judge under pytest, with accepted deviations, and with its own coverage gated."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.test_conformance import expected_failures

# It accepts bad input, and has a line that no judge of its one operator reaches.
MINE = """
import numpy as np


def sgd_update(param, grad, *, lr):
    return (param - param.dtype.type(lr) * grad).astype(param.dtype)


def unused():
    return np.pi
"""
LINK = "https://example.org/1"
REASON = f"accepted deviation: so ({LINK}); where it no longer occurs, remove it from d.toml"


def deviations(folder: Path, *requirements: str) -> Path:
    tables = [f'[[deviation]]\nrequirement = "{name}"\nreason = "so"\nlink = "{LINK}"\n' for name in requirements]
    path = folder / "d.toml"
    path.write_text("".join(tables), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Run pytest on a package in a folder, as its project would; this project's own coverage stays out of it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text(MINE, encoding="utf-8")
    deviations(folder, "sgd_update.refusals", "sgd_update.values", "tanh.values")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--pyargs",
        "conformance.test_conformance",
        "-p",
        "no:cacheprovider",
        "-q",
    ]
    options = [
        "--impl",
        "mine",
        "--impl-op",
        "sgd_update",
        "--impl-op",
        "tanh",
        "--impl-profile",
        "quick",
        "-rx",
        "-p",
        "no:cacheprovider",
    ]
    options += ["--expect", "d.toml", "--cov", "mine", "--cov-report", "term-missing", "--cov-fail-under", "100"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return subprocess.run(
        [*command, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_projects_own_lines_are_counted_and_gated(ran: subprocess.CompletedProcess[str]) -> None:
    assert re.search(r"^mine/__init__\.py +5 +1 +80% +10$", ran.stdout, flags=re.MULTILINE), ran.stdout
    assert "Required test coverage of 100% not reached. Total coverage: 80.00%" in ran.stdout


def test_an_accepted_deviation_is_expected(ran: subprocess.CompletedProcess[str]) -> None:
    assert f"::test_requirement[sgd_update.refusals] - {REASON}\n" in ran.stdout
    assert ", 1 xfailed in" in ran.stdout


def test_a_deviation_that_does_not_occur_fails(ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 1
    # Neither a requirement that conforms nor one of a function that is not provided can deviate.
    assert ran.stdout.count(f"[XPASS(strict)] {REASON}\n") == 2
    for name in ("sgd_update.values", "tanh.values"):
        assert re.search(rf"^_+ .*test_requirement\[{name}\] _+$", ran.stdout, flags=re.MULTILINE)
    assert re.search(r"2 failed, \d+ passed, \d+ skipped, 1 xfailed in", ran.stdout)


def test_a_requirement_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pytest.exit.Exception) as refused:
        expected_failures(deviations(tmp_path, "tanh.value"))
    assert refused.value.returncode == pytest.ExitCode.USAGE_ERROR
    assert str(refused.value).startswith("--expect: ")
    assert str(refused.value).endswith("deviation 1: requirement must be an id such as relu.values, got 'tanh.value'")


def test_without_a_file_nothing_is_expected() -> None:
    assert expected_failures(None) == {}
