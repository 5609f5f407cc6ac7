"""The examples are built and judged for real, a planted mistake in them is found, and PROCESS.md says what happens."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conformance
from conformance.case import Case
from conformance.implementation import CallError, Implementation, NotSupportedError, from_namespace
from conformance.isolation.limits import Limits
from conformance.isolation.protocol import DTYPES, call_of
from conformance.isolation.source import Separate, Source, opened
from conformance.judge import first_failure, judge_operator, judge_requirement
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

EXAMPLES = Path(conformance.__file__).parent / "examples"
PAGE = (EXAMPLES.parent / "PROCESS.md").read_text(encoding="utf-8")
STRICT = ("-O2", "-Wall", "-Wextra", "-Werror", "-std=c11")
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")


def built(source: Path, program: Path, *options: str) -> str:
    compiler = shutil.which("cc")
    assert compiler is not None
    subprocess.run([compiler, *STRICT, *options, "-o", str(program), str(source), "-lm"], check=True)
    return str(program)


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> str:
    return built(EXAMPLES / "kernels.c", tmp_path_factory.mktemp("c") / "kernels")


@pytest.fixture
def started() -> Iterator[Any]:
    running: list[Separate] = []

    def start(*words: str) -> Separate:
        running.append(opened.__wrapped__(Source(program=words)))
        return running[-1]

    yield start
    for each in running:
        each.speaker.close()


@dataclass(frozen=True)
class Thin(Plan):
    """The quick profile with every eighth case of its grids and none of Hypothesis; the whole of it conforms too."""

    @property
    def examples(self) -> int:
        return 1

    def grid(self, operator: str) -> tuple[Case, ...]:
        return super().grid(operator)[::8]


def conforms(implementation: Implementation, operators: Sequence[str]) -> None:
    for requirement in REQUIREMENTS:
        if requirement.operator in operators and requirement.kind in ("values", "refusals", "special"):
            thinned = (
                requirement
                if requirement.kind == "refusals"
                else replace(requirement, corners=requirement.corners[::4])
            )
            result = judge_requirement(implementation, thinned, Thin("quick"))
            assert (result.requirement, result.status) == (requirement.id, "conforms")
            assert result.not_supported == 0


@pytest.mark.no_cover
@needs_cc
def test_the_program_in_c_conforms(kernels: str, started: Any) -> None:
    conforms(started(kernels), ["conv2d", "max_pool2d"])


@pytest.mark.no_cover
@needs_node
def test_the_program_in_javascript_conforms(started: Any) -> None:
    script = started("node", str(EXAMPLES / "kernels.js"))
    conforms(script, ["conv2d", "max_pool2d", "relu"])


@pytest.mark.no_cover
@needs_cc
@pytest.mark.parametrize(
    ("right", "wrong", "requirement"),
    [
        ("* stride[1] - padding[2]", "* stride[0] - padding[2]", "conv2d.exact"),
        ("most < 0 ? -INFINITY", "most < 0 ? 0", "max_pool2d.values"),
        ("x.cells[at] <= x.cells[most]", "x.cells[at] < x.cells[most]", "max_pool2d.routing"),
    ],
)
def test_a_mistake_in_c_is_found(tmp_path: Path, started: Any, right: str, wrong: str, requirement: str) -> None:
    text = (EXAMPLES / "kernels.c").read_text(encoding="utf-8")
    assert text.count(right) == 1
    (tmp_path / "wrong.c").write_text(text.replace(right, wrong), encoding="utf-8")
    program = started(built(tmp_path / "wrong.c", tmp_path / "wrong"))
    assert first_failure(program, BY_ID[requirement], Plan("quick")) is not None


@pytest.mark.no_cover
@needs_cc
def test_the_program_in_c_touches_no_memory_that_it_must_not(tmp_path: Path, started: Any) -> None:
    program = tmp_path / "sanitized"
    built(EXAMPLES / "kernels.c", program, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    sanitized = started(str(program))
    for requirement in ("conv2d_backward.shape", "conv2d_backward.refusals", "max_pool2d.shape", "max_pool2d.refusals"):
        assert judge_requirement(sanitized, BY_ID[requirement], Plan("quick")).status == "conforms"
    assert sanitized.deaths == 0


@pytest.mark.parametrize("name", ["kernels.c", "kernels.js", "relu_library.c", "relu_library.py"])
def test_an_example_is_short_and_narrow(name: str) -> None:
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) < 150
    assert max(map(len, lines)) <= 120


@needs_cc
@pytest.mark.parametrize(("operator", "status"), [("<=", "conforms"), (">=", "fails")])
def test_a_shared_library_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operator: str, status: str
) -> None:
    text = (EXAMPLES / "relu_library.c").read_text(encoding="utf-8")
    assert text.count("<=") == 1
    (tmp_path / "relu.c").write_text(text.replace("<=", operator), encoding="utf-8")
    monkeypatch.setenv("RELU_LIBRARY", built(tmp_path / "relu.c", tmp_path / "relu.so", "-shared", "-fPIC"))
    spec = importlib.util.spec_from_file_location("relu_library", EXAMPLES / "relu_library.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert judge_operator(from_namespace("library", module), "relu", Plan("quick")).status == status


def exchanges() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the requests of the page, each with its answer."""
    lines = [
        json.loads(line) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
    ]
    return list(zip(lines[::2], lines[1::2], strict=True))


def test_the_page_s_requests_are_those_that_are_sent() -> None:
    calls = [request for request, _ in exchanges() if request["command"] == "call"]
    assert len(calls) >= 4
    for request in calls:
        decoded = [decode(array) for array in request["arrays"].values()]
        kernel = [tuple(request["attributes"]["kernel_size"])] if "kernel_size" in request["attributes"] else []
        given = {name: tuples(value) for name, value in request["attributes"].items() if name != "kernel_size"}
        assert {"id": request["id"], **call_of(request["function"], [*decoded, *kernel], given)} == request


def decode(array: dict[str, Any]) -> Any:
    return np.frombuffer(base64.b64decode(array["data"]), array["dtype"]).reshape(array["shape"])


def tuples(value: Any) -> Any:
    return tuple(map(tuples, value)) if isinstance(value, list) else value


@needs_node
def test_the_page_s_answers_are_the_javascript_example_s() -> None:
    asked = [(request, answer) for request, answer in exchanges() if "results" in answer]
    assert len(asked) == 2
    text = "".join(json.dumps(request) + "\n" for request, _ in asked)
    run = subprocess.run(["node", str(EXAMPLES / "kernels.js")], input=text, capture_output=True, text=True, check=True)  # noqa: S607 - where it lies differs between systems
    assert [json.loads(line) for line in run.stdout.splitlines()] == [answer for _, answer in asked]


def test_the_page_s_answers_are_understood(tmp_path: Path, started: Any) -> None:
    answers = [(request, answer) for request, answer in exchanges() if request["command"] == "call"]
    script = (
        "import json, sys\n"
        f"said = {[answer for _, answer in answers]!r}\n"
        "for line in sys.stdin:\n"
        "    request = json.loads(line)\n"
        f"    answer = {exchanges()[0][1]!r} if request['command'] == 'hello' else said.pop(0)\n"
        "    print(json.dumps({**answer, 'id': request['id']}), flush=True)\n"
    )
    (tmp_path / "page.py").write_text(script, encoding="utf-8")
    page = started(sys.executable, "-I", "-S", str(tmp_path / "page.py"))
    became = []
    for request, _ in answers:
        arrays = [decode(array) for array in request["arrays"].values()]
        kernel = [tuple(request["attributes"]["kernel_size"])] if "kernel_size" in request["attributes"] else []
        try:
            became.append(page.call(request["function"], [*arrays, *kernel], {})[0].tolist())
        except (CallError, NotSupportedError) as error:
            became.append(str(error))
    assert became == [
        [[1.0], [0.0]],
        [[[[2.0]]]],
        "raised TypeError: relu: x must be float32 or float64, got int64",
        "ceil_mode",
    ]


def test_the_page_says_the_limits_that_there_are() -> None:
    limits = Limits()
    assert f"`--timeout` ({limits.timeout:g} s" in PAGE
    assert f"memory above `--memory` ({limits.memory} MiB" in PAGE
    assert f"{limits.output} MiB on standard error in one call, an answer above {limits.answer} MiB" in " ".join(
        PAGE.split()
    )
    assert all(f"`{name}`" in PAGE for name in DTYPES)
