"""The benchmark as it is run, on sizes that take no time; and that its contenders do the same work."""

from __future__ import annotations

import gc
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import typer
from numpy.testing import assert_allclose
from typer.testing import CliRunner

pytest.importorskip("torch", reason="the benchmark compares with PyTorch, which is an optional dependency")
pytest.importorskip("matplotlib", reason="the benchmark draws with Matplotlib, which is an optional dependency")

import benchmark
import benchmark_timing
import torch
from benchmark_contenders import BACKWARD, BOTH, FORWARD, REFERENCE, TEXTBOOK, TORCH, convolution, training_steps
from benchmark_figures import draw_growth
from benchmark_timing import Growth

APP = typer.Typer()
APP.command()(benchmark.main)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_timing, "PAUSE", 0.0)
    monkeypatch.setattr(benchmark_timing, "TURN", 1e-9)
    # Of all that thousands of tests have made, a collection takes longer than the benchmark.
    monkeypatch.setattr(gc, "collect", lambda: 0)
    monkeypatch.setattr(benchmark, "SHAPES", [((3, 1, 6, 6), (2, 1, 3, 3))] * 4)
    monkeypatch.setattr(benchmark, "BATCHES", [1, 2])
    monkeypatch.setattr(benchmark, "TEXTBOOK_UP_TO", 1)
    monkeypatch.setattr(benchmark, "STEP_BATCH", 2)
    monkeypatch.setattr(benchmark, "TRADE_IMAGE", (1, 6, 6))
    monkeypatch.setattr(benchmark, "TRADE_FILTERS", (2, 1, 3, 3))
    monkeypatch.setattr(benchmark, "TRADE_BATCHES", [1, 2])
    monkeypatch.setattr(benchmark, "GROWING_BATCHES", [1, 2])
    monkeypatch.setattr(benchmark, "GROWING_SIDES", [6, 8])
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)


def run(*arguments: str) -> str:
    # Tests after these are to find PyTorch as they left it.
    options = ["--rounds", "2", "--threads", str(torch.get_num_threads())]
    result = CliRunner().invoke(APP, [*arguments, *options])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("part", [FORWARD, BACKWARD, BOTH])
@pytest.mark.parametrize("rival", [TORCH, TEXTBOOK])
def test_all_convolve_the_same_and_answer_all_gradients(rival: str, part: str) -> None:
    got, want = (convolution(name, (3, 2, 7, 6), (4, 2, 3, 2))[part]() for name in (rival, REFERENCE))
    if part == FORWARD:
        got, want = (got,), (want,)
    assert len(got) == len(want) == {FORWARD: 1, BACKWARD: 3, BOTH: 4}[part]
    for i, (ours, theirs) in enumerate(zip(got, want, strict=True)):
        assert_allclose(np.asarray(ours), theirs, 1e-5, 1e-5, err_msg=f"{rival} {part} [{i}]")


def test_all_train_the_same_network_on_the_same_batch() -> None:
    losses = {name: [step() for _ in range(4)] for name, step in training_steps(5).items()}
    assert losses[REFERENCE][-1] < losses[REFERENCE][0]
    assert_allclose(losses[TORCH], losses[REFERENCE], 1e-4, err_msg=TORCH)
    # The textbook's epsilon is another: ten times larger, and outside the correction of the second moment.
    assert_allclose(losses[TEXTBOOK], losses[REFERENCE], 1e-2, err_msg=TEXTBOOK)


@pytest.mark.no_cover
@pytest.mark.usefixtures("small")
def test_every_section_prints_its_table_and_draws_its_figure(tmp_path: Path) -> None:
    output = run("--figures", str(tmp_path / "new"))
    for heading in ("training step", "Convolutions", "Memory of", "Three ways", "Growth of", "Targets"):
        assert heading in output
    assert len(re.findall(r"\b(reached|missed)\b", output)) == 7
    assert "refcnn train: not measured, there is no command" in output
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["im2col.svg", "scaling.svg", "speed.svg"]


@pytest.mark.usefixtures("small")
def test_one_section_alone_is_measured_without_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output = run("im2col")
    assert "Three ways" in output
    assert "Growth" not in output
    assert "Targets" not in output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_the_same_measurements_make_the_same_file(tmp_path: Path) -> None:
    growths = [Growth("images", {1: 1.0, 2: 2.0})]
    files = [tmp_path / "a.svg", tmp_path / "b.svg"]
    for file in files:
        draw_growth(growths, file)
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.usefixtures("small")
def test_the_memory_of_training_is_measured_where_the_command_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: "refcnn")
    commands: list[list[str]] = []

    def peak(command: list[str]) -> int:
        commands.append(command)
        return 300 * 2**20

    monkeypatch.setattr(benchmark, "peak_of_program", peak)
    output = run("memory")
    assert commands == [["refcnn", "train", "--epochs", "1"]]
    assert "300 MiB" in output


@pytest.mark.usefixtures("small")
def test_a_training_that_fails_is_quoted_and_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str]) -> int:
        raise RuntimeError(f"{command[1]} ended with 2: no [data]")

    monkeypatch.setattr(shutil, "which", lambda *_, **__: "refcnn")
    monkeypatch.setattr(benchmark, "peak_of_program", fail)
    assert "refcnn train: not measured, train ended with 2: no [data]" in run("memory")


@pytest.mark.usefixtures("small")
def test_growth_is_printed_where_no_figure_is_wanted() -> None:
    assert "Growth of" in run("scaling")


def test_a_busy_machine_and_a_held_back_numpy_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (3.0, 0.0, 0.0))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert [warning.split()[0] for warning in benchmark.warnings()] == ["NumPy", "The"]
    monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 3.0, 3.0))
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert benchmark.warnings() == []


def test_the_machine_is_named_with_its_versions() -> None:
    for word in ("cores", "Python", "NumPy", "PyTorch", "threads"):
        assert word in benchmark.machine()
    assert benchmark.processor()
