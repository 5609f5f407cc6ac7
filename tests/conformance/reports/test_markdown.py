"""The summary for a pull request: short, and nothing that a target says leaves its block."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from conformance.deviations import Deviation
from conformance.report import Report
from conformance.reports.markdown import as_markdown, code, fence, table, text
from conformance.requirements import KINDS


def blocks(markdown: str) -> tuple[list[str], list[str]]:
    """Tell the lines within fences from those outside, as CommonMark does."""
    inside: list[str] = []
    outside: list[str] = []
    ticks = ""
    for line in markdown.split("\n"):
        if not ticks and (opened := re.fullmatch(r"(`{3,})\w*", line)):
            ticks = opened[1]
        elif ticks and re.fullmatch(f"{ticks}`*", line):
            ticks = ""
        else:
            (inside if ticks else outside).append(line)
    assert not ticks
    return inside, outside


def test_the_verdict_comes_first(report: Report) -> None:
    lines = as_markdown(report).splitlines()
    assert lines[0] == "## ❌ `mine.py` does not conform: relu, tanh, conv2d"
    assert lines[2] == (
        r"4 operators provided; 100 cases; not provided: softmax; declared: max\_pool2d.ties=any "
        "(profile quick, seed 7)."
    )


def test_names_of_classes_are_no_markup(report: Report) -> None:
    report.recognised = "layers (A)\n\n# fine <img src=x> [y](z)"
    line = as_markdown(report).splitlines()[2]
    assert r"; recognised: layers (A) \# fine \<img src=x\> \[y\](z); not provided" in line


def test_the_table_has_a_row_an_operator(report: Report) -> None:
    rows = [line for line in as_markdown(report).splitlines() if line.startswith("|")]
    assert rows[0] == f"| operator | status | {' | '.join(KINDS)} | worst |"
    assert len({row.count("|") for row in rows}) == 1
    assert rows[2] == "| `relu` | fails | **5/12** | – | – | – | – | – | – | – | – | **5/12** | ∞ |"
    assert rows[5] == "| `sigmoid` | conforms | 40 | – | – | – | – | – | – | – | – | – | 0.25 |"
    assert len(rows) == 6


def test_each_failure_is_folded_away_and_told_whole(report: Report) -> None:
    inside, outside = blocks(as_markdown(report))
    assert outside.count("<details>") == outside.count("</details>") == 5
    assert "<summary><code>conv2d.adjoint</code>: 12 cases, 5 wrong</summary>" in outside
    assert "Looks like: the kernel is flipped" in outside
    assert "Smallest case: `x (2,3) int64 (integer arrays)`. Repeat it with" in outside
    assert any(line.startswith("refcnn verify mine.py --check tanh.values --replay '{") for line in inside)
    # GitHub reads Markdown within an element only after an empty line.
    assert all(outside[at + 2] == "" for at, line in enumerate(outside) if line == "<details>")


def test_what_a_target_says_stays_in_its_block(report: Report) -> None:
    inside, outside = blocks(as_markdown(report))
    assert any("<script>alert(1)</script>" in line for line in inside)
    assert "::error::owned" in inside
    assert not any("script" in line or "owned" in line for line in outside)


def test_of_very_many_failures_the_first_are_told(report: Report) -> None:
    (first, *_) = report.operators[0].requirements
    report.operators[0].requirements = [replace(first) for _ in range(40)]
    markdown = as_markdown(report)
    assert markdown.count("<details>") == 25
    assert markdown.endswith("\n18 more broken requirements stand in the other forms of this report.\n")
    assert len(markdown) < 65_536


def test_deviations_are_told_with_their_reason(report: Report) -> None:
    names = [result.requirement for _, result in report.failures]
    report.deviations = {name: Deviation(name, "a *reason*", "https://example.org") for name in (*names, "relu.dtype")}
    markdown = as_markdown(report)
    assert markdown.startswith("## ✅ `mine.py` conforms\n")
    assert "\n`tanh.values`: accepted deviation: a \\*reason\\* (https://example.org)\n" in markdown
    assert (
        "\n❌ relu.dtype no longer deviates (profile quick, seed 7): remove it from the accepted deviations.\n"
        in markdown
    )
    assert "<details>" not in markdown


def test_nothing_judged_is_neither_right_nor_wrong() -> None:
    assert as_markdown(Report("mine", "quick", 0, {})).startswith("## ⚠️ `mine` nothing could be judged\n")


@pytest.mark.parametrize(
    ("words", "written"), [("a", "`a`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```"), ("a\nb", "`a b`")], ids=repr
)
def test_code_is_code_whatever_it_holds(words: str, written: str) -> None:
    assert code(words) == written


def test_a_fence_is_longer_than_any_within() -> None:
    assert fence("a\n````\nb") == ["`````text", "a\n````\nb", "`````"]


def test_words_are_no_markup() -> None:
    assert text("<b> *a* [x](y) `c` #1 | ~") == r"\<b\> \*a\* \[x\](y) \`c\` \#1 \| \~"


def test_a_bar_does_not_end_a_cell() -> None:
    assert list(table(("a",), [("x|y",)])) == ["| a |", "| --- |", r"| x\|y |"]
