"""What tests share: the way to the scripts, and few digits in files of the original format."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coverage import Coverage
from hypothesis import settings
from numpy.typing import NDArray

from refcnn.mnist import load
from refcnn.mnist.files import NAMES

# What the commands add on GitHub is no part of what they say.
os.environ.pop("GITHUB_ACTIONS", None)

# The scripts are no package: they are found as `python scripts/benchmark.py` finds its neighbours.
sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

# What fails in one test must not be tried in another.
settings.register_profile("tests", settings(), database=None)
settings.load_profile("tests")

# Implementations are loaded as targets; their docstrings hold no examples, and what they import lies beside them.
collect_ignore_glob = ["implementations/*"]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Have each line that runs in a worker counted once.

    Coverage counts in every process that is started, pytest-cov begins before it knows that it is in a worker, and then
    begins anew. Without this, a test that asks not to be counted stops the last of the three alone.
    """
    if hasattr(session.config, "workerinput"):
        while counting := Coverage.current():
            counting.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count no lines where the suite judges the reference: smaller tests run them all.

    Counting takes half the time again. So all tests carry `no_cover` that are long and whose lines others run too.
    """
    for item in items:
        if item.path.name in ("test_conformance.py", "test_training.py"):
            item.add_marker("no_cover")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Go on counting in tests and fixtures alone, where lines are counted at all."""
    if coverage := Coverage.current():
        coverage.stop()
        session.config.pluginmanager.register(Counting(coverage))


class Counting:
    """Counts lines while a test or a fixture runs: beside pytest's own work between them, counting is slow too."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Count what a test runs."""
        with self._counted(item):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Count what a fixture runs that is none of a plugin's."""
        if not fixturedef.baseid:
            return (yield)
        with self._counted(request.node):
            return (yield)

    @contextmanager
    def _counted(self, node: pytest.Collector | pytest.Item) -> Iterator[None]:
        if not node.get_closest_marker("no_cover"):
            self.coverage.start()
        try:
            yield
        finally:
            self.coverage.stop()  # pytest-cov goes on after each test that is not counted


@pytest.fixture(autouse=True)
def _started_processes_are_counted_alike(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what a test starts count no lines if the test itself is not counted."""
    if request.node.get_closest_marker("no_cover"):
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def digits_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 150 digits to train on and 40 to test with."""
    folder = tmp_path_factory.mktemp("digits")
    digits = load(normalise=False)
    parts = (digits.x_train[:150, 0], digits.y_train[:150], digits.x_test[:40, 0], digits.y_test[:40])
    for name, items in zip(NAMES, parts, strict=True):
        (folder / name).write_bytes(idx_of(items))
    return folder


@pytest.fixture
def digits(digits_folder: Path) -> tuple[str, ...]:
    """Return the options of a short training on few digits."""
    return "--data", "mnist", "--folder", str(digits_folder), "--epochs", "2"


def idx_of(items: NDArray[Any]) -> bytes:
    header = struct.pack(f">BBBB{items.ndim}I", 0, 0, 8, items.ndim, *items.shape)
    return header + items.astype(np.uint8).tobytes()
