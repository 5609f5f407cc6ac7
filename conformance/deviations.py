"""Accepted deviations: requirements that an implementation breaks on purpose, each with its reason and a link."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.requirements import REQUIREMENTS

_KEYS = ("requirement", "reason", "link")


class DeviationError(Exception):
    """The file of accepted deviations is not there, or not as it must be."""


@dataclass(frozen=True)
class Deviation:
    """A requirement that may be broken, and why.

    Parameters
    ----------
    requirement : id of the requirement, such as ``relu.special_values``
    reason : why that is accepted
    link : where that was decided or is documented
    """

    requirement: str
    reason: str
    link: str


def accepted(deviation: Deviation) -> str:
    """Say that a deviation is accepted, and why.

    Examples
    --------
    >>> accepted(Deviation("relu.special_values", "NaN is never fed", "https://example.org/1"))
    'accepted deviation: NaN is never fed (https://example.org/1)'
    """
    return f"accepted deviation: {deviation.reason} ({deviation.link})"


def read_deviations(path: Path) -> dict[str, Deviation]:
    """Read a TOML file of ``[[deviation]]`` tables; return them by requirement.

    Raises
    ------
    DeviationError
        with one line that says which table is wrong, and how
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DeviationError(f"{path} must be a readable TOML file ({error})") from error
    tables = plain.pop("deviation", [])
    if plain or not isinstance(tables, list):
        found = ", ".join(sorted(plain)) or f"deviation = {tables!r}"
        raise DeviationError(f"{path} must hold [[deviation]] tables alone, got {found}")
    deviations: dict[str, Deviation] = {}
    for position, table in enumerate(tables, start=1):
        where = f"{path}, deviation {position}"
        deviation = _deviation(where, table)
        if deviation.requirement in deviations:
            raise DeviationError(f"{where}: requirement must be named once, got {deviation.requirement!r} again")
        deviations[deviation.requirement] = deviation
    return deviations


def _deviation(where: str, table: Any) -> Deviation:
    if not isinstance(table, Mapping) or sorted(table) != sorted(_KEYS):
        got = ", ".join(sorted(table)) if isinstance(table, Mapping) else repr(table)
        raise DeviationError(f"{where} must have {', '.join(_KEYS)} and nothing else, got {got or 'nothing'}")
    for key in _KEYS:
        if not isinstance(table[key], str) or not table[key].strip():
            raise DeviationError(f"{where}: {key} must be text, got {table[key]!r}")
    # The link becomes one on a page, where other schemes may run a program.
    if not table["link"].startswith(("https://", "http://")):
        raise DeviationError(f"{where}: link must start with https:// or http://, got {table['link']!r}")
    if table["requirement"] not in {each.id for each in REQUIREMENTS}:
        raise DeviationError(f"{where}: requirement must be an id such as relu.values, got {table['requirement']!r}")
    return Deviation(**table)
