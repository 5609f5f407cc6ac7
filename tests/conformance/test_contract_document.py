"""CONTRACT.md says what the table says: the same signatures, results and conventions."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest

from conformance.contract import CONVENTIONS, FUNCTIONS, OPERATORS, parse

TEXT = (files("conformance") / "CONTRACT.md").read_text(encoding="utf-8")
# A signature is a function of the table in backticks, with its parentheses; prose names it without them.
SIGNATURES = [
    signature for signature in re.findall(r"`(\w+\([^`]*\))`", TEXT) if signature.partition("(")[0] in FUNCTIONS
]


def test_every_function_of_the_table_is_documented_once() -> None:
    assert sorted(signature.partition("(")[0] for signature in SIGNATURES) == sorted(FUNCTIONS)


def test_forward_functions_are_documented_in_the_order_of_the_table() -> None:
    names = [signature.partition("(")[0] for signature in SIGNATURES]
    assert [name for name in names if name in OPERATORS] == list(OPERATORS)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_documented_signature_has_the_tables_names_kinds_and_defaults(signature: str) -> None:
    documented = parse(f"{signature} -> result")
    wanted = FUNCTIONS[documented.name]
    assert documented.signature == wanted.signature
    assert list(documented.attributes.items()) == list(wanted.attributes.items())


@pytest.mark.parametrize("name", [name for name, function in FUNCTIONS.items() if len(function.results) > 1])
def test_the_results_of_a_function_that_returns_several_are_named_in_their_order(name: str) -> None:
    described = f"`({', '.join(FUNCTIONS[name].results)})`"
    section = next(part for part in TEXT.split("\n## ") if f"`{name}(" in part)
    assert described in section


def test_the_table_of_conventions_holds_every_key_and_value_the_default_first() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| (.+?) \|", TEXT, flags=re.MULTILINE)
    assert {key: tuple(re.findall(r"`(\w+)`", values)) for key, values in rows} == dict(CONVENTIONS)
    assert len(rows) == len(CONVENTIONS)


def test_the_example_declares_conventions_that_exist_and_are_not_the_default() -> None:
    (example,) = re.findall(r"^CONVENTIONS = (.+)$", TEXT, flags=re.MULTILINE)
    for key, value in ast.literal_eval(example).items():
        assert value in CONVENTIONS[key][1:]


def test_the_files_that_the_document_names_exist() -> None:
    folder = Path(str(files("conformance")))
    named = re.findall(r"`([\w/]+\.py)`", TEXT)
    assert named == ["contract.py", "oracle/bounds.py"]
    assert all((folder / name).is_file() for name in named)
