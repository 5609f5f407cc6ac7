"""REPORTS.md says what is so: endings, options, commands, statuses and the workflow are compared with the code."""

from __future__ import annotations

import re
import shlex
from importlib.resources import files
from pathlib import Path

from typer.main import get_command

from conformance.cli import app
from conformance.deviations import Deviation, read_deviations
from conformance.pytest_plugin import pytest_addoption
from conformance.report import ACCEPTED, FORMAT
from conformance.reports import FORMS, WRITERS
from conformance.reports.html import SIGNS
from conformance.reports.markdown import _SHOWN

DOCUMENT = (files("conformance") / "REPORTS.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, flags=re.DOTALL)


def test_every_ending_is_described_and_no_other() -> None:
    assert set(re.findall(r"^\| `(\.\w+)` \|", DOCUMENT, flags=re.MULTILINE)) == set(WRITERS)
    assert all(ending in FORMS for ending in WRITERS)
    assert f"the first {_SHOWN} failures" in DOCUMENT
    assert f"`format` is {FORMAT};" in DOCUMENT


def test_every_command_and_option_exists() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]  # a group has commands
    found = re.findall(r"^(?:    |      - run: )refcnn (\w+) (.*?)(?: +#.*)?$", DOCUMENT, flags=re.MULTILINE)
    assert {name for name, _ in found} == {"verify", "compare", "matrix"}
    for name, words in found:
        options = {option for parameter in commands[name].params for option in parameter.opts}
        assert {word for word in shlex.split(words) if word.startswith("-")} <= options


def test_every_option_of_pytest_is_this_plugins_or_pytest_covs() -> None:
    source = Path(pytest_addoption.__code__.co_filename).read_text(encoding="utf-8")
    lines = re.findall(r"pytest (--pyargs conformance .*)", DOCUMENT)
    assert len(lines) == 2
    used = {word for line in lines for word in line.split() if word.startswith("--")}
    ours = {option for option in used if f'"{option}"' in source}
    assert used - ours == {"--pyargs", "--cov", "--cov-fail-under"}


def test_the_example_of_a_deviation_is_one(tmp_path: Path) -> None:
    (example,) = blocks("toml")
    path = tmp_path / "d.toml"
    path.write_text(example, encoding="utf-8")
    name = "relu.special_values"
    reason = "NaN is never fed to this kernel"
    assert read_deviations(path) == {name: Deviation(name, reason, "https://example.org/decisions/12")}


def test_the_statuses_of_a_cell_are_the_statuses_there_are() -> None:
    sentence = DOCUMENT.partition("A cell says ")[2].partition(", and how many")[0]
    assert {words.removesuffix(" (n)") for words in re.findall(r"`([^`]+)`", sentence)} == set(SIGNS)
    assert ACCEPTED in SIGNS


def test_links_lead_to_files() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", DOCUMENT)
    assert links
    assert [link for link in links if not (files("conformance") / link).is_file()] == []
