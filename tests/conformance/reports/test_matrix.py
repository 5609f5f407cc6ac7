"""A matrix says of every operator in every implementation what its report says, and takes nothing but reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.deviations import Deviation
from conformance.report import Report, as_dict, as_json
from conformance.reports.matrix import (
    Cell,
    Column,
    MatrixError,
    column_of,
    matrix_html,
    matrix_markdown,
    operators_of,
    read_column,
    total,
)

ONE = Column("one.py", "quick", 0, False, {"tanh": Cell("conforms", 0, 1200), "relu": Cell("fails", 2, 30)})
OTHER = Column("a|b<script>", "quick", 0, True, {"relu": Cell("not provided"), "conv2d": Cell("not supported")})


def test_a_report_becomes_a_column(report: Report) -> None:
    column = column_of(as_dict(report))
    assert (column.target, column.run, column.conforms) == ("mine.py", "quick, seed 7", False)
    assert column.cells == {
        "relu": Cell("fails", 2, 24),
        "tanh": Cell("fails", 1, 12),
        "conv2d": Cell("fails", 2, 24),
        "sigmoid": Cell("conforms", 0, 40),
        "softmax": Cell("not provided", 0, 0),
    }


def test_an_accepted_deviation_is_counted_as_one(report: Report) -> None:
    report.deviations = {"tanh.values": Deviation("tanh.values", "so", "https://example.org")}
    assert column_of(as_dict(report)).cell("tanh").words == "accepted deviation (1)"


def test_a_written_report_is_read_back(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(as_json(report), encoding="utf-8", errors="replace")
    assert read_column(path) == column_of(as_dict(report))


GOOD: dict[str, Any] = {"format": 1, "target": "x", "profile": "quick", "seed": 0, "conforms": True, "operators": {}}
BAD: list[tuple[str, str]] = [
    ("{", "must be a readable JSON file ("),
    ("[" * 100_000, "must be a readable JSON file (maximum recursion depth"),
    ("[]", "must be a report of format 1, got format 'none'"),
    ("{}", "must be a report of format 1, got format 'none'"),
    ('{"format": 2}', "must be a report of format 1, got format 2"),
    ('{"format": 1}', "must be a report of format 1, got another form (KeyError('target'))"),
    (json.dumps(GOOD | {"operators": []}), "must be a report of format 1, got another form ("),
    (json.dumps(GOOD | {"seed": float("inf")}), "must be a report of format 1, got another form (OverflowError("),
    (json.dumps(GOOD | {"seed": "x"}), "must be a report of format 1, got another form ("),
    (json.dumps(GOOD | {"operators": {"relu": 3}}), "must be a report of format 1, got another form ("),
    (
        json.dumps(GOOD | {"operators": {"relu": {"status": "<b>", "requirements": {}}}}),
        "must be a report of format 1, got another form (",
    ),
]


@pytest.mark.parametrize(("text", "line"), BAD, ids=[text[:40] for text, _ in BAD])
def test_what_is_no_report_is_refused(text: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MatrixError) as refused:
        read_column(path)
    assert str(refused.value).startswith(f"{path} {line}")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MatrixError, match=r"gone\.json must be a readable JSON file \("):
        read_column(tmp_path / "gone.json")


def test_operators_stand_in_the_contracts_order() -> None:
    assert operators_of([ONE, OTHER]) == ["conv2d", "relu", "tanh"]


def test_markdown_shows_every_kind_of_cell() -> None:
    assert matrix_markdown([ONE, OTHER]).splitlines() == [
        r"| operator | `one.py` | `a\|b<script>` |",
        "| --- | --- | --- |",
        "| `conv2d` | not judged | not supported |",
        "| `relu` | **fails (2)**, 30 | not provided |",
        "| `tanh` | conforms, 1,200 | not judged |",
        "| conforms | 1 of 2 | 0 of 2 |",
        "",
        "Profile quick, seed 0. `fails (n)`: n requirements are broken; the count is of cases that ran.",
    ]


def test_markdown_tells_runs_of_several_kinds_apart() -> None:
    other = Column("two", "default", 3, True, {})
    assert (
        matrix_markdown([ONE, other])
        .splitlines()[-1]
        .startswith("Profiles: `one.py` quick, seed 0; `two` default, seed 3. ")
    )


def test_the_page_shows_the_same_and_no_markup_of_a_target() -> None:
    page = matrix_html([ONE, OTHER])
    assert "<script" not in page
    assert "a|b&lt;script&gt;" in page
    assert '✗</span> fails (2)</span> <span class="small">30 cases</span>' in page
    assert '✓</span> conforms</span> <span class="small">1,200 cases</span>' in page
    assert page.count("not judged") == 2
    assert page.count('scope="row"') == 4
    assert page.count('scope="col"') == 3
    assert "<h1>2 implementations side by side</h1>" in page


def test_the_total_counts_what_conforms_in_everything() -> None:
    assert total(ONE) == "1 of 2"


def test_a_profile_of_a_report_is_no_markup() -> None:
    hostile = Column("one", "q\n\n# fine <img>\x1b", 0, True, {})
    last = matrix_markdown([hostile]).splitlines()[-1]
    assert last.startswith("Profile q \\# fine \\<img\\>\N{REPLACEMENT CHARACTER}, seed 0. ")
    assert "`one` q \\# fine " in matrix_markdown([hostile, ONE]).splitlines()[-1]
