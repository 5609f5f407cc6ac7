"""The report in the forms that people and machines ask for, each by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from conformance.implementation import Implementation
from conformance.report import Report, as_json
from conformance.reports.badge import as_badge
from conformance.reports.html import as_html
from conformance.reports.junit import as_junit
from conformance.reports.markdown import as_markdown

Writer = Callable[[Report, Implementation], str]

WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        ".html": as_html,
        ".json": lambda report, _: as_json(report),
        ".xml": lambda report, _: as_junit(report),
        ".md": lambda report, _: as_markdown(report),
        ".svg": lambda report, _: as_badge(report),
    }
)
FORMS = ".html (a page), .md (for a pull request), .json, .xml (JUnit) or .svg (a badge)"


def write(report: Report, path: Path, implementation: Implementation) -> None:
    """Write a report in the form that the file's ending names; the page asks the implementation for its pictures."""
    # A target's message may hold halves of surrogate pairs, which no file can.
    path.write_text(WRITERS[path.suffix](report, implementation), encoding="utf-8", errors="replace")
