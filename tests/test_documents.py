"""The documents say what is so: output, options, paths and versions are compared with the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import refcnn
from conformance.cli import app
from conformance.requirements import KINDS

_ROOT = Path(__file__).parents[1]
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_CONTRIBUTING = (_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
_WORKFLOW = (_ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)\n```", _README, flags=re.DOTALL)


def _without_counts(output: str) -> str:
    """Blank out times, and how many cases ran: Hypothesis adds some by what constants it finds in the code."""
    lines = (
        re.sub(r"\d+\.\d s", "0.0 s", line.rstrip())
        if "repeat:" in line or "smallest:" in line or "found:" in line
        else re.sub(r"[\d./]+", "0", line.rstrip())
        for line in output.strip().splitlines()
    )
    return re.sub(r"\n{3,}", "\n\n", re.sub(" {2,}", "  ", "\n".join(lines)))


@pytest.mark.no_cover
def test_the_readmes_example_prints_what_the_readme_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(_blocks("python")[0], encoding="utf-8")
    result = CliRunner().invoke(app, ["verify", "mine.py"])
    assert result.exit_code == 1
    assert _without_counts(result.stdout) == _without_counts(_blocks("text")[0])


def _options(command: str) -> set[str]:
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]  # a group has commands
    return {option for parameter in parameters for option in parameter.opts}


@pytest.mark.no_cover
def test_every_option_in_the_readme_exists() -> None:
    commands = re.findall(r"^    (?:python -m pip.*&& )?refcnn (\w+)(.*?)(?:  +#.*)?$", _README, flags=re.MULTILINE)
    named = {"verify", "init", "compare", "vectors", "train", "predict", "summary"}
    assert {command for command, _ in commands} == named
    for command, words in commands:
        assert {word for word in shlex.split(words) if word.startswith("-")} <= _options(command)


def test_every_option_of_verify_is_in_the_readme() -> None:
    long = {option for option in _options("verify") if option.startswith("--")}
    # -x stands for --fail-fast there.
    assert {option for option in long if option not in _README} <= {"--fail-fast"}


def test_the_readmes_python_prints_what_the_readme_says(capsys: pytest.CaptureFixture[str]) -> None:
    program = _blocks("python")[1]
    exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - our own document
    assert capsys.readouterr().out == "True\n"
    assert "It prints `True`" in _README


def test_the_readmes_kinds_are_the_kinds_of_evidence() -> None:
    section = _README.partition("## What is required")[2]
    assert tuple(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)) == KINDS


def test_the_readmes_links_lead_to_files() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", _README)
    assert links
    assert [link for link in links if not (_ROOT / link).exists()] == []


def test_ci_runs_the_readmes_test_command() -> None:
    (command,) = re.findall(
        r"^    python -m pip install -e '\.\[dev\]' && (python -m pytest) -n auto$", _README, flags=re.MULTILINE
    )
    assert f"{command} -n 2 -q --cov" in (_ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_path_in_contributing_exists() -> None:
    paths = [path for path in re.findall(r"`([\w./]+/[\w./]*)`", _CONTRIBUTING) if not path.startswith("-")]
    assert len(paths) >= 15
    assert [path for path in paths if not (_ROOT / path).exists()] == []


@pytest.mark.parametrize("heading", ["## How to add an operator", "## How to add a requirement"])
def test_contributing_numbers_its_steps_from_one(heading: str) -> None:
    section = _CONTRIBUTING.partition(heading)[2].partition("\n## ")[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", section, flags=re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 4


def test_versions_agree() -> None:
    project = (_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{refcnn.__version__}"' in project
    assert f"## {refcnn.__version__}" in (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_workflow_runs_every_supported_python() -> None:
    project = (_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    classified = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    assert re.findall(r'"(3\.\d+)"', _WORKFLOW) == classified
