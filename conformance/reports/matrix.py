"""Several implementations side by side: a row an operator, a column an implementation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.contract import OPERATORS
from conformance.outcome import CONFORMS, FAILS, NOT_PROVIDED, NOT_SUPPORTED, NOT_TESTED
from conformance.report import ACCEPTED, FORMAT
from conformance.reports.html import SIGNS, TONES
from conformance.reports.markdown import code, table, text
from conformance.reports.template import render

NOT_JUDGED = "not judged"
_STATUSES = (CONFORMS, FAILS, ACCEPTED, NOT_PROVIDED, NOT_SUPPORTED, NOT_TESTED)


class MatrixError(Exception):
    """A file is no report that could stand in a matrix."""


@dataclass(frozen=True)
class Cell:
    """What became of an operator in one implementation."""

    status: str = NOT_JUDGED
    broken: int = 0
    cases: int = 0

    @property
    def words(self) -> str:
        """The verdict in words, with how many requirements are broken.

        Examples
        --------
        >>> Cell("fails", 3, 812).words
        'fails (3)'
        """
        return f"{self.status} ({self.broken})" if self.broken else self.status


@dataclass(frozen=True)
class Column:
    """An implementation and what became of each operator in it."""

    target: str
    profile: str
    seed: int
    conforms: bool
    cells: Mapping[str, Cell]

    @property
    def run(self) -> str:
        """Say how it was judged."""
        return f"{self.profile}, seed {self.seed}"

    def cell(self, operator: str) -> Cell:
        """Return what became of an operator."""
        return self.cells.get(operator, Cell())


def read_column(path: Path) -> Column:
    """Read a report that ``refcnn verify --report x.json`` wrote.

    Raises
    ------
    MatrixError
        with one line that names the file and what it should be
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise MatrixError(f"{path} must be a readable JSON file ({error})") from error
    found = plain.get("format", "none") if isinstance(plain, Mapping) else "none"
    if found != FORMAT:
        raise MatrixError(f"{path} must be a report of format {FORMAT}, got format {found!r}")
    try:
        return column_of(plain)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise MatrixError(f"{path} must be a report of format {FORMAT}, got another form ({error!r})") from error


def column_of(report: Mapping[str, Any]) -> Column:
    """Take from a report in plain JSON values what stands in the matrix."""
    return Column(
        target=str(report["target"]),
        profile=str(report["profile"]),
        seed=int(report["seed"]),
        conforms=bool(report["conforms"]),
        cells={name: _cell(operator) for name, operator in report["operators"].items()},
    )


def _cell(operator: Mapping[str, Any]) -> Cell:
    results = operator["requirements"].values()
    return Cell(
        status=_STATUSES[_STATUSES.index(operator["status"])],
        broken=sum(result["status"] in (FAILS, ACCEPTED) for result in results),
        cases=sum(int(result["cases"]) for result in results),
    )


def operators_of(columns: Sequence[Column]) -> list[str]:
    """Return the operators of which a column says something, in the contract's order."""
    return [name for name in OPERATORS if any(name in column.cells for column in columns)]


def total(column: Column) -> str:
    """Say how many of its operators conform.

    Examples
    --------
    >>> total(Column("mine", "quick", 0, True, {"relu": Cell("conforms", 0, 9), "tanh": Cell("not provided")}))
    '1 of 2'
    """
    return f"{sum(cell.status == CONFORMS for cell in column.cells.values())} of {len(column.cells)}"


def matrix_markdown(columns: Sequence[Column]) -> str:
    """Return the matrix as a table in Markdown."""
    return "\n".join(_markdown_lines(columns)) + "\n"


def _markdown_lines(columns: Sequence[Column]) -> Iterator[str]:
    rows = [
        [code(operator), *(_markdown_cell(column.cell(operator)) for column in columns)]
        for operator in operators_of(columns)
    ]
    rows.append(["conforms", *(total(column) for column in columns)])
    yield from table(("operator", *(code(column.target) for column in columns)), rows, left=len(columns) + 1)
    runs = list(dict.fromkeys(column.run for column in columns))
    yield ""
    if len(runs) == 1:
        yield f"Profile {text(runs[0])}. `fails (n)`: n requirements are broken; the count is of cases that ran."
    else:
        judged = "; ".join(f"{code(column.target)} {text(column.run)}" for column in columns)
        yield f"Profiles: {judged}. `fails (n)`: n requirements are broken; the count is of cases that ran."


def _markdown_cell(cell: Cell) -> str:
    words = f"**{cell.words}**" if cell.status == FAILS else cell.words
    return f"{words}, {cell.cases:,}" if cell.cases else words


def matrix_html(columns: Sequence[Column]) -> str:
    """Return the matrix as a page."""
    return render(
        "matrix.html",
        signs={**SIGNS, NOT_JUDGED: "–"},
        tones={**TONES, NOT_JUDGED: "soft"},
        columns=columns,
        totals=[total(column) for column in columns],
        rows=[(name, [column.cell(name) for column in columns]) for name in operators_of(columns)],
    )
