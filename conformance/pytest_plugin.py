"""Options for people who live in pytest: ``pytest --pyargs conformance --impl path/to/mine.py``."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say which implementation is judged, and how thoroughly."""
    group = parser.getgroup("conformance", "conformance of convolutional-network operators")
    group.addoption(
        "--impl",
        default="refcnn",
        metavar="TARGET",
        help="implementation to judge: a module, path/to/file.py, or either with :name (default: refcnn)",
    )
    group.addoption("--impl-op", action="append", metavar="NAME", help="judge this operator alone; repeatable")
    group.addoption(
        "--impl-profile",
        default="default",
        choices=("quick", "default", "exhaustive"),
        help="how many cases to run (default: default)",
    )
    group.addoption("--impl-seed", type=int, default=0, metavar="N", help="makes the data (default: 0)")
    group.addoption(
        "--expect",
        type=Path,
        metavar="FILE",
        help="TOML file of accepted deviations, each with reason and link; one that does not occur fails",
    )
