"""The example in JavaScript reads vectors, writes results, and is right; spoilt, it is found out."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

import conformance
from conformance.vectors import Verdict, judge_results, read_export, read_results

PROGRAM = Path(conformance.__file__).parent / "examples" / "vectors_kernels.js"
KERNELS = {"relu", "relu_backward", "conv2d", "max_pool2d"}


def judged(program: Path, small: Path, results: Path) -> list[Verdict]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node, which runs the example, is not installed")
    subprocess.run([node, program, small, results], check=True)
    return list(judge_results(read_export(small), read_results(results)))


@pytest.mark.no_cover
def test_the_example_answers_all_vectors_of_its_kernels(small: Path, tmp_path: Path) -> None:
    verdicts = judged(PROGRAM, small, tmp_path / "results")
    assert [(each.entry["id"], each.message) for each in verdicts if each.fails] == []
    right = Counter(each.entry["function"] for each in verdicts if each.status == "right")
    vectors = json.loads((small / "index.json").read_text(encoding="utf-8"))["vectors"]
    assert right == Counter(each["function"] for each in vectors if each["function"] in KERNELS)


@pytest.mark.parametrize(
    ("old", "new", "function"),
    [
        ("- padding[1][0]", "- padding[1][1]", "conv2d"),
        ("let most = -Infinity", "let most = 0", "max_pool2d"),
        ("value <= 0 ? 0 : value", "value > 0 ? value : 0", "relu"),
    ],
)
def test_a_mistake_in_it_is_found(old: str, new: str, function: str, small: Path, tmp_path: Path) -> None:
    text = PROGRAM.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "spoilt.js").write_text(text.replace(old, new), encoding="utf-8")
    verdicts = judged(tmp_path / "spoilt.js", small, tmp_path / "results")
    assert function in {each.entry["function"] for each in verdicts if each.status == "wrong"}


def test_the_example_is_short() -> None:
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) < 120
