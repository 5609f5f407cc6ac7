"""Judge the reference and its peers, and print them side by side as the README shows them.

Usage: python scripts/matrix.py [--profile default] [--seed 0]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from conformance.cli_judging import Profile
from conformance.contract import OPERATORS
from conformance.deviations import Deviation, read_deviations
from conformance.implementation import load
from conformance.judge import judge
from conformance.plan import Plan
from conformance.report import Report, as_dict
from conformance.reports.matrix import Column, column_of, matrix_markdown

_ROOT = Path(__file__).parents[1]
_LAYERS = _ROOT / "tests" / "implementations" / "layers" / "right_layers.py"

# The name in the matrix, the target, and the packages that it needs.
PEERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("refcnn", "refcnn", ()),
    ("PyTorch", "conformance.adapters.torch", ("torch",)),
    ("JAX", "conformance.adapters.jax", ("jax",)),
    ("ONNX Runtime", "conformance.adapters.onnxruntime", ("onnx", "onnxruntime")),
    ("SciPy", "conformance.adapters.scipy", ("scipy",)),
    ("textbook-style layers", str(_LAYERS), ()),
)


def missing(packages: tuple[str, ...]) -> list[str]:
    """Return the packages that are not installed."""
    return [name for name in packages if find_spec(name) is None]


def accepted(target: str) -> dict[str, Deviation]:
    """Return the deviations that stand in a file beside an adapter, if there is one."""
    path = _ROOT.joinpath(*target.split(".")).with_suffix(".toml")
    return read_deviations(path) if path.is_file() else {}


def columns(profile: str, seed: int, operators: list[str]) -> Iterator[Column]:
    """Judge every peer that is installed; say of the others that they are left out."""
    for name, target, packages in PEERS:
        if absent := missing(packages):
            print(f"{name} is left out: {', '.join(absent)} is not installed", file=sys.stderr)
            continue
        implementation = load(target)
        record = Report(target, profile, seed, implementation.conventions, deviations=accepted(target))
        record.operators.extend(judge(implementation, operators, Plan(profile, seed)))
        yield replace(column_of(as_dict(record)), target=name)


def main(
    profile: Annotated[Profile, typer.Option(help="How many cases to run.")] = Profile.DEFAULT,
    seed: Annotated[int, typer.Option(min=0, help="Makes the data.")] = 0,
    op: Annotated[list[str] | None, typer.Option(help="An operator to judge; all of them if none is named.")] = None,
) -> None:
    """Print the matrix in Markdown."""
    print(matrix_markdown(list(columns(profile.value, seed, op or list(OPERATORS)))), end="")


if __name__ == "__main__":
    typer.run(main)
