"""The page about vectors says what the commands and the files are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

import conformance
from conformance.cli import app
from conformance.vectors.vector import RULES
from conformance.vectors.verdict import STATUSES

FOLDER = Path(conformance.__file__).parent
PAGE = (FOLDER / "VECTORS.md").read_text(encoding="utf-8")
README = (FOLDER / "vectors" / "README.md").read_text(encoding="utf-8")


def first_column(heading: str) -> list[str]:
    """Return what stands first in the rows of the table under a heading."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([^`]+)`", table, flags=re.MULTILINE)


def options(command: str) -> set[str]:
    group = get_command(app).commands["vectors"]  # type: ignore[attr-defined]  # a group has commands
    return {each for parameter in group.commands[command].params for each in parameter.opts if each.startswith("--")}


@pytest.mark.parametrize("command", ["export", "check"])
def test_the_options_are_those_of_the_command(command: str) -> None:
    section = PAGE.partition(f"\n## {command}\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(--\w+)", section, flags=re.MULTILINE)) == options(command)


@pytest.mark.no_cover
def test_the_files_are_those_of_an_export(few: Path) -> None:
    files = {path.relative_to(few).as_posix() for path in few.rglob("*") if path.is_file()}
    named = {re.sub(r"/\w+\.npz", "/FUNCTION.npz", name) for name in files}
    assert set(first_column("file")) == named


def test_the_statuses_and_rules_are_those_of_the_code() -> None:
    assert tuple(first_column("a vector is")) == STATUSES
    assert tuple(first_column("rule")) == tuple(RULES)


def test_the_links_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert len(links) == 3
    assert [link for link in links if not (FOLDER / link).exists()] == []


def test_the_readme_in_the_folder_names_its_files_and_rules() -> None:
    for name in ("index.json", "index.schema.json", "SHA256SUMS", "inputs/<function>.npz", "answers/<function>.npz"):
        assert f"`{name}`" in README or name in README
    assert "`within`" in README
    assert "not supported" not in README.partition("## How to judge")[2]
